"""Clicks on look-alike objects: one hint an object, each in a colour of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.data.areas import deep_places
from abdiffuser_training.data.highlighting import boxes_around, large_objects
from abdiffuser_training.synth.colouring import random_palette
from napari_abdiffuser.imaging.colorspace import gamut_map, srgb_to_lab

__all__ = ["Clicks", "clicked"]

_MAX_OBJECTS = 12
_MAX_GRAYS = 10
_VIVID = (0.5, 1.0)  # saturation of the colours
_BORDER = 2.0  # pixels: a click is not on the very border
_RING = 6.0  # pixels around a hinted object that must not take its colour
_RING_WEIGHT, _OBJECT_WEIGHT = 2.0, 2.0


@dataclass(frozen=True)
class Clicks:
    """A colouring of some objects, and the clicks that ask for it.

    Attributes
    ----------
    boxes : ndarray of int64
        (N, 4): top, left, bottom, right of the patches.
    chroma : ndarray of float32
        (S, S, 2), a* and b* as displayed at the picture's lightness.
    counted : ndarray of float32
        (S, S), >= 0: what every pixel counts. Nobody says which colour objects without a hint
        have, nor a ground without one away from the hinted objects.
    """

    boxes: NDArray[np.int64]
    chroma: NDArray[np.float32]
    counted: NDArray[np.float32]


def clicked(
    instances: NDArray[np.int32], lightness: NDArray[np.float32], rng: np.random.Generator
) -> Clicks | None:
    """Simulate a person who gives objects of one kind different colours.

    Parameters
    ----------
    instances : ndarray
        (S, S) region numbers, zero is the ground.
    lightness : ndarray
        (S, S), L* in [0, 100].
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Clicks or None
        One hint in the middle or anywhere inside each of 1 … 12 objects (log-uniform); in three
        pictures of four also 1 … 10 gray hints on the ground. None without a large object.
    """
    large = large_objects(instances)
    if not len(large):
        return None
    count = min(len(large), int(np.exp(rng.uniform(0, np.log(_MAX_OBJECTS + 1)))))
    chosen = rng.choice(large, count, replace=False)
    middle = rng.random() < 0.5
    places = [
        _middle(instances == number) if middle else _anywhere(instances == number, rng)
        for number in chosen
    ]
    ground = instances == 0
    away = ndimage.distance_transform_edt(~np.isin(instances, chosen))
    counted = np.where(ground & (away <= _RING), _RING_WEIGHT, 0)
    counted[away == 0] = _OBJECT_WEIGHT
    free = np.argwhere(ground & (away > _BORDER))
    if len(free) and rng.random() < 0.75:
        places.append(free[rng.integers(len(free), size=int(rng.integers(1, _MAX_GRAYS + 1)))])
        counted[ground & (away > _RING)] = 1
    colors = np.zeros((int(instances.max()) + 1, 2), np.float32)
    colors[chosen] = srgb_to_lab(random_palette(rng, count, _VIVID))[:, 1:]
    shown = np.asarray(gamut_map(lightness, colors[instances]), np.float32)
    if rng.random() < 0.7:  # anti-aliased borders
        shown = ndimage.gaussian_filter(shown, (0.5, 0.5, 0))
    boxes = boxes_around(np.concatenate(places), instances.shape[0], rng)
    return Clicks(boxes, shown, counted.astype(np.float32))


def _middle(area: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Find the pixel farthest from the border: (1, 2)."""
    depth = ndimage.distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1]
    return np.array([np.unravel_index(depth.argmax(), area.shape)], np.int64)


def _anywhere(area: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a pixel that is not on the border, where there is one: (1, 2)."""
    inside = np.argwhere(ndimage.distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1] > _BORDER)
    if not len(inside):
        return deep_places(area, 1, rng)
    return np.asarray(inside[rng.integers(len(inside), size=1)], np.int64)
