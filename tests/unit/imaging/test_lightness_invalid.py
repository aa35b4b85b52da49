"""Pixels that say nothing, and what is no picture."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import torch

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.imaging import lightness as module
from napari_abdiffuser.imaging.colorspace import render
from napari_abdiffuser.imaging.lightness import to_lightness

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def gray_of(lightness):
    """8-bit grays of L*, by way of the renderer."""
    return render(lightness, np.zeros((*lightness.shape, 2), np.float32))[0][..., 0]


def noisy(dtype, low, high, shape=(20, 30)):
    return np.random.default_rng(0).uniform(low, high, shape).astype(dtype)


def test_pixels_that_are_not_finite():
    picture = noisy("f4", 10, 20)
    picture[3, 4], picture[5, 6], picture[7, 8] = np.nan, np.inf, -np.inf
    result = to_lightness(picture)
    assert result.display[3, 4] == result.display[7, 8] == 0
    assert result.display[5, 6] == 100
    np.testing.assert_array_equal(result.valid, np.isfinite(picture))
    assert result.report["n_invalid"] == 3
    for y, x in ((3, 4), (5, 6), (7, 8)):
        around = [result.network[y - 1, x], result.network[y + 1, x]]
        around += [result.network[y, x - 1], result.network[y, x + 1]]
        assert result.network[y, x] in around
    assert np.isfinite(result.display).all()


def test_invalid_pixels_of_colour_pictures():
    rgb = noisy("f4", 0.2, 0.8, (8, 9, 4))
    rgb[1, 1, 0], rgb[2, 2, :3], rgb[3, 3, 3] = np.nan, np.inf, np.nan
    result = to_lightness(rgb)
    assert result.report["n_invalid"] == 2
    assert result.display[1, 1] == 0
    assert result.display[2, 2] == 100


@pytest.mark.parametrize("lazy", [False, True])
def test_masked_pixels_count_as_nan(lazy):
    values = noisy(np.uint16, 100, 4000)
    mask = np.zeros(values.shape, bool)
    mask[3:6, 4:20] = mask[0, 0] = True
    holes = np.where(mask, np.nan, values.astype(float))
    masked = np.ma.masked_array(np.where(mask, 65535, values), mask)
    result = to_lightness(da.from_array(masked) if lazy else masked)
    expected = to_lightness(holes)
    for name in ("display", "network", "valid"):
        np.testing.assert_array_equal(getattr(result, name), getattr(expected, name))
    assert result.report["n_invalid"] == mask.sum()
    nothing = to_lightness(np.ma.masked_array(values, False))
    assert nothing.valid is None


def test_masked_8_bit_and_colour_pictures():
    mask = np.zeros(RAMP.shape, bool)
    mask[:, 3] = True
    colour = np.stack([RAMP] * 3, -1)
    for picture, hidden in ((RAMP, mask), (colour, np.stack([mask, ~mask & mask, mask], -1))):
        result = to_lightness(np.ma.masked_array(picture, hidden))
        np.testing.assert_array_equal(result.valid, ~mask)
        np.testing.assert_array_equal(gray_of(result.display), np.where(mask, 0, RAMP))
        np.testing.assert_array_equal(np.isin(result.network[mask], result.network[~mask]), True)
    with pytest.raises(InvalidImage, match="masked"):
        to_lightness(np.ma.masked_array(RAMP, True))


def test_large_holes_are_filled_across_tiles(monkeypatch):
    monkeypatch.setattr(module, "_TILE", 8)
    monkeypatch.setattr(module, "_HALO", 4)
    picture = noisy("f4", 0, 1, (40, 50))
    picture[2:35, 5:48] = np.nan
    result = to_lightness(picture)
    assert np.isfinite(result.network).all()
    assert result.network[2, 20] == result.network[1, 20]
    assert 0 < result.network[20, 25] < 100


@pytest.mark.parametrize(
    ("image", "what"),
    [
        (np.zeros((0, 5)), "empty"),
        (np.zeros((5, 0, 3)), "empty"),
        (np.full((3, 3), np.nan), "No pixel"),
        (np.full((3, 3, 3), np.inf), "No pixel"),
        (np.zeros((3, 3), complex), "np.abs"),
        (np.zeros((3, 3), object), "astype"),
        (np.array([["a", "b"]]), "astype"),
        (np.zeros((3, 3), "M8[s]"), "astype"),
        (np.zeros((3, 3), [("a", int)]), "astype"),
        (None, "astype"),
        ([[1, 2], [3]], "cannot be read as an array"),
        (torch.zeros(3, 3, requires_grad=True), "cannot be read as an array"),
        (np.zeros(5), "two axes"),
        (3.0, "two axes"),
        (np.zeros((2, 3, 4, 3)), "image\\[0, 0\\]"),
        (np.zeros((2, 3, 5)), "image\\[0\\]"),
        (np.zeros((3, 8, 9)), "moveaxis"),
        (np.zeros((8, 9, 2)), "second channel"),
    ],
)
def test_what_is_no_picture_is_told_what_to_do(image, what):
    with pytest.raises(InvalidImage, match=what):
        to_lightness(image)


@pytest.mark.parametrize(
    "limits",
    [(1,), (1, 2, 3), (2, 1), (1, 1), (0, np.nan), (0, np.inf), "ab", 5, (None, 1), [[1, 2]]],
)
def test_contrast_limits_must_be_two_increasing_numbers(limits):
    with pytest.raises(InvalidImage, match="two finite numbers"):
        to_lightness(RAMP, contrast_limits=limits)
