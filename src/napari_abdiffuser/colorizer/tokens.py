"""Hints as the networks take them: tokens with places, and a map of colours, at work resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.imaging.colorspace import gamut_map, srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints, PointHint

__all__ = ["CHROMA_SCALE", "HintTokens", "displayable", "hint_tokens"]

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
    """

    positions: Tensor
    colours: Tensor
    hint_map: Tensor


def displayable(color: tuple[float, float, float], lightness: float) -> NDArray[np.float32]:
    """a*b* of a colour as it can be shown at a lightness: (2,) float32."""
    lab = np.asarray(srgb_to_lab(np.array(color, np.float32)))
    shown = gamut_map(np.array([lightness], np.float32), lab[None, 1:].astype(np.float32))
    return np.asarray(shown[0], np.float32)


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
    colours: list[NDArray[np.float32]] = []
    for region in hints.regions:
        share = _shrink(region.mask, cells)
        if not region.mask.any():
            continue
        colour = displayable(region.color, float(lightness[region.mask].mean())) / CHROMA_SCALE
        _lay(canvas, share, colour)
        places = _spread_places(share)
        positions.extend(places)
        colours.extend([colour] * len(places))
    for point in hints.points:
        rows, columns = point.patch((lightness.shape[0], lightness.shape[1]))
        level = float(lightness[rows, columns].mean())
        colour = displayable(point.color, level) / CHROMA_SCALE
        _lay(canvas, _point_share(point, scale, cells), colour)
        positions.append((np.array([point.y, point.x]) + 0.5) * scale - 0.5)
        colours.append(colour)
    n = len(positions)
    return HintTokens(
        torch.tensor(np.array(positions), dtype=torch.float32).reshape(1, n, 2),
        torch.tensor(np.array(colours), dtype=torch.float32).reshape(1, n, 2),
        torch.from_numpy(canvas)[None],
    )


def _lay(
    canvas: NDArray[np.float32], share: NDArray[np.float32], colour: NDArray[np.float32]
) -> None:
    """Paint over what is there, by its share of each cell."""
    canvas *= 1 - share
    canvas[:2] += share * colour[:, None, None]
    canvas[2] += share


def _point_share(
    point: PointHint, scale: NDArray[np.float64], cells: tuple[int, int]
) -> NDArray[np.float32]:
    """Share of each cell that a patch covers: (h, w)."""
    axes = []
    for place, factor, length in zip((point.y, point.x), scale, cells, strict=True):
        half = max(point.size * factor, _LEAST_SIDE) / 2
        centre = (place + 0.5) * factor
        edges = np.arange(length + 1, dtype=np.float64)
        covered = np.minimum(edges[1:], centre + half) - np.maximum(edges[:-1], centre - half)
        axes.append(covered.clip(0, 1).astype(np.float32))
    return np.outer(*axes)


def _shrink(mask: NDArray[np.bool_], cells: tuple[int, int]) -> NDArray[np.float32]:
    """Share of each cell that a mask covers."""
    tensor = torch.from_numpy(np.array(mask, np.float32))[None, None]
    return torch.nn.functional.adaptive_avg_pool2d(tensor, cells)[0, 0].numpy()


def _spread_places(share: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """Up to a dozen places within a region, as far from each other as they get."""
    inside = np.argwhere(share >= min(0.5, float(share.max()))).astype(np.float64)
    inside = inside[:: max(1, len(inside) // 4096)]
    chosen = [inside[((inside - inside.mean(0)) ** 2).sum(1).argmin()]]
    least = ((inside - chosen[0]) ** 2).sum(1)
    while len(chosen) < _REGION_TOKENS and least.max() > 4:
        chosen.append(inside[least.argmax()])
        least = np.minimum(least, ((inside - chosen[-1]) ** 2).sum(1))
    return chosen
