"""Signal of a picture: 8-bit gray, other grays or colour, behind one interface.

For each: the L* that its pixels are shown with, and a signal, one number a pixel before any
quantization, from which the network's view is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.imaging.conversion import (
    LUMINANCE,
    gray_lightness_table,
    linear_from_srgb,
    luminance_to_lightness,
    srgb_from_linear,
)

__all__ = ["Signal", "finite", "signal_of", "unit"]

Array = NDArray[Any]
_DEEP = 65535


@dataclass(frozen=True)
class Signal:
    """How to read the blocks of one picture.

    Attributes
    ----------
    mapping : str
        'srgb-gray', 'srgb', 'contrast_limits' or 'data-range'.
    limits : (float, float)
        Pixel values shown as black and white.
    data_range : (float, float)
        Smallest and largest value of the signal.
    n_invalid : int
        Number of pixels that are NaN or infinite.
    display : callable
        Block of the picture -> float32 L*, [0, 100].
    values : callable
        Block of the picture -> the signal, float; invalid pixels have any value.
    """

    mapping: str
    limits: tuple[float, float]
    data_range: tuple[float, float]
    n_invalid: int
    display: Callable[[Array], NDArray[np.float32]]
    values: Callable[[Array], Array]


def signal_of(picture: Array, limits: tuple[float, float] | None, blocks: list[slice]) -> Signal:
    """Choose how to read a picture, (H, W) or (H, W, 3|4), and look once at all of its values.

    Raises
    ------
    InvalidImage
        If no pixel is finite.
    """
    if picture.ndim == 3:
        picture = picture[..., :3]
    low, high, n_invalid = _survey(picture[rows] for rows in blocks)
    if picture.ndim == 3:
        return _color(picture.dtype, low, high, n_invalid)
    if picture.dtype.kind == "b" or picture.dtype == np.uint8:
        return _gray8(picture.dtype, low, high)
    if limits is not None:
        floor, ceiling = (min(max(v, limits[0]), limits[1]) for v in (low, high))
        return _deep_gray("contrast_limits", limits, (floor, ceiling), n_invalid)
    return _deep_gray("data-range", (low, high), (low, high), n_invalid)


def _gray8(dtype: np.dtype[Any], low: float, high: float) -> Signal:
    table = gray_lightness_table()
    if dtype.kind == "b":
        table = table[[0, 255]]

    def display(block: Array) -> NDArray[np.float32]:
        # True is not always the byte 1: Pillow's 1-bit pictures hold 255.
        index = block != 0 if dtype.kind == "b" else block
        return np.take(table, index.astype(np.uint8, copy=False))

    def values(block: Array) -> Array:
        return block.astype(np.float32)

    white = 1.0 if dtype.kind == "b" else 255.0
    return Signal("srgb-gray", (0.0, white), (low, high), 0, display, values)


def _deep_gray(
    mapping: str, limits: tuple[float, float], data_range: tuple[float, float], n_invalid: int
) -> Signal:
    table = gray_lightness_table()

    def display(block: Array) -> NDArray[np.float32]:
        return np.take(table, _to_8bit(unit(_floats(block, limits), *limits)))

    def values(block: Array) -> Array:
        return np.clip(_floats(block, limits), *limits)

    return Signal(mapping, limits, data_range, n_invalid, display, values)


def _color(dtype: np.dtype[Any], low: float, high: float, n_invalid: int) -> Signal:
    limits = _color_limits(dtype, low, high)

    def luminance(channels: Array, steps: int) -> NDArray[np.float32]:
        index = (channels * steps + 0.5).astype(np.intp)
        linear = np.take(_linear_table(steps), index)
        red, green, blue = LUMINANCE
        y: NDArray[np.float32] = red * linear[..., 0]
        y += green * linear[..., 1]
        y += blue * linear[..., 2]
        return y

    def display(block: Array) -> NDArray[np.float32]:
        y = luminance(unit(_floats(block[..., :3], limits), *limits), 255)
        # Rounding can leave white a hair above 1.
        lightness = np.clip(luminance_to_lightness(y, np), 0.0, 100.0)
        return np.where(_any_nan(block), np.float32(0.0), lightness)

    def values(block: Array) -> Array:
        y = luminance(unit(_floats(block[..., :3], limits), *limits), _DEEP)
        return np.asarray(srgb_from_linear(y, np))

    # The signal's own range would take another pass, and only matters without contrast.
    span = (0.0, 1.0) if low < high else (0.0, 0.0)
    return Signal("srgb", limits, span, n_invalid, display, values)


def _color_limits(dtype: np.dtype[Any], low: float, high: float) -> tuple[float, float]:
    """Return channel values that are no light and full light."""
    if dtype.kind in "fb":
        usual: tuple[float, ...] = (1.0,)
    elif dtype.itemsize == 1:
        usual = (255.0,)
    elif dtype == np.uint16:
        usual = (65535.0,)
    else:  # wide integers mostly hold what once was 8 or 16 bits
        usual = (255.0, 65535.0)
    for white in usual:
        if low >= 0.0 and high <= white:
            return 0.0, white
    return low, high


def _survey(blocks: Iterable[Array]) -> tuple[float, float, int]:
    """Return the smallest and largest finite value, and the number of invalid pixels."""
    low, high, n_invalid = math.inf, -math.inf, 0
    for block in blocks:
        kept = block
        if block.dtype.kind == "f":
            good = finite(block)
            bad = good.size - int(np.count_nonzero(good))
            if bad:
                n_invalid += bad
                kept = block[good]
        if kept.size:
            low, high = min(low, float(kept.min())), max(high, float(kept.max()))
    if low > high:
        raise InvalidImage(
            "No pixel of the image is finite: check how it was read or computed; it needs numbers."
        )
    return low, high, n_invalid


def finite(block: Array) -> NDArray[np.bool_]:
    """Tell where a block of the picture is finite in all of its channels, shape (h, w)."""
    if block.dtype.kind != "f":
        return np.ones(block.shape[:2], bool)
    good: NDArray[np.bool_] = np.isfinite(block)
    return good if block.ndim == 2 else _every(good[..., :3])


def _every(channels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return channels[..., 0] & channels[..., 1] & channels[..., 2]


def _any_nan(block: Array) -> NDArray[np.bool_]:
    if block.dtype.kind != "f":
        return np.zeros(block.shape[:2], bool)
    return ~_every(~np.isnan(block[..., :3]))


def _floats(block: Array, limits: tuple[float, float]) -> Array:
    """Return float32 where that is exact and nothing can overflow, else float64."""
    low, high = limits
    small = block.dtype.itemsize <= 2 and max(-low, high) < 1e30 and high - low > 1e-30
    with np.errstate(over="ignore"):  # long doubles beyond float64 become infinite
        return block.astype(np.float32 if small else np.float64)


def unit(values: Array, low: float, high: float) -> Array:
    """Map [low, high] to [0, 1] and clip; NaN is 0. One value alone is black if 0, else gray."""
    if low == high:
        middle = 0.0 if low == 0.0 else 0.5
        scaled = np.where(values > low, 1.0, np.where(values < low, 0.0, middle))
    elif math.isfinite(high - low):
        scaled = (np.clip(values, low, high) - low) / (high - low)
    else:
        scaled = (0.5 * np.clip(values, low, high) - 0.5 * low) / (0.5 * high - 0.5 * low)
    return np.where(np.isnan(values), 0.0, scaled)


def _to_8bit(unit: Array) -> NDArray[np.uint8]:
    return (unit * 255.0 + 0.5).astype(np.uint8)


@lru_cache(maxsize=2)
def _linear_table(steps: int) -> NDArray[np.float32]:
    """Return linear light of sRGB values 0, 1/steps, … 1."""
    linear = linear_from_srgb(np.arange(steps + 1) / steps, np)
    table: NDArray[np.float32] = np.asarray(linear, np.float32)
    table.setflags(write=False)
    return table
