from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint

RED = (1.0, 0.0, 0.0)


def at(y, x, color="red", size=1, name=None):
    return Hints.from_points([(y, x)], [color], size, [name])


def test_points_are_painted_as_square_patches_in_lab():
    hints = Hints.from_points([(2, 3), (0, 0)], ["#ff0000", (0.2, 0.4, 0.6)], sizes=[3, 1])
    painted = hints.hint_map((6, 7))
    assert painted.shape == (3, 6, 7)
    assert painted.dtype == np.float32
    expected = np.zeros((6, 7))
    expected[1:4, 2:5] = expected[0, 0] = 1
    np.testing.assert_array_equal(painted[2], expected)
    np.testing.assert_allclose(painted[:2, 2, 3], rgb2lab(RED)[1:], atol=0.05)
    np.testing.assert_allclose(painted[:2, 0, 0], rgb2lab((0.2, 0.4, 0.6))[1:], atol=0.05)
    assert not painted[:2, expected == 0].any()


@pytest.mark.parametrize("place", [-0.5, -0.3, 0.5, 1.49, 4.2])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_patches_have_their_size_everywhere(place, size):
    rows, _ = PointHint(place, place, size, RED).patch((100, 100))
    centre = PointHint(place + 50, place + 50, size, RED).patch((100, 100))[0]
    assert centre.stop - centre.start == size
    assert abs((centre.start + centre.stop - 1) / 2 - (place + 50)) <= 0.5
    assert 0 <= rows.start < rows.stop  # clipped, never empty


def test_gray_is_a_color_and_not_no_hint():
    painted = at(1, 1, "gray").hint_map((3, 3))
    np.testing.assert_array_equal(painted[:, 1, 1], [0, 0, 1])
    np.testing.assert_array_equal(painted[:, 0, 0], [0, 0, 0])


def test_later_hints_and_points_win():
    regions = Hints.from_labels([[1, 1, 2], [1, 0, 2]], {1: "blue", 2: "gold"})
    hints = at(0, 0, "green") + regions + at(0, 0, "red")
    assert len(hints) == 4
    painted = hints.hint_map((2, 3))
    np.testing.assert_allclose(painted[:2, 0, 0], rgb2lab(RED)[1:], atol=0.05)
    blue = rgb2lab((0.0, 0.0, 1.0))[1:]
    np.testing.assert_allclose(painted[:2, 0, 1], blue, atol=0.05)
    assert painted[2, 1, 1] == 0


def test_no_hints():
    assert len(Hints.empty()) == 0
    assert len(Hints.from_points(np.empty((0, 2)), np.empty((0, 3)))) == 0
    assert len(Hints.from_points([], [])) == 0
    assert len(Hints.from_labels(np.zeros((3, 3), int), {})) == 0
    assert not Hints.empty().hint_map((2, 2)).any()


def test_labels_become_regions_with_classes():
    labels = np.array([[0, 7, 7], [2, 2, 0]], np.uint8)
    hints = Hints.from_labels(labels, {2: "#c8a24a", 7: (0.4, 0.2, 0.6), 9: "red"}, {7: "cell"})
    assert [r.class_name for r in hints.regions] == [None, "cell"]
    np.testing.assert_array_equal(hints.regions[1].mask, labels == 7)
    with pytest.raises(ValueError, match="read-only"):
        hints.regions[0].mask[0, 0] = True


def test_classes_are_the_legend():
    hints = Hints.from_points(
        np.zeros((4, 2)), ["gold", "gray", "#ffd700", "navy"], 5, ["b", "a", "b", None]
    )
    assert list(hints.classes()) == ["b", "a"]
    assert hints.classes()["b"] == (1.0, 215 / 255, 0.0)


def test_one_class_has_one_color():
    with pytest.raises(InvalidHints, match="one colour per class"):
        Hints.from_points([(0, 0), (1, 1)], ["red", "blue"], classes=["cell", "cell"])
    with pytest.raises(InvalidHints, match="one colour per class"):
        at(0, 0, "red", name="cell") + at(0, 0, "blue", name="cell")


@pytest.mark.parametrize(
    ("hints", "what"),
    [
        (at(5, 0), "outside the picture"),
        (at(0, 4.5), "outside the picture"),
        (at(-0.51, 0), "outside the picture"),
        (Hints.from_labels([[1]], {1: "red"}), "draw it on this picture"),
    ],
)
def test_hints_that_do_not_fit_are_refused_or_left_out(hints, what):
    shape = (5, 5)
    good = at(4.4, -0.4) + Hints.from_labels(np.eye(5, dtype=int), {1: "red"})
    assert good.validated(shape) is good
    for call in (hints.validated, hints.hint_map):
        with pytest.raises(InvalidHints, match=what):
            call(shape)
    kept, why = (good + hints + good).within(shape)
    assert kept == good + good
    assert len(why) == 1


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (([(1, 2, 3)], ["red"]), "shape \\(N, 2\\)"),
        (((1, 2), ["red"]), "shape \\(N, 2\\)"),
        (("nonsense", ["red"]), "shape \\(N, 2\\)"),
        (([(1, 2)], "red"), "list with one colour"),
        (([(1, 2)], ["red", "blue"]), "1 coordinates and 2 colours"),
        (([(1, 2)], ["no such colour"]), "CSS name"),
        (([(1, 2)], [(1, 0)]), "three numbers"),
        (([(1, 2)], [(1, 0, 0, 1)]), "without an alpha"),
        (([(1, 2)], [None]), "not a colour"),
        (([(1, 2)], 5), "one for each"),
        (([(1, 2)], ["red"], [1, 2]), "2 sizes"),
        (([(1, 2)], ["red"], 2.5), "whole number of pixels"),
        (([(1, 2)], ["red"], [np.nan]), "whole number of pixels"),
        (([(1, 2)], ["red"], "big"), "sizes|whole"),
        (([(1, 2)], ["red"], 9, ["a", "b"]), "2 classes"),
        (([(1, 2)], ["red"], 9, [3]), "not a class name"),
        ((np.array([(1 + 1j, 2)]), ["red"]), "shape \\(N, 2\\)"),
        (([(1, 2)], [np.array([1j, 0, 0])]), "three numbers"),
        (([(1, 2)], ["red"], [np.complex64(3)]), "whole number of pixels"),
        (([(1, 2), (np.nan, 0)], ["red", "red"]), "Hint 1 cannot be used.*not finite"),
        (([(0, np.inf)], ["red"]), "not finite"),
        (([(0, 0)], [(1.1, 0, 0)]), "outside \\[0, 1\\]; divide"),
        (([(0, 0)], [(-0.1, 0, 0)]), "outside \\[0, 1\\]; give"),
        (([(0, 0)], [(np.nan, 0, 0)]), "outside \\[0, 1\\]"),
        (([(0, 0)], ["red"], 0), "at least 1 pixel"),
        (([(0, 0)], ["red"], [-3]), "at least 1 pixel"),
    ],
)
def test_wrong_arguments_are_told_how_to_be_right(arguments, what):
    with pytest.raises(InvalidHints, match=what):
        Hints.from_points(*arguments)


@pytest.mark.parametrize(
    ("labels", "colors", "what"),
    [
        (np.ones((2, 2)), {1: "red"}, "whole numbers"),
        (np.ones(4, int), {1: "red"}, "shape \\(H, W\\)"),
        (np.array([[1, 2]]), {1: "red"}, "\\[2\\] have no colour"),
        (np.array([[1]]), {1: "reddish-ish"}, "CSS name"),
        (np.array([[1]]), {1: (2.0, 0, 0)}, "Region 0.*outside"),
        (np.array([[1]]), None, "mapping of label"),
        (np.array([[1]]), ["red"], "mapping of label"),
    ],
)
def test_wrong_labels_are_told_how_to_be_right(labels, colors, what):
    with pytest.raises(InvalidHints, match=what):
        Hints.from_labels(labels, colors)


def test_sizes_may_come_as_numpy_numbers():
    hints = Hints.from_points(np.array([[1, 2], [3, 4]]), np.zeros((2, 3)), np.array([3.0, 4.0]))
    assert [p.size for p in hints.points] == [3, 4]
    assert all(type(p.size) is int and type(p.y) is float for p in hints.points)


def test_class_names_may_come_as_numpy_texts():
    hints = Hints.from_points([(1, 2)], ["red"], classes=np.array(["cell"]))
    assert type(hints.points[0].class_name) is str


def test_hints_compare_by_value():
    mask = np.eye(3, dtype=bool)
    assert RegionHint(mask, RED) == RegionHint(mask.copy(), RED)
    assert RegionHint(mask, RED) != RegionHint(~mask, RED)
    assert hash(at(1, 2) + Hints(regions=(RegionHint(mask, RED),)))
    assert at(1, 2) != at(2, 1)
