"""Conversion between sRGB and CIELAB.

Written once on the Python array API standard: numpy arrays and torch tensors (on any device) give
arrays of their own kind back. Only elementwise arithmetic is used, no matrix product: reduced
precision matrix products (TF32, autocast) would break the promise on lightness.

Colours are CIELAB under D65, 2° observer (CIE 15:2004, eq. 8.3 ff.); sRGB is IEC 61966-2-1.
White is the sum of the primaries, so that equal R, G and B have a* = b* = 0 to the last digit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LUMINANCE",
    "gray_lightness_table",
    "lab_to_srgb",
    "lightness_of_gray8",
    "linear_from_srgb",
    "linear_planes",
    "luminance_to_lightness",
    "srgb_from_linear",
    "srgb_to_lab",
]

# sRGB primaries in XYZ (D65), the rounding that scikit-image and much of the literature use.
_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
# Rows sum to one: linear RGB to X/Xn, Y/Yn, Z/Zn, and back.
_TO_XYZ: list[list[float]] = (_XYZ / _XYZ.sum(axis=1, keepdims=True)).tolist()
_TO_RGB: list[list[float]] = np.linalg.inv(np.array(_TO_XYZ)).tolist()
LUMINANCE: tuple[float, float, float] = (_TO_XYZ[1][0], _TO_XYZ[1][1], _TO_XYZ[1][2])
"""Weights of linear R, G and B in the relative luminance Y; they sum to one."""

_DELTA = 6.0 / 29.0


def srgb_to_lab(rgb: Any) -> Any:
    """Convert sRGB to CIELAB.

    Parameters
    ----------
    rgb : array, shape (..., 3)
        sRGB floats, [0, 1].

    Returns
    -------
    array, shape (..., 3)
        L* in [0, 100], a* and b*; same kind, device and precision as ``rgb``.
    """
    xp = array_api_compat.array_namespace(rgb)
    r, g, b = (linear_from_srgb(rgb[..., i], xp) for i in range(3))
    fx, fy, fz = (_lab_f(m[0] * r + m[1] * g + m[2] * b, xp) for m in _TO_XYZ)
    return xp.stack([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], axis=-1)


def lab_to_srgb(lab: Any) -> Any:
    """Convert CIELAB to sRGB without clipping: values outside [0, 1] are not displayable.

    Parameters
    ----------
    lab : array, shape (..., 3)
        L* in [0, 100], a* and b*.

    Returns
    -------
    array, shape (..., 3)
        sRGB floats; same kind, device and precision as ``lab``.
    """
    xp = array_api_compat.array_namespace(lab)
    planes = linear_planes(lab[..., 0], lab[..., 1], lab[..., 2], xp)
    return xp.stack([srgb_from_linear(plane, xp) for plane in planes], axis=-1)


def lightness_of_gray8(gray: Any) -> Any:
    """Return L* of 8-bit sRGB grays.

    Parameters
    ----------
    gray : array of uint8, any shape
        Gray levels, 0 … 255.

    Returns
    -------
    array of float32, same shape
        L*, [0, 100].
    """
    xp = array_api_compat.array_namespace(gray)
    device = array_api_compat.device(gray)
    table = xp.asarray(gray_lightness_table().copy(), device=device)  # torch warns of read-only
    index = xp.reshape(xp.astype(gray, xp.int64), (-1,))
    return xp.reshape(xp.take(table, index, axis=0), gray.shape)


@lru_cache(maxsize=1)
def gray_lightness_table() -> NDArray[np.float32]:
    """Return L* of the 256 8-bit grays, float32, read-only."""
    linear = linear_from_srgb(np.arange(256) / 255.0, np)
    lightness = np.clip(luminance_to_lightness(linear, np), 0.0, 100.0)
    table: NDArray[np.float32] = lightness.astype(np.float32)
    table.setflags(write=False)
    return table


def luminance_to_lightness(luminance: Any, xp: Any) -> Any:
    """Return L* in [0, 100] of a relative luminance Y/Yn in [0, 1]."""
    return 116.0 * _lab_f(luminance, xp) - 16.0


def linear_from_srgb(value: Any, xp: Any) -> Any:
    """Undo the sRGB transfer curve: encoded [0, 1] to linear light [0, 1]."""
    # The clipped base keeps the unused branch of `where` free of NaN (and of NaN gradients).
    curve = ((xp.clip(value, 0.04045, None) + 0.055) / 1.055) ** 2.4
    return xp.where(value > 0.04045, curve, value / 12.92)


def srgb_from_linear(value: Any, xp: Any) -> Any:
    """Apply the sRGB transfer curve: linear light [0, 1] to encoded [0, 1]; not clipped."""
    curve = 1.055 * xp.clip(value, 0.0031308, None) ** (1.0 / 2.4) - 0.055
    return xp.where(value > 0.0031308, curve, value * 12.92)


def _lab_f(t: Any, xp: Any) -> Any:
    """Return CIELAB's cube root with its linear foot (CIE 15:2004, eq. 8.6)."""
    root = xp.clip(t, _DELTA**3, None) ** (1.0 / 3.0)
    return xp.where(t > _DELTA**3, root, t / (3.0 * _DELTA**2) + 4.0 / 29.0)


def _lab_f_inverse(f: Any, xp: Any) -> Any:
    """Invert `_lab_f` without a branch: the foot is the tangent of the cube at 6/29."""
    g = xp.clip(f, _DELTA, None)
    return g * g * g + (f - g) * (3.0 * _DELTA**2)


def linear_planes(lightness: Any, a: Any, b: Any, xp: Any) -> tuple[Any, Any, Any]:
    """Return linear R, G and B (unclipped) of the planes L*, a* and b*."""
    fy = lightness * (1.0 / 116.0) + (16.0 / 116.0)
    y = _lab_f_inverse(fy, xp)
    x = _lab_f_inverse(a * (1.0 / 500.0) + fy, xp)
    z = _lab_f_inverse(b * (-1.0 / 200.0) + fy, xp)
    red, green, blue = (m[0] * x + m[1] * y + m[2] * z for m in _TO_RGB)
    return red, green, blue
