"""Hints as the networks take them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdiffuser.colorizer.hints.tokens import CHROMA_SCALE, displayable, hint_tokens
from napari_abdiffuser.imaging.colorspace import gamut_map, srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints, RegionHint

MIDDLE = np.full((40, 60), 55, np.float32)
CELLS = (20, 30)


def test_no_hints_no_tokens():
    tokens = hint_tokens(Hints(), MIDDLE, CELLS)
    assert tokens.positions.shape == tokens.colors.shape == (1, 0, 2)
    assert tokens.hint_map.shape == (1, 3, *CELLS)
    assert tokens.hint_map.abs().max() == 0


def test_a_point_has_its_place_and_the_color_that_it_carries():
    def pale(places):  # carries less of red than can be shown here
        return np.full(places.shape[1], 0.2)

    tokens = hint_tokens(Hints.from_points([[9.5, 19.5]], ["red"], sizes=4), MIDDLE, CELLS, pale)
    np.testing.assert_allclose(tokens.positions[0, 0], [4.5, 9.5])
    ab = np.asarray(srgb_to_lab(np.array([1.0, 0, 0], np.float32)), np.float32)[1:]
    shown = gamut_map(np.array([55], np.float32), ab[None])[0]
    np.testing.assert_allclose(tokens.colors[0, 0] * CHROMA_SCALE, 0.45 * ab, rtol=1e-5)
    share = tokens.hint_map[0, 2].numpy()
    assert share.sum() == pytest.approx(4)  # 4 x 4 pixels are 2 x 2 cells
    assert share[4:6, 9:11].min() == 1
    np.testing.assert_allclose(
        tokens.hint_map[0, :2].numpy(), share * shown[:, None, None] / CHROMA_SCALE, rtol=1e-5
    )


def test_a_small_patch_does_not_vanish_between_the_cells():
    tokens = hint_tokens(
        Hints.from_points([[500, 700]], ["red"], sizes=1),
        np.full((1000, 1400), 50, np.float32),
        (50, 70),
    )
    assert tokens.hint_map[0, 2].sum() == pytest.approx(1.5**2, rel=1e-4)


def test_the_lightness_under_a_patch_decides_what_can_be_shown_there():
    halves = MIDDLE.copy()
    halves[:, :30] = 5
    hints = Hints.from_points([[20, 10], [20, 50]], ["yellow", "yellow"])
    there = hint_tokens(hints, halves, CELLS).hint_map[0, :2, 10]
    assert there[:, 5].norm() < 0.5 * there[:, 25].norm()


def test_an_object_has_the_color_asked_for_as_far_as_the_place_carries_it():
    dark = np.full((40, 60), 5, np.float32)
    hints = Hints.from_points([[20, 10], [20, 30], [20, 50]], ["yellow"] * 3)
    tokens = hint_tokens(hints, dark, CELLS, lambda places: np.array([0.6, 1.5, 0.01]))
    core, light, pore = tokens.colors[0].norm(dim=1).tolist()
    asked = np.hypot(*srgb_to_lab(np.array([1, 1, 0], np.float32))[1:]) / CHROMA_SCALE
    shown = np.hypot(*displayable((1, 1, 0), 5)) / CHROMA_SCALE
    assert light == pytest.approx(asked, rel=1e-5)  # no more than that
    assert core == pytest.approx(0.6 * asked, rel=1e-5)
    assert pore == pytest.approx(shown, rel=1e-4)  # no less than that
    assert shown < 0.3 * asked


def test_tokens_tell_the_covariates_means_under_their_hints():
    labels = np.zeros((40, 60), int)
    labels[:20, :20] = 1
    hints = Hints.from_labels(labels, {1: "teal"}) + Hints.from_points([[30, 50]], ["red"], 4)
    rows, columns = np.mgrid[: CELLS[0], : CELLS[1]].astype(np.float32)
    tokens = hint_tokens(hints, MIDDLE, CELLS, covariates=np.stack([rows, columns]))
    assert tokens.covariates is not None
    area, point = tokens.covariates[0, :-1], tokens.covariates[0, -1]
    assert (area == area[0]).all()
    np.testing.assert_allclose(area[0], [4.5, 4.5])
    # Pixels 28.5 … 32.5 and 48.5 … 52.5: what an even patch covers about its centre.
    np.testing.assert_allclose(point, [14.75, 24.75], atol=0.3)
    assert hint_tokens(hints, MIDDLE, CELLS).covariates is None
    nothing = hint_tokens(Hints(), MIDDLE, CELLS, covariates=np.stack([rows, columns]))
    assert nothing.covariates is not None
    assert nothing.covariates.shape == (1, 0, 2)


def test_later_hints_lie_over_earlier_ones_and_points_over_regions():
    region = np.ones((40, 60), int)
    hints = Hints.from_labels(region, {1: "#808080"}) + Hints.from_points(
        [[20, 30], [20, 30]], ["red", "blue"], sizes=8
    )
    tokens = hint_tokens(hints, MIDDLE, CELLS)
    canvas = tokens.hint_map[0].numpy()
    assert canvas[2].min() == pytest.approx(1)
    shown = displayable((0, 0, 1), 55) / CHROMA_SCALE  # there; its object has all of the blue
    np.testing.assert_allclose(canvas[:2, 10, 15], shown, atol=1e-6)
    assert tokens.colors[0, -1].norm() > 1.4 * np.hypot(*shown)
    np.testing.assert_allclose(canvas[:2, 0, 0], 0, atol=1e-4)


def test_a_region_has_up_to_a_dozen_tokens_inside_it():
    labels = np.zeros((40, 60), int)
    labels[4:36, 6:54] = 1
    tokens = hint_tokens(Hints.from_labels(labels, {1: "teal"}), MIDDLE, CELLS)
    positions = tokens.positions[0].numpy()
    assert len(positions) == 12
    assert len(np.unique(positions, axis=0)) == 12
    assert ((positions >= [2, 3]) & (positions < [18, 27])).all()
    assert (tokens.colors == tokens.colors[:, :1]).all()


def test_a_region_of_one_pixel_and_one_of_none():
    labels = np.zeros((400, 600), int)
    labels[77, 5] = 1
    light = np.full(labels.shape, 50, np.float32)
    one = hint_tokens(Hints.from_labels(labels, {1: "teal"}), light, CELLS)
    np.testing.assert_array_equal(one.positions[0, 0], [3, 0])
    nothing = Hints(regions=(RegionHint(np.zeros((400, 600), bool), (1.0, 0.0, 0.0)),))
    assert hint_tokens(nothing, light, CELLS).positions.shape == (1, 0, 2)


def test_gray_is_gray_at_any_lightness():
    for level in (0.0, 30.0, 100.0):
        assert np.abs(displayable((0.2, 0.2, 0.2), level)).max() < 0.05
