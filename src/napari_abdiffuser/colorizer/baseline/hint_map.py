"""Hint maps of pixel models: patches of one colour each, and a mask."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from napari_abdiffuser.colorizer.hints.groups import hints_inside
from napari_abdiffuser.colorizer.hints.tokens import CHROMA_SCALE, displayable
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.hard_regions import without_hard_regions

__all__ = ["pixel_hint_map"]


def pixel_hint_map(
    hints: Hints,
    lightness: NDArray[np.float32],
    shape: tuple[int, int],
    excluded: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Draw hints at the size that the model works at.

    Parameters
    ----------
    hints : Hints
        Valid for the picture; later ones lie over earlier ones, points over regions. Hard regions
        are left out: their pixels are put in afterwards.
    lightness : ndarray
        (H, W) L* of the picture.
    shape : (int, int)
        (h, w) to draw at, at most (H, W).
    excluded : ndarray of bool, optional
        (H, W); hints there are left out.

    Returns
    -------
    ndarray
        (3, h, w) float32: ab / 110 as it can be shown at the mean lightness under the hint, 0
        elsewhere, and the mask, 0 or 1. No hint is so small that it is lost.
    """
    hints = without_hard_regions(hints)
    if excluded is not None:
        hints = hints_inside(hints, ~excluded)
    drawn = np.zeros((3, *shape), np.float32)
    scale = shape[0] / lightness.shape[0], shape[1] / lightness.shape[1]
    for region in hints.regions:
        if region.mask.any():
            level = float(lightness[region.mask].mean())
            _lay(drawn, _shrunk(region.mask, shape), displayable(region.color, level))
    for point in hints.points:
        rows, columns = point.patch((lightness.shape[0], lightness.shape[1]))
        level = float(lightness[rows, columns].mean())
        where = _scaled(rows, scale[0], shape[0]), _scaled(columns, scale[1], shape[1])
        _lay(drawn, where, displayable(point.color, level))
    return drawn


def _lay(
    drawn: NDArray[np.float32],
    where: tuple[slice, slice] | NDArray[np.bool_],
    ab: NDArray[np.float32],
) -> None:
    for channel, value in zip(drawn, (*ab / np.float32(CHROMA_SCALE), 1.0), strict=True):
        channel[where] = value


def _scaled(pixels: slice, scale: float, length: int) -> slice:
    """Return cells that pixels begin and end in; at their own size the pixels themselves."""
    start = min(round(pixels.start * scale), length - 1)
    return slice(start, max(start + 1, min(length, math.floor(pixels.stop * scale + 0.5))))


def _shrunk(mask: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return cells at least half covered, or else those that are covered most."""
    share = torch.nn.functional.adaptive_avg_pool2d(
        torch.from_numpy(np.array(mask, np.float32))[None, None], shape
    )[0, 0].numpy()
    return np.asarray(share >= min(0.5, float(share.max())))
