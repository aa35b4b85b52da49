"""Hints of one picture, transferred to a picture of another size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.kinds import OUTLINE_KEY, PointHint, RegionHint

__all__ = ["fitted"]


def fitted(hints: Hints, source: Sequence[int], target: Sequence[int]) -> tuple[Hints, int]:
    """Put hints of one picture on another, at the same places relative to the picture.

    Parameters
    ----------
    hints
        Of a picture of the shape `source`.
    source, target : (H, W)
        Shapes of the two pictures.

    Returns
    -------
    (Hints, int)
        Hints that lie in the target, and how many were left out.
    """
    old, new = (int(source[0]), int(source[1])), (int(target[0]), int(target[1]))
    factors = new[0] / old[0], new[1] / old[1]
    points = [_point(point, factors) for point in hints.points]
    inside = tuple(p for p in points if -0.5 <= p.y < new[0] - 0.5 and -0.5 <= p.x < new[1] - 0.5)
    regions = [_region(region, new) for region in hints.regions]
    kept = tuple(r for r in regions if r.mask.any())
    lost = len(points) - len(inside) + len(regions) - len(kept)
    return replace(hints, points=inside, regions=kept), lost


def _point(point: PointHint, factors: tuple[float, float]) -> PointHint:
    if factors == (1.0, 1.0):
        return point
    # Pixel centres are integers, so that the picture begins at -0.5.
    y, x = (factors[0] * (point.y + 0.5) - 0.5, factors[1] * (point.x + 0.5) - 0.5)
    size = max(1, round(point.size * (factors[0] * factors[1]) ** 0.5))
    return replace(point, y=y, x=x, size=size)


def _region(region: RegionHint, shape: tuple[int, int]) -> RegionHint:
    mask = region.mask
    if mask.shape == shape:
        return region
    rows, columns = (_nearest(*lengths) for lengths in zip(mask.shape, shape, strict=True))
    extra = dict(region.extra)
    if OUTLINE_KEY in extra:
        extra[OUTLINE_KEY] = _outline(extra[OUTLINE_KEY], np.divide(shape, mask.shape))
    return replace(region, mask=mask[np.ix_(rows, columns)], extra=extra)


def _outline(told: Any, factors: NDArray[np.float64]) -> Any:
    try:
        vertices = (np.asarray(told["vertices"], np.float64) + 0.5) * factors - 0.5
        return {**told, "vertices": np.round(vertices, 4).tolist()}
    except (KeyError, TypeError, ValueError):  # of a file that somebody has edited
        return None


def _nearest(old: int, new: int) -> NDArray[np.intp]:
    """Return the row (or column) of the old mask in which each new one has its centre."""
    return np.minimum(((np.arange(new) + 0.5) * (old / new)).astype(np.intp), old - 1)
