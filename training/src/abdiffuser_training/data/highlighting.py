"""Highlighting as people do it: a hint in each of some objects, gray ones on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.data.areas import deep_places

__all__ = ["Highlighting", "boxes_around", "highlighted", "large_objects"]

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
    flat = instances.ravel()
    large = large_objects(instances)
    if not len(large):
        return None
    count = min(len(large), int(np.exp(rng.uniform(0, np.log(_MOST_OBJECTS + 1)))))
    chosen = rng.choice(large, count, replace=False)
    places = [
        deep_places(instances == number, 1 if rng.random() < 0.8 else 2, rng) for number in chosen
    ]
    grays = int(rng.integers(0, _MOST_GRAYS + 1)) if rng.random() < 0.7 else 0
    ground = np.flatnonzero(flat == 0)
    if grays and len(ground):
        picked = rng.choice(ground, grays)
        places.append(np.stack(np.divmod(picked, instances.shape[1]), 1))
    boxes = boxes_around(np.concatenate(places), instances.shape[0], rng)
    return Highlighting(boxes, np.isin(instances, chosen))


def large_objects(instances: NDArray[np.int32]) -> NDArray[np.int64]:
    """Find the objects (n,) that are large enough to point at, at least 40 pixels."""
    large = np.flatnonzero(np.bincount(instances.ravel()) >= _LEAST_AREA)
    return np.asarray(large[large > 0], np.int64)


def boxes_around(
    places: NDArray[np.int64], size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Put patches of 2 … 7 pixels on places (n, 2) of a picture: (n, 4) within it."""
    side = rng.integers(2, 8, size=len(places))[:, None]
    top = np.clip(places - side // 2, 0, size - side)
    return np.concatenate([top, top + side], 1).astype(np.int64)
