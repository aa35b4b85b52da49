"""Random textures: power-law fields, made once a scene and cut into pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float32]


def power_noise(
    rng: np.random.Generator,
    size: tuple[int, int],
    exponent: float = 1.0,
    low: float = 0.0,
    high: float = 0.5,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Floats:
    """Make a periodic Gaussian field whose amplitude falls as 1 / f**exponent.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    size : tuple[int, int]
        (H, W) in pixels.
    exponent : float
        0 is white, 1 cloudy, 2 smooth.
    low, high : float
        Pass band in cycles a pixel (0.5 is the finest).
    stretch : tuple[float, float]
        Factors on the vertical and horizontal frequency: unequal ones give fibrous grain.

    Returns
    -------
    NDArray[np.float32]
        (H, W) with mean 0 and standard deviation 1.
    """
    white = rng.standard_normal(size, dtype=np.float32)
    fy = fft.fftfreq(size[0])[:, None].astype(np.float32) * stretch[0]
    fx = fft.rfftfreq(size[1])[None].astype(np.float32) * stretch[1]
    f = np.sqrt(fy**2 + fx**2)
    f[0, 0] = np.inf
    gain = np.where((f >= low) & (f <= high), f**-exponent, 0).astype(np.float32)
    field = fft.irfft2(fft.rfft2(white) * gain, s=size)
    spread = float(field.std())
    return np.asarray(field / (spread if spread > 0 else 1.0), dtype=np.float32)


def cut(rng: np.random.Generator, tile: Floats, size: tuple[int, int]) -> Floats:
    """Cut a piece of any size out of a periodic tile at a random place.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    tile : NDArray[np.float32]
        (h, w) periodic field.
    size : tuple[int, int]
        (H, W) of the piece.

    Returns
    -------
    NDArray[np.float32]
        (H, W) copy.
    """
    y = (int(rng.integers(tile.shape[0])) + np.arange(size[0])) % tile.shape[0]
    x = (int(rng.integers(tile.shape[1])) + np.arange(size[1])) % tile.shape[1]
    return tile[y[:, None], x[None]]
