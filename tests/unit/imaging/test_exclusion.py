"""Pixels that are no specimen: mirrored for the network, kept for the output."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.imaging.exclusion import checked_exclusion, mirror_into
from napari_abdiffuser.imaging.hints.json_format import run_lengths
from napari_abdiffuser.imaging.lightness import to_lightness

ROWS = np.arange(60.0).reshape(12, 5)


def bar(shape, rows):
    mask = np.zeros(shape, bool)
    mask[rows] = True
    return mask


def test_a_band_at_the_foot_is_the_picture_mirrored():
    values = ROWS.copy()
    mirror_into(values, bar(ROWS.shape, slice(8, None)))
    np.testing.assert_array_equal(values[:8], ROWS[:8])
    np.testing.assert_array_equal(values[8:], ROWS[[6, 5, 4, 3]])


def test_where_there_is_nothing_to_mirror_the_border_is_repeated():
    values = ROWS.copy()
    mirror_into(values, bar(ROWS.shape, slice(2, None)))
    np.testing.assert_array_equal(values[3:], np.repeat(ROWS[1:2], 9, axis=0))
    np.testing.assert_array_equal(values[2], ROWS[0])


def test_any_shape_of_hole_is_filled_from_outside_of_it():
    rng = np.random.default_rng(0)
    mask = rng.random((30, 40)) < 0.4
    values = np.where(mask, np.nan, 1.0)
    mirror_into(values, mask)
    assert (values == 1).all()


def test_the_bar_changes_neither_what_the_network_sees_nor_the_output():
    rng = np.random.default_rng(1)
    image = rng.integers(60, 120, (64, 48)).astype(np.uint8)
    mask = bar(image.shape, slice(52, None))
    white, black = image.copy(), image.copy()
    white[mask], black[mask] = 255, 0
    made = [to_lightness(picture, exclude=mask) for picture in (white, black)]
    np.testing.assert_array_equal(made[0].network, made[1].network)
    np.testing.assert_array_equal(made[0].display, to_lightness(white).display)
    assert made[0].report["excluded"] == {"shape": [64, 48], "rle": run_lengths(mask)}
    assert made[0].network.min() < 5
    assert made[0].network.max() > 95
    assert "excluded" not in to_lightness(white).report


@pytest.mark.parametrize(
    "mask", [np.zeros((3, 3), int), np.zeros((3, 4), bool), np.ones((3, 3), bool)]
)
def test_masks_that_do_not_fit(mask):
    with pytest.raises(InvalidImage, match=r"np\.zeros|leave some"):
        checked_exclusion(mask, (3, 3))


def test_nothing_excluded_is_no_exclusion():
    assert checked_exclusion(np.zeros((3, 3), bool), (3, 3)) is None
    assert checked_exclusion(None, (3, 3)) is None
