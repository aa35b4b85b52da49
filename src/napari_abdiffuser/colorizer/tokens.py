"""Hints as the networks take them: tokens with places, and a map of colours, at work resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.imaging.colorspace import gamut_map, srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints, PointHint

__all__ = ["CHROMA_SCALE", "HintTokens", "displayable", "hint_tokens", "spread_places"]

CHROMA_SCALE = 110.0
_REGION_TOKENS = 12
_LEAST_SIDE = 1.5  # cells: a patch smaller than that would vanish between the cells


@dataclass(frozen=True)
class HintTokens:
    """Hints of one picture for the guide.

    Attributes
    ----------
    positions : Tensor
        (1, N, 2) row and column in cells.
    colours : Tensor
        (1, N, 2), ab / 110.
    hint_map : Tensor
        (1, 3, h, w): colours times share of the cell, and the share.
    sources : tuple of int
        Of each token, the number of its hint: regions that have pixels first, then points.
    """

    positions: Tensor
    colours: Tensor
    hint_map: Tensor
    sources: tuple[int, ...] = ()

    def to(self, device: torch.device) -> HintTokens:
        """Move to a device."""
        return HintTokens(
            self.positions.to(device),
            self.colours.to(device),
            self.hint_map.to(device),
            self.sources,
        )


def displayable(color: tuple[float, float, float], lightness: float) -> NDArray[np.float32]:
    """a*b* of a colour as it can be shown at a lightness: (2,) float32."""
    shown: NDArray[np.float32] = _displayable([color], [lightness])[0]
    return shown


def hint_tokens(hints: Hints, lightness: NDArray[np.float32], cells: tuple[int, int]) -> HintTokens:
    """Translate hints into cells.

    A hint's colour is what can be shown at the mean lightness under it, since that is what the
    guide was trained with: the mean true colour under a patch.

    Parameters
    ----------
    hints : Hints
        Valid for the picture.
    lightness : ndarray
        (H, W) L* of the picture.
    cells : (int, int)
        (h, w) of the code.

    Returns
    -------
    HintTokens
    """
    scale = np.array(cells) / np.array(lightness.shape)
    canvas = np.zeros((3, *cells), np.float32)
    positions: list[NDArray[np.float64]] = []
    counts: list[int] = []
    shape = (lightness.shape[0], lightness.shape[1])
    regions = [region for region in hints.regions if region.mask.any()]
    levels = [float(lightness[region.mask].mean()) for region in regions]
    levels += [float(lightness[point.patch(shape)].mean()) for point in hints.points]
    drawn = [*regions, *hints.points]
    colours = _displayable([hint.color for hint in drawn], levels) / CHROMA_SCALE
    for hint, colour in zip(drawn, colours, strict=True):
        if isinstance(hint, PointHint):
            _lay(canvas, _point_share(hint, scale, cells), colour)
            positions.append((np.array([hint.y, hint.x]) + 0.5) * scale - 0.5)
            counts.append(1)
        else:
            share = _shrink(hint.mask, cells)
            _lay(canvas, (slice(None), slice(None), share), colour)
            places = spread_places(share)
            positions.extend(places)
            counts.append(len(places))
    n = len(positions)
    return HintTokens(
        torch.tensor(np.array(positions), dtype=torch.float32).reshape(1, n, 2),
        torch.from_numpy(np.repeat(colours, counts, axis=0))[None],
        torch.from_numpy(canvas)[None],
        tuple(np.repeat(np.arange(len(drawn)), counts).tolist()),
    )


def _displayable(
    colors: list[tuple[float, float, float]], levels: list[float]
) -> NDArray[np.float32]:
    """a*b* of colours as they can be shown at their lightness: (n, 2) float32."""
    if not colors:
        return np.zeros((0, 2), np.float32)
    lab = np.asarray(srgb_to_lab(np.array(colors, np.float32)))
    shown = gamut_map(np.array(levels, np.float32), lab[:, 1:].astype(np.float32))
    return np.asarray(shown, np.float32)


_Window = tuple[slice, slice, NDArray[np.float32]]


def _lay(canvas: NDArray[np.float32], window: _Window, colour: NDArray[np.float32]) -> None:
    """Paint over what is there, by its share of each cell."""
    rows, columns, share = window
    part = canvas[:, rows, columns]
    part *= 1 - share
    part[:2] += share * colour[:, None, None]
    part[2] += share


def _point_share(point: PointHint, scale: NDArray[np.float64], cells: tuple[int, int]) -> _Window:
    """Rows and columns of the cells that a patch touches, and its share of each of them."""
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


def spread_places(share: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """Put tokens within a region, as far from each other as they get.

    Parameters
    ----------
    share : ndarray
        (h, w), share of each cell that the region covers; not zero everywhere.

    Returns
    -------
    list of ndarray
        Up to a dozen cells, (2,) row and column.
    """
    inside = np.argwhere(share >= min(0.5, float(share.max()))).astype(np.float64)
    inside = inside[:: max(1, len(inside) // 4096)]
    chosen = [inside[((inside - inside.mean(0)) ** 2).sum(1).argmin()]]
    least = ((inside - chosen[0]) ** 2).sum(1)
    while len(chosen) < _REGION_TOKENS and least.max() > 4:
        chosen.append(inside[least.argmax()])
        least = np.minimum(least, ((inside - chosen[-1]) ** 2).sum(1))
    return chosen
