"""Measures of a colouring; pictures are sRGB, uint8 or floats in [0, 1]."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000
from skimage.metrics import structural_similarity

from napari_abdiffuser.imaging.colorspace import srgb_to_lab

__all__ = [
    "MSE_FLOOR",
    "ciede2000",
    "colorfulness",
    "known_mean",
    "lightness_error",
    "mean_psnr",
    "mse",
    "pooled_psnr",
    "psnr",
    "ssim",
    "unit",
]

MSE_FLOOR = 1e-5
"""Smallest mean squared error that counts, as in iColoriT's evaluation: at most 50 dB."""


def unit(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """Floats in [0, 1] of a picture that is uint8 or already so."""
    return rgb / 255.0 if rgb.dtype == np.uint8 else rgb.astype(np.float64)


def mse(rgb: NDArray[Any], truth: NDArray[Any]) -> float:
    """Mean squared error over pixels and channels of RGB in [0, 1]."""
    return float(np.mean((unit(rgb) - unit(truth)) ** 2))


def psnr(error: float) -> float:
    """Peak signal to noise ratio of one picture.

    Parameters
    ----------
    error : float
        Its `mse`; raised to `MSE_FLOOR` where it is smaller.

    Returns
    -------
    float
        ``-10 log10(error)``, decibels.
    """
    return float(-10 * np.log10(max(error, MSE_FLOOR)))


def mean_psnr(errors: Iterable[float]) -> float:
    """Mean of the pictures' PSNR, decibels: nearly gray pictures weigh heavily."""
    return float(np.mean([psnr(error) for error in errors]))


def pooled_psnr(errors: Iterable[float]) -> float:
    """PSNR of the mean of the pictures' mean squared errors, decibels."""
    return psnr(float(np.mean(list(errors))))


def known_mean(values: Iterable[float]) -> float:
    """Mean of the values that are not NaN; NaN when there are none."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def ciede2000(rgb: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    """Colour difference CIEDE2000 of every pixel (Sharma, Wu and Dalal 2005).

    Parameters
    ----------
    rgb, truth : ndarray
        (..., 3).

    Returns
    -------
    ndarray
        (...).
    """
    labs = srgb_to_lab(unit(truth)), srgb_to_lab(unit(rgb))
    difference: NDArray[np.float64] = deltaE_ciede2000(*labs)  # type: ignore[no-untyped-call]
    return difference


def colorfulness(rgb: NDArray[Any]) -> float:
    """Colourfulness M of Hasler and Süsstrunk 2003 (their eq. 8, on 0 … 255): gray has zero.

    Parameters
    ----------
    rgb : ndarray
        (..., 3).

    Returns
    -------
    float
        About 15 is slightly, 45 averagely, 82 highly colourful.
    """
    red, green, blue = np.moveaxis(255 * unit(rgb), -1, 0)
    first, second = red - green, 0.5 * (red + green) - blue
    spread = np.hypot(first.std(), second.std())
    return float(spread + 0.3 * np.hypot(first.mean(), second.mean()))


def ssim(rgb: NDArray[Any], truth: NDArray[Any]) -> float:
    """Structural similarity of RGB: Wang et al. 2004, 7 × 7 windows, mean over the channels."""
    value = structural_similarity(  # type: ignore[no-untyped-call]
        unit(truth), unit(rgb), channel_axis=-1, data_range=1.0
    )
    return float(value)


def lightness_error(rgb: NDArray[Any], lightness: NDArray[Any]) -> float:
    """Largest absolute ΔL* between a picture (H, W, 3) and the lightness (H, W) it must have."""
    return float(np.abs(srgb_to_lab(unit(rgb))[..., 0] - lightness).max())
