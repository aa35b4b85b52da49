"""Uncertainty of an open picture, and suggestions for hints."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.coarse.anchor_colors import sample_colors
from napari_abdiffuser.colorizer.coarse.painting import sample_maps
from napari_abdiffuser.colorizer.hints.tokens import CHROMA_SCALE
from napari_abdiffuser.colorizer.memory import within_memory
from napari_abdiffuser.colorizer.native.run import mixed_seed
from napari_abdiffuser.colorizer.picture.core import PictureCore
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colors import RGB
from napari_abdiffuser.imaging.colorspace import gamut_map, lab_to_srgb
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.hard_regions import hard_mask
from napari_abdiffuser.options import Background, PaintOptions

__all__ = ["distinct_colors", "suggest_colors", "suggest_place", "uncertainty"]

_SAMPLES = 8
_SUGGESTION_SAMPLES = 32


def uncertainty(
    picture: PictureCore,
    hints: Hints | None = None,
    seed: int = 0,
    n_samples: int = _SAMPLES,
    cancel: Callable[[], bool] | None = None,
) -> NDArray[np.float32]:
    """Compute how far variations differ from each other, given the hints.

    Parameters
    ----------
    hints : Hints, optional
        What is already known.
    seed : int
        Of the samples.
    n_samples : int
        Variations compared, 2 … 64.
    cancel : callable, optional
        Asked at every denoising step; returning True raises `Cancelled`.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Standard deviation of the chroma among the variations, in units of a* and b*.
    """
    variance = _variance(picture, hints, seed, n_samples, cancel)[0]
    maps = variance.sqrt().cpu().numpy() * np.float32(CHROMA_SCALE)
    out = np.empty(picture.shape, np.float32)
    picture.painter.planes(maps, lambda rows, block: np.copyto(out[rows], block[0]))
    settled = _settled(picture, hints)
    if settled is not None:
        out[settled] = 0
    return out


def suggest_place(
    picture: PictureCore,
    hints: Hints | None = None,
    seed: int = 0,
    cancel: Callable[[], bool] | None = None,
) -> tuple[int, int]:
    """Find where a hint would own the most uncertainty.

    Immediate after `uncertainty` with the same hints and seed, whose samples it shares.

    Parameters
    ----------
    hints : Hints, optional
        What is already known.
    seed : int
        Of the samples that are compared.
    cancel : callable, optional
        See `uncertainty`.

    Returns
    -------
    (int, int)
        Row and column in pixels.
    """
    variance = _variance(picture, hints, seed, _SAMPLES, cancel)[0, 0]
    encoded = picture.encoded
    scale = np.array(picture.shape) / np.array(encoded.shape)
    with within_memory("this suggestion"):
        positions = picture.tokens(hints or Hints()).positions
        attention = encoded.attend(torch.cat([encoded.anchors, positions], 1))
        settled = attention.weights[0].T @ variance.flatten()
    settled = settled[: encoded.anchors.shape[1]]
    places = (encoded.anchors[0].cpu().numpy() + 0.5) * scale - 0.5
    pixels = np.clip(np.round(places), 0, np.array(picture.shape) - 1).astype(int)
    known = _settled(picture, hints)
    if known is not None and not known[tuple(pixels.T)].all():
        settled = settled.masked_fill(
            torch.from_numpy(known[tuple(pixels.T)]).to(settled.device), -torch.inf
        )
    row, column = pixels[int(settled.argmax())]
    return int(row), int(column)


def suggest_colors(
    picture: PictureCore, y: float, x: float, n: int = 5, hints: Hints | None = None, seed: int = 0
) -> tuple[RGB, ...]:
    """List the probable colours of a place, the most frequent among samples first.

    Parameters
    ----------
    y, x : float
        Row and column in pixels.
    n : int
        How many, 1 … 16; fewer come back where samples agree. They are drawn one by one, so
        they differ more than variations, in which kin share a colour.
    hints : Hints, optional
        What is already known.
    seed : int
        Of the samples.

    Returns
    -------
    tuple of (float, float, float)
        sRGB in [0, 1], each as it shows at the lightness of this place.
    """
    height, width = picture.shape
    if not (-0.5 <= y < height - 0.5 and -0.5 <= x < width - 0.5):
        raise InvalidRequest(
            f"({y}, {x}) lies outside the picture of {height} × {width} pixels: give a row and "
            "a column inside."
        )
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= 16:
        raise InvalidRequest(f"n is a whole number from 1 to 16, not {n!r}.")
    request = picture.request(hints, PaintOptions(0, seed=seed))
    encoded = picture.encoded
    scale = np.array(encoded.shape) / np.array(picture.shape)
    place = torch.tensor((np.array([y, x]) + 0.5) * scale - 0.5, dtype=torch.float32)
    seeds = [mixed_seed(request.seed, i) for i in range(_SUGGESTION_SAMPLES)]
    with within_memory("these suggestions"):
        tokens = picture.tokens(request.hints)
        places = torch.cat([encoded.anchors, place[None, None].to(encoded.device)], 1)
        drawn = sample_colors(
            encoded, places, tokens.positions, tokens.colors, seeds, request.steps
        )[:, -1]
    row, column = round(y), round(x)
    around = picture.painter.surface.display[
        max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3
    ]
    chroma = drawn.cpu().numpy() * np.float32(CHROMA_SCALE)
    return distinct_colors(chroma, float(around.mean()), n)


def _settled(picture: PictureCore, hints: Hints | None) -> NDArray[np.bool_] | None:
    """Return where nothing varies: excluded pixels and hard regions; None if nowhere."""
    excluded = picture.painter.surface.excluded
    hard = None if hints is None else hard_mask(hints, picture.shape)
    if excluded is None or hard is None:
        return hard if excluded is None else excluded
    return excluded | hard


def _variance(
    picture: PictureCore,
    hints: Hints | None,
    seed: int,
    n_samples: int,
    cancel: Callable[[], bool] | None,
) -> Tensor:
    """Return the variance of the samples' chroma, ab / 110 squared: (1, 1, h, w)."""
    request = picture.request(hints, PaintOptions(n_samples, seed=seed), cancel=cancel)
    if request.n_outputs < 2:
        raise InvalidRequest(f"n_samples is between 2 and 64, not {n_samples}.")
    seeds = [mixed_seed(request.seed, i) for i in range(request.n_outputs)]
    with within_memory(f"{n_samples} samples of this picture"):
        tokens = picture.tokens(request.hints)

        def make() -> Tensor:
            maps = sample_maps(
                picture.encoded,
                tokens,
                seeds,
                request.steps,
                background=Background.AUTO,
                cancel=request.cancel,
            )
            return maps.var(0, correction=1).sum(0)[None, None]

        parts = (tokens.positions, tokens.colors, tokens.hint_map, tokens.covariates)
        key = b"".join(part.cpu().numpy().tobytes() for part in parts if part is not None)
        return picture.encoded.last_variance((key, request.seed, len(seeds)), make)


_APART = 3.0  # units of a* and b*: nearer colours look the same


def distinct_colors(chroma: NDArray[np.float32], lightness: float, n: int) -> tuple[RGB, ...]:
    """Choose colours that stand for samples, the most frequent first.

    Parameters
    ----------
    chroma : ndarray, shape (m, 2)
        Sampled a* and b*.
    lightness : float
        L* that the colours are shown at.
    n : int
        At most so many.

    Returns
    -------
    tuple of (float, float, float)
        sRGB in [0, 1]: of each cluster (Ward's), the sample nearest to its mean.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    light = np.full(len(chroma), lightness, np.float32)
    shown = np.asarray(gamut_map(light, np.asarray(chroma, np.float32)))
    labels = np.ones(len(shown), int)
    if len(shown) > 1:
        labels = fcluster(linkage(shown, "ward"), n, "maxclust")
    numbers, counts = np.unique(labels, return_counts=True)
    chosen: list[NDArray[np.float32]] = []
    for number in numbers[np.argsort(-counts, kind="stable")]:
        members = shown[labels == number]
        middle = members[((members - members.mean(0)) ** 2).sum(1).argmin()]
        if all(np.hypot(*(middle - other)) > _APART for other in chosen):
            chosen.append(middle)
    lab = np.column_stack([np.full(len(chosen), lightness), np.array(chosen)])
    rgb = np.asarray(lab_to_srgb(lab)).clip(0, 1)
    return tuple((float(r), float(g), float(b)) for r, g, b in rgb)
