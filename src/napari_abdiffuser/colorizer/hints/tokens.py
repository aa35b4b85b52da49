"""Hints as tokens with places, and as a map of colours, at working resolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.hints.cells import Window, laid, means, windows
from napari_abdiffuser.imaging.colorspace import gamut_map, srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint

__all__ = [
    "CHROMA_SCALE",
    "HintTokens",
    "displayable",
    "drawn_hints",
    "hint_tokens",
    "spread_places",
]

CHROMA_SCALE = 110.0
_REGION_TOKENS = 12
_MIN_GAIN = 0.45  # of what is asked for: a place is no less of its object


@dataclass(frozen=True)
class HintTokens:
    """Hints of one picture for the guide.

    Attributes
    ----------
    positions : Tensor
        (1, N, 2) row and column in cells.
    colors : Tensor
        (1, N, 2), ab / 110.
    hint_map : Tensor
        (1, 3, h, w): what can be shown of the colours there times share of the cell, and the share.
    sources : tuple of int
        Of each token, the number of its hint: regions that have pixels first, then points.
    covariates : Tensor or None
        (1, N, K), means under each token's hint of what colours may go with; None if not known.
    """

    positions: Tensor
    colors: Tensor
    hint_map: Tensor
    sources: tuple[int, ...] = ()
    covariates: Tensor | None = None

    def to(self, device: torch.device) -> HintTokens:
        """Move to a device."""
        return HintTokens(
            self.positions.to(device),
            self.colors.to(device),
            self.hint_map.to(device),
            self.sources,
            None if self.covariates is None else self.covariates.to(device),
        )


def displayable(color: tuple[float, float, float], lightness: float) -> NDArray[np.float32]:
    """Return a*b* of a colour as it can be shown at a lightness: (2,) float32."""
    shown: NDArray[np.float32] = _displayable(_chroma([color]), [lightness])[0]
    return shown


def hint_tokens(
    hints: Hints,
    lightness: NDArray[np.float32],
    cells: tuple[int, int],
    relative_gain: Callable[[Tensor], NDArray[np.float32]] | None = None,
    covariates: NDArray[np.float32] | None = None,
) -> HintTokens:
    """Translate hints into cells.

    A hint's colour is as much of the one asked for as its place carries of its object's colour:
    the object as a whole then has the colour asked for. It is never more than that. To take what
    can be shown under the hint instead would give a hint on the dark core of an object a bright rim
    that is too pale, or, where the core carries little, too vivid.

    Parameters
    ----------
    hints : Hints
        Valid for the picture.
    lightness : ndarray
        (H, W) L* of the picture.
    cells : (int, int)
        (h, w) of the code.
    relative_gain : callable, optional
        Of places (1, N, 2) in cells, how much chroma each carries (N,) > 0, relative to its object;
        one everywhere if not given.
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
    over = windows(drawn, shape, cells)
    positions, sources = _places(drawn, over, shape, cells)
    places = torch.tensor(positions, dtype=torch.float32)[None]
    gains = np.ones(len(drawn), np.float32)
    if relative_gain is not None and len(drawn):
        count = np.bincount(sources, minlength=len(drawn))
        gains = (np.bincount(sources, relative_gain(places)) / count).astype(np.float32)
    asked = _chroma([hint.color for hint in drawn])
    shown = _displayable(asked, levels)
    colors = _carried(asked, shown, gains) / CHROMA_SCALE
    known = None
    if covariates is not None:
        known = torch.from_numpy(means(over, covariates)[sources])[None]
    return HintTokens(
        places,
        torch.from_numpy(colors[sources])[None],
        torch.from_numpy(laid(over, shown / CHROMA_SCALE, cells))[None],
        tuple(sources.tolist()),
        known,
    )


def drawn_hints(hints: Hints) -> list[PointHint | RegionHint]:
    """List hints in the order of painting: regions that have pixels, then points."""
    return [*(region for region in hints.regions if region.mask.any()), *hints.points]


def _places(
    drawn: list[PointHint | RegionHint],
    over: list[Window],
    shape: tuple[int, int],
    cells: tuple[int, int],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return (N, 2) places of tokens in cells, and the number of each one's hint (N,)."""
    scale = np.array(cells) / np.array(shape)
    places: list[NDArray[np.float64]] = []
    sources: list[int] = []
    for number, (hint, window) in enumerate(zip(drawn, over, strict=True)):
        if isinstance(hint, PointHint):
            found = [(np.array([hint.y, hint.x]) + 0.5) * scale - 0.5]
        else:
            found = spread_places(window[2])
        places.extend(found)
        sources.extend([number] * len(found))
    return np.array(places).reshape(-1, 2), np.array(sources, np.intp)


def _chroma(colors: list[tuple[float, float, float]]) -> NDArray[np.float32]:
    """Return a*b* of sRGB colours: (n, 2) float32."""
    lab = np.asarray(srgb_to_lab(np.array(colors, np.float32).reshape(-1, 3)), np.float32)
    return lab[:, 1:]


def _displayable(chroma: NDArray[np.float32], levels: list[float]) -> NDArray[np.float32]:
    """Return a*b* (n, 2) as they can be shown at their lightness."""
    if not len(chroma):
        return chroma
    return np.asarray(gamut_map(np.array(levels, np.float32), chroma), np.float32)


def _carried(
    asked: NDArray[np.float32], shown: NDArray[np.float32], gains: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return a*b* that the places of hints carry of the colours asked for: (n, 2) float32."""
    # Mapping into the gamut keeps the hue.
    share = np.hypot(*shown.T) / np.maximum(np.hypot(*asked.T), np.finfo(np.float32).tiny)
    relative_gain: NDArray[np.float32] = (
        asked * np.clip(gains, np.minimum(share, _MIN_GAIN), np.maximum(share, 1))[:, None]
    )
    return relative_gain


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
