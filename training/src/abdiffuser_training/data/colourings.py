"""Masks turned into colourings: a*b* maps as people paint micrographs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["colour_regions"]


def _colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a random a*b* direction with a chroma of 15 … 75."""
    angle = rng.uniform(0, 2 * np.pi)
    chroma = rng.uniform(15, 75)
    return np.array([np.cos(angle), np.sin(angle)], np.float32) * np.float32(chroma)


def colour_regions(
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
        (H, W, 2) float32 a*b*. The ground is gray in 60 % of the colourings, else tinted. Chroma
        fades towards black and white by a random power, as colour overlays do.
    """
    count = int(instances.max()) + 1
    style = rng.random()
    if style < 0.4:  # every object a colour of its own
        table = np.stack([_colour(rng) for _ in range(count)])
    elif classes is not None and style < 0.85:
        palette = np.stack([_colour(rng) for _ in range(int(classes.max()) + 1)])
        table = np.zeros((count, 2), np.float32)
        table[instances.ravel()] = palette[classes.ravel()]
    else:
        palette = np.stack([_colour(rng) for _ in range(int(rng.integers(1, 5)))])
        table = palette[rng.integers(len(palette), size=count)]
    if rng.random() < 0.2:  # highlighting: some objects stay gray
        table[rng.random(count) < 0.5] = 0
    table[0] = 0 if rng.random() < 0.6 else _colour(rng) * np.float32(0.6)
    ab = table[instances]
    if rng.random() < 0.7:  # anti-aliased borders
        ab = ndimage.gaussian_filter(ab, (0.5, 0.5, 0))
    scaled = lightness / 100
    fade = (4 * scaled * (1 - scaled)).clip(0.02) ** np.float32(rng.uniform(0, 0.9))
    return (ab * fade[..., None]).astype(np.float32)
