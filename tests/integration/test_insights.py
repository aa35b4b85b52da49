"""Class maps, share maps, uncertainty, suggestions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_abdiffuser import Hints
from napari_abdiffuser.colorizer.picture import insights
from napari_abdiffuser.errors import Cancelled, InvalidRequest

SHAPE = (60, 84)
WAVES = np.add.outer(np.sin(np.arange(60) / 9), np.cos(np.arange(84) / 7))
IMAGE = ((WAVES + 2) * 63).astype(np.uint8)
LABELS = np.zeros(SHAPE, int)
LABELS[40:55, 5:30] = 1
HINTS = Hints.from_points(
    [[8, 8], [20, 60], [30, 20]],
    ["red", "#2060e0", "gray"],
    sizes=5,
    classes=["cell", None, "ground"],
) + Hints.from_labels(LABELS, {1: "gold"}, {1: "fibre"})


@pytest.fixture(scope="module")
def picture(tiny_colorizer):
    return tiny_colorizer.open(IMAGE)


def test_shares_add_up_and_the_class_map_is_their_largest(picture):
    shares, names = picture.share_maps(HINTS)
    made = picture.class_map(HINTS)
    assert names == made.names == ("cell", "#2060e0", "ground", "fibre")
    assert shares.shape == (5, *SHAPE)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-5)
    assert shares.min() >= 0
    assert made.labels.dtype == np.uint16
    top_two = np.sort(shares, axis=0)[-2:]
    clear = top_two[1] - top_two[0] > 1e-5
    np.testing.assert_array_equal(made.labels[clear], shares.argmax(0)[clear])
    counts = np.bincount(made.labels.ravel(), minlength=5)[1:]
    np.testing.assert_allclose(made.fractions, counts / IMAGE.size)


def test_hints_own_their_own_pixels(picture):
    made = picture.class_map(HINTS)
    assert (made.labels[LABELS == 1] == 4).all()
    for number, point in enumerate(HINTS.points, 1):
        assert (made.labels[point.patch(SHAPE)] == number).all()


def test_no_hints_no_classes(picture):
    made = picture.class_map(Hints())
    assert made.names == made.fractions == ()
    assert (made.labels == 0).all()
    shares, names = picture.share_maps(Hints())
    assert names == ()
    assert (shares == 1).all()


def test_numbers_by_class(picture):
    made = picture.class_map(HINTS)
    laid = made.per_class({"fibre": 2.0}, 0.5)
    assert laid.shape == SHAPE
    assert (laid[made.labels == 4] == 2).all()
    assert (laid[made.labels != 4] == 0.5).all()
    with pytest.raises(InvalidRequest, match="cell"):
        made.per_class({"mineral": 1.0})


def test_a_hint_settles_what_was_uncertain(picture):
    before = picture.uncertainty()
    place = picture.suggest_place()
    assert before.shape == SHAPE
    assert before.dtype == np.float32
    assert before.min() >= 0
    np.testing.assert_array_equal(before, picture.uncertainty())
    after = picture.uncertainty(Hints.from_points([place], ["teal"], sizes=3))
    assert after[place] < 0.6 * before[place]
    with pytest.raises(Cancelled):
        picture.uncertainty(HINTS, cancel=lambda: True)
    with pytest.raises(InvalidRequest, match="n_samples"):
        picture.uncertainty(n_samples=1)


def test_the_place_to_hint_owns_most_of_the_uncertainty(picture, monkeypatch):
    h, w = picture.encoded.shape
    variance = torch.zeros(1, 1, h, w)
    variance[..., 3 * h // 4 :, 3 * w // 4 :] = 1
    monkeypatch.setattr(insights, "_variance", lambda *a: variance)
    place = np.array(picture.suggest_place())
    weights = picture.encoded.attend(picture.encoded.anchors).weights[0]
    owned = weights[variance.flatten() > 0].sum(0)
    cell = picture.encoded.anchors[0][owned.argmax()].numpy()
    expected = (cell + 0.5) * np.array(SHAPE) / np.array([h, w]) - 0.5
    assert np.abs(place - expected).max() <= 0.5


def test_suggested_colors(picture):
    colors = picture.suggest_colors(10, 70, 4)
    assert 1 <= len(colors) <= 4
    assert all(0 <= value <= 1 for color in colors for value in color)
    assert colors == picture.suggest_colors(10, 70, 4)
    for wrong in ((99, 0, 4), (0, -3, 4), (float("nan"), 0, 4), (0, 0, 0), (0, 0, True)):
        with pytest.raises(InvalidRequest):
            picture.suggest_colors(*wrong)
