"""Connected areas of one colour: what a person would take for one thing where there is no mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["area_around", "deep_places", "random_area"]

_EVERYWHERE = np.ones((3, 3), bool)


def area_around(
    chroma: NDArray[np.float32], place: tuple[int, int], tolerance: float
) -> NDArray[np.bool_]:
    """Find the connected pixels whose colour is near that of a place.

    Parameters
    ----------
    chroma : ndarray
        (2, S, S), ab / 110.
    place : (int, int)
        Row and column.
    tolerance : float
        Distance in a*b* units that still counts as the same colour.

    Returns
    -------
    ndarray
        (S, S) bool, true at the place.
    """
    away = np.hypot(*(chroma - chroma[:, place[0], place[1], None, None]))
    numbers, _ = ndimage.label(away * 110 <= tolerance, _EVERYWHERE)
    return np.asarray(numbers == numbers[place])


def random_area(
    chroma: NDArray[np.float32],
    regions: NDArray[np.int32] | None,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Draw a thing: a whole region where there is a mask, else an area of one colour.

    Parameters
    ----------
    chroma : ndarray
        (2, S, S), ab / 110.
    regions : ndarray or None
        (S, S) region numbers, zero is the ground.
    rng : numpy.random.Generator
        Source of randomness: the region is that of a random object, the area that around a
        random pixel, with a tolerance of 6 … 20 in a*b*.

    Returns
    -------
    ndarray
        (S, S) bool, not empty.
    """
    if regions is not None and regions.any():
        numbers = np.flatnonzero(np.bincount(regions.ravel()))
        return np.asarray(regions == rng.choice(numbers[numbers > 0]))
    size = chroma.shape[-1]
    row, column = rng.integers(size, size=2)
    return area_around(chroma, (int(row), int(column)), float(rng.uniform(6, 20)))


def deep_places(area: NDArray[np.bool_], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw places well inside an area, as people click.

    Parameters
    ----------
    area : ndarray
        (S, S) bool, not empty.
    count : int
        How many at most: places differ.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        (n, 2) rows and columns, at least a third of the largest depth from the border; the
        picture's border counts as the area's.
    """
    rows, columns = np.flatnonzero(area.any(1)), np.flatnonzero(area.any(0))
    top, left = int(rows[0]), int(columns[0])
    part = area[top : rows[-1] + 1, left : columns[-1] + 1]
    depth = ndimage.distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
    inside = np.argwhere(depth >= max(1.0, 0.35 * depth.max()))
    picked = rng.choice(len(inside), min(count, len(inside)), replace=False)
    return np.asarray(inside[picked] + np.array([top, left]), np.int64)
