"""Strokes and whole regions: hints that cover many pixels with one colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import lfilter

from abdiffuser_training.data.areas import area_around, random_area
from abdiffuser_training.hint_sampling.marks import Marks
from abdiffuser_training.hint_sampling.settings import HintSettings
from napari_abdiffuser.colorizer.hints.tokens import spread_places

__all__ = ["curve", "sample_regions", "sample_strokes", "stroke"]

_TOKENS = 12  # of an area, see `spread_places`
_MOST_AREAS = 5
_WIDEST = 7  # pixels
_SHORTEST = 8
_LEAST_SHARE = 0.002  # of the picture: a smaller thing is clicked at, not filled
_TOLERANCE = (6.0, 20.0)  # a*b* that one stroke runs over


def sample_strokes(
    chroma: NDArray[np.float32],
    regions: NDArray[np.int32] | None,
    count: int,
    settings: HintSettings,
    rng: np.random.Generator,
) -> Marks:
    """Simulate a user who draws strokes.

    Parameters
    ----------
    chroma : ndarray
        (2, S, S), ab / 110, the truth.
    regions : ndarray or None
        (S, S) region numbers.
    count : int
        Number of hints of the batch: there are 1 + count / 12 strokes, five at most, so that
        there are never more than count + 12 tokens.
    settings : HintSettings
        The share of pictures that get none.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Marks
        Each stroke starts at a uniform place, follows a random smooth curve, see `stroke`, and
        ends where the region does, or the colour where there are no regions.
    """
    if rng.random() < settings.none:
        return Marks()
    size = chroma.shape[-1]
    drawn = []
    for _ in range(_number(count)):
        row, column = (int(x) for x in rng.integers(size, size=2))
        if regions is not None:
            area = regions == regions[row, column]
        else:
            area = area_around(chroma, (row, column), float(rng.uniform(*_TOLERANCE)))
        drawn.append(stroke(size, (row, column), rng) & area)
    return _marks(drawn)


def sample_regions(
    chroma: NDArray[np.float32],
    regions: NDArray[np.int32] | None,
    count: int,
    settings: HintSettings,
    rng: np.random.Generator,
) -> Marks:
    """Simulate a user who fills whole things, as the plugin's region hints do.

    Parameters
    ----------
    chroma, regions, count, settings, rng
        As for `sample_strokes`.

    Returns
    -------
    Marks
        1 + count / 12 things, five at most: objects of the mask, each as likely as any other, or
        areas of one colour around uniform places, of at least 0.2 % of the picture where three
        tries find such.
    """
    if rng.random() < settings.none:
        return Marks()
    drawn = []
    for _ in range(_number(count)):
        for _ in range(3):
            area = random_area(chroma, regions, rng)
            if area.mean() >= _LEAST_SHARE:
                break
        drawn.append(area)
    return _marks(drawn)


def _number(count: int) -> int:
    return min(_MOST_AREAS, 1 + count // _TOKENS)


def _marks(areas: list[NDArray[np.bool_]]) -> Marks:
    return Marks(areas=tuple(areas), tokens=tuple(_tokens(area) for area in areas))


def _tokens(area: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Places in cells of 2 x 2 pixels, as the plugin spreads them, in pixels."""
    size = area.shape[0] // 2 * 2
    share = area[:size, :size].reshape(size // 2, 2, size // 2, 2).mean((1, 3), dtype=np.float32)
    if not share.any():  # in an odd last row or column
        return np.argwhere(area)[:1].astype(np.float64)
    return 2 * np.stack(spread_places(share)) + 0.5


def curve(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a smooth curve from the origin: (length, 2), a pixel from point to point.

    Its direction starts uniform; its curvature is a first-order autoregressive process (0.9 a
    pixel) with a standard deviation of 0.06 radians a pixel.
    """
    kicks = rng.standard_normal(length)
    kicks[1:] *= np.sqrt(1 - 0.9**2)
    bend = lfilter([1.0], [1.0, -0.9], kicks)
    heading = rng.uniform(0, 2 * np.pi) + 0.06 * np.cumsum(bend)
    steps = np.stack([np.sin(heading), np.cos(heading)], 1)
    return np.asarray(np.cumsum(steps, 0) - steps[0], np.float64)


def stroke(size: int, start: tuple[int, int], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw a stroke.

    Parameters
    ----------
    size : int
        Side of the picture, pixels.
    start : (int, int)
        Row and column.
    rng : numpy.random.Generator
        Source of randomness: the length is log-uniform in 8 … size pixels, the width uniform in
        1 … 7.

    Returns
    -------
    ndarray
        (S, S) bool: all pixels within half the width of the curve.
    """
    length = max(2, int(np.exp(rng.uniform(np.log(_SHORTEST), np.log(max(size, _SHORTEST + 1))))))
    width = int(rng.integers(1, _WIDEST + 1))
    points = np.round(curve(length, rng)).astype(np.int64) + np.array(start)
    points = points[((points >= 0) & (points < size)).all(1)]
    drawn = np.zeros((size, size), bool)
    drawn[points[:, 0], points[:, 1]] = True
    if width > 1:
        near = slice(*_span(points[:, 0], size)), slice(*_span(points[:, 1], size))
        drawn[near] = ndimage.distance_transform_edt(~drawn[near]) <= (width - 1) / 2
    return drawn


def _span(places: NDArray[np.int64], size: int) -> tuple[int, int]:
    return max(0, int(places.min()) - _WIDEST), min(size, int(places.max()) + _WIDEST + 1)
