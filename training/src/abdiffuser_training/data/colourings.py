"""Masks turned into colourings: a*b* maps as people paint micrographs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.synth.colouring import random_coloring
from napari_abdiffuser.imaging.conversion import gray_lightness_table

__all__ = ["color_regions"]

_STEPS = 1000  # of the table from lightness to gray


def color_regions(
    instances: NDArray[np.int32],
    classes: NDArray[np.int32] | None,
    lightness: NDArray[np.float32],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Colour a picture by its regions.

    Parameters
    ----------
    instances, classes : ndarray
        (H, W) region and class numbers, zero is the ground; without classes the objects are
        dealt into up to four classes at random.
    lightness : ndarray
        (H, W) L* in [0, 100].
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        (H, W, 2) float32 a*b*, from `random_coloring`: by class, by object, in shades of the
        class, or some objects only; the ground gray or tinted. Colours can be shown at the
        picture's lightness, away from borders: these are softened in 70 % of the colourings.
    """
    # A crop shows few of a picture's regions: numbered anew, each costs only once.
    shown = np.bincount(instances.ravel()) > 0
    shown[0] = True
    instances = (np.cumsum(shown, dtype=np.int32) - 1)[instances]
    if classes is None:
        dealt = rng.integers(1, 1 + rng.integers(1, 5), size=int(shown.sum()))
        dealt[0] = 0
        classes = dealt[instances].astype(np.int32)
    gray = _gray_of_lightness()[(lightness * (_STEPS / 100) + 0.5).astype(np.intp)]
    ab = random_coloring(rng, gray, instances, classes).chroma
    if rng.random() < 0.7:  # anti-aliased borders
        ab = ndimage.gaussian_filter(ab, (0.5, 0.5, 0))
    return ab.astype(np.float32)


@lru_cache(maxsize=1)
def _gray_of_lightness() -> NDArray[np.uint8]:
    """8-bit gray of the lightnesses 0, 0.1, … 100."""
    lightness = np.linspace(0, 100, _STEPS + 1)
    table = np.round(np.interp(lightness, gray_lightness_table(), np.arange(256)))
    return np.asarray(table, np.uint8)
