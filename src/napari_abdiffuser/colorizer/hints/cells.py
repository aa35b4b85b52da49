"""Hints on the cells of the guide's map: painted values, and means under each hint."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from napari_abdiffuser.imaging.hints import PointHint, RegionHint

__all__ = ["Window", "laid", "lay_hints", "means", "windows"]

_LEAST_SIDE = 1.5  # cells: a patch smaller than that would vanish between the cells

Window = tuple[slice, slice, NDArray[np.float32]]
"""Rows and columns of cells, and the share of each of them that a hint covers."""


def lay_hints(
    drawn: list[PointHint | RegionHint],
    values: NDArray[np.float32],
    shape: tuple[int, int],
    cells: tuple[int, int],
) -> NDArray[np.float32]:
    """Paint values over cells, later hints over earlier ones by their share of each cell.

    Parameters
    ----------
    drawn : list of hints
        From `drawn_hints`.
    values : ndarray of float32, shape (n, C)
        What each of them paints.
    shape, cells : (int, int)
        (H, W) of the picture and (h, w) of the cells.

    Returns
    -------
    ndarray of float32, shape (C + 1, h, w)
        Values times share of the cell, and the share under any hint.
    """
    return laid(windows(drawn, shape, cells), values, cells)


def windows(
    drawn: list[PointHint | RegionHint], shape: tuple[int, int], cells: tuple[int, int]
) -> list[Window]:
    """Return rows and columns of the cells that each hint touches, and its share of each."""
    scale = np.array(cells) / np.array(shape)
    return [
        _point_share(hint, scale, cells)
        if isinstance(hint, PointHint)
        else (slice(None), slice(None), _shrink(hint.mask, cells))
        for hint in drawn
    ]


def laid(
    over: list[Window], values: NDArray[np.float32], cells: tuple[int, int]
) -> NDArray[np.float32]:
    """Paint values (n, C) over the cells of `windows`: see `lay_hints`."""
    canvas = np.zeros((values.shape[1] + 1, *cells), np.float32)
    for (rows, columns, share), value in zip(over, values, strict=True):
        part = canvas[:, rows, columns]
        part *= 1 - share
        part[:-1] += share * value[:, None, None]
        part[-1] += share
    return canvas


def means(over: list[Window], maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return means of maps (K, h, w) over the cells under each hint: (n, K)."""
    found = np.empty((len(over), len(maps)), np.float32)
    for row, (rows, columns, share) in zip(found, over, strict=True):
        row[:] = (maps[:, rows, columns] * share).sum((1, 2)) / share.sum()
    return found


def _point_share(point: PointHint, scale: NDArray[np.float64], cells: tuple[int, int]) -> Window:
    """Return rows and columns of the cells that a patch touches, and its share of each of them."""
    spans, axes = [], []
    for place, factor, length in zip((point.y, point.x), scale, cells, strict=True):
        half = max(point.size * factor, _LEAST_SIDE) / 2
        centre = (place + 0.5) * factor
        first = min(max(math.floor(centre - half), 0), length)
        last = max(min(math.ceil(centre + half), length), first)
        edges = np.arange(first, last + 1, dtype=np.float64)
        covered = np.minimum(edges[1:], centre + half) - np.maximum(edges[:-1], centre - half)
        axes.append(covered.clip(0, 1).astype(np.float32))
        spans.append(slice(first, last))
    return spans[0], spans[1], np.outer(*axes)


def _shrink(mask: NDArray[np.bool_], cells: tuple[int, int]) -> NDArray[np.float32]:
    """Share of each cell that a mask covers."""
    tensor = torch.from_numpy(np.array(mask, np.float32))[None, None]
    return torch.nn.functional.adaptive_avg_pool2d(tensor, cells)[0, 0].numpy()
