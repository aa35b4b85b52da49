"""Geometry of hinted objects: which side of a border a pixel is on, how far, how weak the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["Sides", "border_contrast", "rise_width", "sides"]

_WINDOW = 12.0  # pixels of a profile on either side of a border
_CONTRAST_SCALE = 3.0  # standard deviation of the window that an edge's two levels are taken in


@dataclass(frozen=True)
class Sides:
    """What was asked for at each pixel, and on the other side of the nearest border.

    Attributes
    ----------
    own, other : ndarray of float32
        (H, W, 2), a* and b* asked for in the pixel's region and in the nearest other one.
    distance : ndarray of float32
        (H, W), pixels from the border between them, half a pixel at the border itself; infinite
        where nothing was asked for, which is in objects without a hint.
    """

    own: NDArray[np.float32]
    other: NDArray[np.float32]
    distance: NDArray[np.float32]


def sides(mask: NDArray[np.int32], objects: Sequence[int], colors: NDArray[np.float32]) -> Sides:
    """Find the sides of the borders between regions in which something was asked for.

    Parameters
    ----------
    mask : ndarray
        (H, W) region numbers, zero is the ground.
    objects : sequence of int
        Numbers of the K hinted objects.
    colors : ndarray
        (K or more, 2), a* and b* of their hints; the ground is asked to be gray.

    Returns
    -------
    Sides
    """
    regions = [0, *objects]
    table = np.concatenate([np.zeros((1, 2), np.float32), colors[: len(objects)]])
    index = np.full(mask.shape, -1)
    for i, number in enumerate(regions):
        index[mask == number] = i
    own = np.where((index >= 0)[..., None], table[index], 0).astype(np.float32)
    other = np.zeros_like(own)
    distance = np.full(mask.shape, np.inf, np.float32)
    for i in range(len(regions)):
        here, there = index == i, (index >= 0) & (index != i)
        if not here.any() or not there.any():
            continue
        away, (row, column) = ndimage.distance_transform_edt(~there, return_indices=True)
        distance[here] = away[here] - 0.5
        other[here] = table[index[row[here], column[here]]]
    return Sides(own, other, distance)


def border_contrast(
    lightness: NDArray[np.float32], inside: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Difference of L* between the two sides of a border, near each pixel.

    Parameters
    ----------
    lightness : ndarray
        (H, W), [0, 100].
    inside : ndarray of bool
        (H, W), the objects.

    Returns
    -------
    ndarray of float32
        (H, W), absolute difference of the two sides' means, weighted by a normal window of three
        pixels; only meaningful near the border.
    """
    levels = []
    for side in (inside, ~inside):
        weight = ndimage.gaussian_filter(side.astype(np.float32), _CONTRAST_SCALE)
        total = ndimage.gaussian_filter(
            np.where(side, lightness, 0).astype(np.float32), _CONTRAST_SCALE
        )
        levels.append(total / np.maximum(weight, 1e-6))
    contrast: NDArray[np.float32] = np.abs(levels[0] - levels[1]).astype(np.float32)
    return contrast


def rise_width(signed: NDArray[np.float32], share: NDArray[np.float32], high: float) -> float:
    """Width over which a colour rises from 10 % to 90 % of its level across a border.

    The mean profile over the distance is taken in bins of one pixel. The width runs from the
    outermost place that still has 10 % to the innermost one that does not have 90 % yet.

    Parameters
    ----------
    signed : ndarray
        (N,), pixels from the border, positive outside.
    share : ndarray
        (N,), the share of the hint's colour: 1 as asked for, 0 gray.
    high : float
        The level within the object that 10 % and 90 % are of.

    Returns
    -------
    float
        Pixels, at most 24 (the window on either side is 12); NaN where the profile is empty.
    """
    edges = np.arange(-_WINDOW, _WINDOW + 1)
    near = np.abs(signed) < _WINDOW
    total, _ = np.histogram(signed[near], edges, weights=share[near])
    count, _ = np.histogram(signed[near], edges)
    middle = (edges[:-1] + edges[1:]) / 2
    known = count > 0
    if not known[middle < 0].any() or not known[middle > 0].any():
        return float("nan")
    # Interpolation gives the crossings between the middles of bins.
    fine = np.linspace(-_WINDOW, _WINDOW, int(20 * _WINDOW) + 1)
    profile = np.interp(fine, middle[known], total[known] / count[known]) / high
    outer = fine[profile >= 0.1]
    inner = fine[profile <= 0.9]
    start = inner[0] if inner.size else _WINDOW
    end = outer[-1] if outer.size else -_WINDOW
    return float(max(end - start, 0.0))
