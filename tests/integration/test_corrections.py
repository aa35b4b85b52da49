"""Corrections: a region alone, gray, saturation, more like this; with every promise kept."""

from __future__ import annotations

import json

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_abdiffuser import Hints
from napari_abdiffuser.errors import Cancelled, InvalidImage, InvalidRequest
from napari_abdiffuser.imaging.hints.json_format import run_lengths

SHAPE = (60, 84)
WAVES = np.add.outer(np.sin(np.arange(60) / 9), np.cos(np.arange(84) / 7))
IMAGE = ((WAVES + 2) * 63).astype(np.uint8)
LIGHT = rgb2lab(np.repeat(IMAGE[..., None], 3, -1))[..., 0]
HINTS = Hints.from_points([[8, 8], [30, 50], [50, 20]], ["red", "#2060e0", "gold"], sizes=5)
MASK = np.zeros(SHAPE, bool)
MASK[18:45, 30:70] = True


@pytest.fixture(scope="module")
def picture(tiny_colorizer):
    return tiny_colorizer.open(IMAGE)


@pytest.fixture(scope="module")
def before(picture):
    return picture.paint(None, 1, seed=3).rgb[0]


def light_is_kept(*pictures):
    return all(np.abs(rgb2lab(rgb)[..., 0] - LIGHT).max() < 0.6 for rgb in pictures)


@pytest.mark.parametrize("background", ["auto", "gray"])
def test_inpainting(picture, before, background):
    made = picture.inpaint(before, MASK, HINTS, 2, seed=5, background=background)
    whole = picture.paint(HINTS, 0, background=background).best
    assert light_is_kept(made.best, *made.rgb)
    patch = HINTS.points[1].patch(SHAPE)
    for rgb in (made.best, *made.rgb):
        np.testing.assert_array_equal(rgb[~MASK], before[~MASK])
        np.testing.assert_array_equal(rgb[patch], whole[patch])
        assert (rgb[MASK] != before[MASK]).any(1).mean() > 0.5
    assert not np.array_equal(made.rgb[0], made.rgb[1])
    again = picture.inpaint(before, MASK, HINTS, 2, seed=5, background=background)
    np.testing.assert_array_equal(again.rgb, made.rgb)


def test_what_inpainting_tells(picture, before):
    made = picture.inpaint(before, MASK, HINTS, 1)
    told = json.loads(json.dumps(made.provenance))["inpaint"]
    assert told["mask"] == {"shape": list(SHAPE), "rle": run_lengths(MASK)}
    assert len(told["before_sha256"]) == 64
    shown = rgb2lab(made.rgb[0])[..., 1:]
    assert np.abs(made.chroma[0] - shown).mean() < 0.4
    np.testing.assert_allclose(made.chroma[0][~MASK], rgb2lab(before)[~MASK][:, 1:], atol=0.05)


def test_a_border_without_an_edge_is_blended_and_surroundings_steer(picture):
    green = picture.paint(Hints.from_labels(np.ones(SHAPE, int), {1: "#40a060"}), 0).best
    away = []
    for size in (1, 5):
        mask = np.zeros(SHAPE, bool)
        mask[30 - size : 30 + size, 40 - size : 40 + size] = True
        rgb = picture.inpaint(green, mask, None, 0).best
        away.append(np.abs(rgb.astype(int) - green)[mask].mean())
    assert away[0] < 0.7 * away[1] or away[0] < 3


def test_a_region_smaller_than_a_cell_and_one_of_everything(picture, before):
    for mask in (np.zeros(SHAPE, bool), np.ones(SHAPE, bool)):
        mask[7, 7] = True
        made = picture.inpaint(before, mask, HINTS, 1, 1)
        np.testing.assert_array_equal(made.rgb[0][~mask], before[~mask])
        assert light_is_kept(made.best, *made.rgb)


def test_cancelling_and_progress(picture, before):
    seen = []
    picture.inpaint(before, MASK, HINTS, 2, 3, progress=lambda *a: seen.append(a))
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    with pytest.raises(Cancelled):
        picture.inpaint(before, MASK, cancel=lambda: True)
    with pytest.raises(Cancelled):
        picture.more_like(before, cancel=lambda: True)


def test_what_does_not_fit(picture, before):
    for rgb in (before[:9], before.astype(float), before[..., 0]):
        with pytest.raises(InvalidImage, match="uint8"):
            picture.inpaint(rgb, MASK)
    for mask in (MASK[:9], MASK.astype(int), np.zeros(SHAPE, bool)):
        with pytest.raises(InvalidRequest, match="region"):
            picture.erase(before, mask)
    for factor in (-1, np.nan, np.ones((3, 3)), "much", 11):
        with pytest.raises(InvalidRequest, match="factor"):
            picture.saturate(before, factor)
    for strength in (0, 1.5, np.nan, "some", True):
        with pytest.raises(InvalidRequest, match="strength"):
            picture.more_like(before, strength=strength)


def test_erasing_is_the_pictures_own_gray(picture, before):
    made = picture.erase(before, MASK)
    np.testing.assert_array_equal(made[~MASK], before[~MASK])
    np.testing.assert_array_equal(made[MASK], np.repeat(IMAGE[MASK][:, None], 3, -1))


def test_saturation(picture, before):
    chroma = np.hypot(*np.moveaxis(rgb2lab(before)[..., 1:], -1, 0))
    factors = np.ones(SHAPE, np.float32)
    factors[MASK] = 0.5
    made = picture.saturate(before, factors)
    np.testing.assert_array_equal(made[~MASK], before[~MASK])
    half = np.hypot(*np.moveaxis(rgb2lab(made)[..., 1:], -1, 0))
    assert np.abs(half - 0.5 * chroma)[MASK].max() < 2
    np.testing.assert_array_equal(picture.saturate(before, 1), before)
    np.testing.assert_array_equal(picture.saturate(before, 0), np.repeat(IMAGE[..., None], 3, -1))
    assert light_is_kept(made, picture.saturate(before, 3.0))


def test_more_like_this_keeps_hints(picture):
    chosen = picture.paint(HINTS, 1, seed=3).rgb[0]
    made = picture.more_like(chosen, HINTS, 3, 0.4, steps=8)
    assert light_is_kept(*made.rgb)
    patch = HINTS.points[0].patch(SHAPE)
    assert all((rgb[patch] == chosen[patch]).all() for rgb in made.rgb)
    assert made.provenance["more_like"]["strength"] == 0.4


def test_more_like_this_is_nearer_than_any_other(picture):
    chosen = picture.paint(None, 1, seed=3).rgb[0]

    def away(strength):
        made = picture.more_like(chosen, None, 3, strength, steps=8)
        return np.abs(rgb2lab(made.rgb) - rgb2lab(chosen)).mean()

    assert away(0.05) < 0.8 * away(1.0)
