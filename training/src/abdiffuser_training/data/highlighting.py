"""Highlighting as people do it: a hint in each of some objects, gray ones on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["Highlighting", "highlighted"]

_LEAST_AREA = 40  # pixels: nobody points at less
_MOST_OBJECTS = 12
_MOST_GRAYS = 10


@dataclass(frozen=True)
class Highlighting:
    """Which objects a person highlights, and how.

    Attributes
    ----------
    boxes : ndarray
        (N, 4) int64: top, left, bottom, right of the patches; the colour is the truth's.
    kept : ndarray
        (S, S) bool, the objects that keep their colour; everything else is gray.
    """

    boxes: NDArray[np.int64]
    kept: NDArray[np.bool_]


def highlighted(instances: NDArray[np.int32], rng: np.random.Generator) -> Highlighting | None:
    """Simulate a person who highlights some objects.

    Parameters
    ----------
    instances : ndarray
        (S, S) region numbers, zero is the ground.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Highlighting or None
        One hint, or in a fifth of the objects two, well inside each of 1 … 12 objects
        (log-uniform); in 70 % of the pictures 0 … 10 gray hints on the ground. None where no
        object is large enough.
    """
    size = instances.shape[0]
    flat = instances.ravel()
    large = np.flatnonzero(np.bincount(flat) >= _LEAST_AREA)
    large = large[large > 0]
    if not len(large):
        return None
    count = min(len(large), int(np.exp(rng.uniform(0, np.log(_MOST_OBJECTS + 1)))))
    chosen = rng.choice(large, count, replace=False)
    where = ndimage.find_objects(instances)
    centres = [place for n in chosen for place in _inside(instances, where[n - 1], int(n), rng)]
    kept = np.isin(instances, chosen)
    grays = int(rng.integers(0, _MOST_GRAYS + 1)) if rng.random() < 0.7 else 0
    ground = np.flatnonzero(flat == 0)
    if grays and len(ground):
        centres += [divmod(int(p), size) for p in rng.choice(ground, grays)]
    side = rng.integers(2, 8, size=len(centres))[:, None]
    top = np.clip(np.array(centres) - side // 2, 0, size - side)
    return Highlighting(np.concatenate([top, top + side], 1).astype(np.int64), kept)


def _inside(
    instances: NDArray[np.int32], where: tuple[slice, slice], number: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """One or two places far enough from the border of an object."""
    # A ring of zeros: the picture's border counts as the object's.
    depth = ndimage.distance_transform_edt(np.pad(instances[where] == number, 1))[1:-1, 1:-1]
    rows, columns = np.nonzero(depth >= max(1.0, 0.35 * depth.max()))
    wanted = min(1 if rng.random() < 0.8 else 2, len(rows))
    picked = rng.choice(len(rows), wanted, replace=False)
    return [(int(rows[p]) + where[0].start, int(columns[p]) + where[1].start) for p in picked]
