"""Hints as the networks take them: tokens with places, and a map of colours, at work resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.imaging.colorspace import gamut_map, srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint

__all__ = [
    "CHROMA_SCALE",
    "HintTokens",
    "displayable",
    "drawn_hints",
    "hint_tokens",
    "lay_hints",
    "spread_places",
]

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
    covariates : Tensor or None
        (1, N, K), means under each token's hint of what colours may go with; None if not known.
    """

    positions: Tensor
    colours: Tensor
    hint_map: Tensor
    sources: tuple[int, ...] = ()
    covariates: Tensor | None = None

    def to(self, device: torch.device) -> HintTokens:
        """Move to a device."""
        return HintTokens(
            self.positions.to(device),
            self.colours.to(device),
            self.hint_map.to(device),
            self.sources,
            None if self.covariates is None else self.covariates.to(device),
        )


def displayable(color: tuple[float, float, float], lightness: float) -> NDArray[np.float32]:
    """a*b* of a colour as it can be shown at a lightness: (2,) float32."""
    shown: NDArray[np.float32] = _displayable(_chroma([color]), [lightness])[0]
    return shown


def hint_tokens(
    hints: Hints,
    lightness: NDArray[np.float32],
    cells: tuple[int, int],
    gain: NDArray[np.float32] | None = None,
    covariates: NDArray[np.float32] | None = None,
) -> HintTokens:
    """Translate hints into cells.

    A hint's colour is the one asked for times the gain of its place, if that is below one: so much
    of an object's colour the place carries, and the rest of the object all of it. It is never less
    than what can be shown at the mean lightness under the hint. To take that alone, a hint on the
    dark core of an object would leave its bright rim as pale as the core has to be.

    Parameters
    ----------
    hints : Hints
        Valid for the picture.
    lightness : ndarray
        (H, W) L* of the picture.
    cells : (int, int)
        (h, w) of the code.
    gain : ndarray of float32, optional
        (h, w) > 0, chroma of each cell relative to its object; one everywhere if not given.
    covariates : ndarray of float32, optional
        (K, h, w), of which the tokens tell the means under their hints.

    Returns
    -------
    HintTokens
    """
    shape = (lightness.shape[0], lightness.shape[1])
    drawn = drawn_hints(hints)
    levels = [
        float(lightness[hint.patch(shape) if isinstance(hint, PointHint) else hint.mask].mean())
        for hint in drawn
    ]
    windows = _windows(drawn, shape, cells)
    gains = np.ones(1, np.float32) if gain is None else _means(windows, gain[None])[:, 0]
    colours = _carried([hint.color for hint in drawn], levels, gains) / CHROMA_SCALE
    positions, sources = _places(drawn, windows, shape, cells)
    known = None
    if covariates is not None:
        known = torch.from_numpy(_means(windows, covariates)[sources])[None]
    return HintTokens(
        torch.tensor(positions, dtype=torch.float32)[None],
        torch.from_numpy(colours[sources])[None],
        torch.from_numpy(_laid(windows, colours, cells))[None],
        tuple(sources.tolist()),
        known,
    )


def drawn_hints(hints: Hints) -> list[PointHint | RegionHint]:
    """Hints in the order they are painted: regions, as far as they have pixels, then points."""
    return [*(region for region in hints.regions if region.mask.any()), *hints.points]


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
    return _laid(_windows(drawn, shape, cells), values, cells)


_Window = tuple[slice, slice, NDArray[np.float32]]


def _windows(
    drawn: list[PointHint | RegionHint], shape: tuple[int, int], cells: tuple[int, int]
) -> list[_Window]:
    """Rows and columns of the cells that each hint touches, and its share of each of them."""
    scale = np.array(cells) / np.array(shape)
    return [
        _point_share(hint, scale, cells)
        if isinstance(hint, PointHint)
        else (slice(None), slice(None), _shrink(hint.mask, cells))
        for hint in drawn
    ]


def _laid(
    windows: list[_Window], values: NDArray[np.float32], cells: tuple[int, int]
) -> NDArray[np.float32]:
    canvas = np.zeros((values.shape[1] + 1, *cells), np.float32)
    for (rows, columns, share), value in zip(windows, values, strict=True):
        part = canvas[:, rows, columns]
        part *= 1 - share
        part[:-1] += share * value[:, None, None]
        part[-1] += share
    return canvas


def _means(windows: list[_Window], maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of maps (K, h, w) over the cells under each hint: (n, K)."""
    means = np.empty((len(windows), len(maps)), np.float32)
    for row, (rows, columns, share) in zip(means, windows, strict=True):
        row[:] = (maps[:, rows, columns] * share).sum((1, 2)) / share.sum()
    return means


def _places(
    drawn: list[PointHint | RegionHint],
    windows: list[_Window],
    shape: tuple[int, int],
    cells: tuple[int, int],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """(N, 2) places of tokens in cells, and the number of each one's hint (N,)."""
    scale = np.array(cells) / np.array(shape)
    places: list[NDArray[np.float64]] = []
    sources: list[int] = []
    for number, (hint, window) in enumerate(zip(drawn, windows, strict=True)):
        if isinstance(hint, PointHint):
            found = [(np.array([hint.y, hint.x]) + 0.5) * scale - 0.5]
        else:
            found = spread_places(window[2])
        places.extend(found)
        sources.extend([number] * len(found))
    return np.array(places).reshape(-1, 2), np.array(sources, np.intp)


def _chroma(colors: list[tuple[float, float, float]]) -> NDArray[np.float32]:
    """a*b* of sRGB colours: (n, 2) float32."""
    lab = np.asarray(srgb_to_lab(np.array(colors, np.float32).reshape(-1, 3)), np.float32)
    return lab[:, 1:]


def _displayable(chroma: NDArray[np.float32], levels: list[float]) -> NDArray[np.float32]:
    """a*b* (n, 2) as they can be shown at their lightness."""
    if not len(chroma):
        return chroma
    return np.asarray(gamut_map(np.array(levels, np.float32), chroma), np.float32)


def _carried(
    colors: list[tuple[float, float, float]], levels: list[float], gains: NDArray[np.float32]
) -> NDArray[np.float32]:
    """a*b* that the places of hints carry of the colours asked for: (n, 2) float32."""
    asked = _chroma(colors)
    shown = np.hypot(*_displayable(asked, levels).T)
    # Mapping into the gamut keeps the hue.
    share = shown / np.maximum(np.hypot(*asked.T), np.finfo(np.float32).tiny)
    least = np.minimum(gains, 1)
    carried: NDArray[np.float32] = asked * np.maximum(share, least)[:, None]
    return carried


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
