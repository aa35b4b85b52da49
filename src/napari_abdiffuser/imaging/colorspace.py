"""Displayable colours: gamut mapping at constant lightness and hue, and 8-bit rendering.

A colour that sRGB can show is never changed. Any other loses chroma at constant L* and hue until
sRGB can show it; nothing is ever clipped, which is what keeps the lightness of a picture. How much
chroma is left is one look-up in a table that bisection has filled; the few colours that the table
cannot decide (below) are bisected one by one.

Numpy arrays and torch tensors alike, see `napari_abdiffuser.imaging.conversion`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.conversion import (
    lab_to_srgb,
    lightness_of_gray8,
    linear_planes,
    srgb_from_linear,
    srgb_to_lab,
)

__all__ = [
    "CURVE_PAD",
    "CURVE_STEPS",
    "curve_table",
    "gamut_map",
    "lab_to_srgb",
    "lightness_of_gray8",
    "map_planes",
    "max_chroma_table",
    "render",
    "srgb_to_lab",
]

# The table: rows of 0.25 L*, columns of equal steps in the taxicab direction (1 + b/(|a| + |b|) on
# the right half-plane), 0.45 to 0.9 degrees of hue, whose price is a division, not an arctangent.
_ROWS, _COLUMNS = 400, 512
_REACH = 160.0  # beyond every sRGB colour: the largest chroma is that of blue, 134
_LARGEST = 1e9  # the cube of anything much larger overflows float32; no colour is near it

# Linear light may leave [0, 1] by this much and still count as displayable: the size of float32
# rounding in the conversion, and a sixth of an 8-bit level where levels are closest together.
_TOLERANCE = 5e-5

# sRGB's curve as a table over linear light: off by less than 0.11 of an 8-bit level at worst.
CURVE_STEPS, CURVE_PAD = 16384, 8

_NUMPY_BLOCK = 32768  # the dozen float32 planes of a block stay in the second-level cache
_DEVICE_BLOCK = 1 << 24  # elsewhere few large operations are best; about 1 GB of planes


def gamut_map(lightness: Any, chroma: Any) -> Any:
    """Bring colours into sRGB: same lightness, same hue, no more chroma than can be shown.

    Parameters
    ----------
    lightness : array, shape (...,) or the trailing part of it
        L*, [0, 100]; clipped to this range.
    chroma : array, shape (..., 2)
        a* and b*; NaN, infinity and anything beyond 1e9 count as gray.

    Returns
    -------
    array of float32, shape (..., 2)
        a* and b*. Displayable colours come back unchanged.

    Raises
    ------
    InvalidRequest
        If the shapes do not fit.
    """
    return _run(lightness, chroma, with_rgb=False)[1]


def render(lightness: Any, chroma: Any) -> tuple[Any, Any]:
    """Turn lightness and chroma into an 8-bit picture whose lightness is the one given.

    Parameters
    ----------
    lightness : array, shape (...,) or the trailing part of it
        L*, [0, 100]; (H, W) serves a batch of chroma (B, H, W, 2).
    chroma : array, shape (..., 2)
        a* and b*; NaN, infinity and anything beyond 1e9 count as gray.

    Returns
    -------
    rgb : array of uint8, shape (..., 3)
        sRGB. Its lightness is within 0.6 of the one given (0.25 is rounding to 8 bits), and zero
        chroma gives exactly the 8-bit gray of that lightness.
    chroma : array of float32, shape (..., 2)
        a* and b* after gamut mapping, before rounding to 8 bits.

    Raises
    ------
    InvalidRequest
        If the shapes do not fit.
    """
    return _run(lightness, chroma, with_rgb=True)


@lru_cache(maxsize=1)
def max_chroma_table() -> NDArray[np.float32]:
    """Return the largest chroma that sRGB can show, by lightness and direction, rounded down.

    Returns
    -------
    ndarray of float32, shape (400, 512), read-only
        Entry [i, j] can be shown everywhere in its cell: for every L* in [i, i + 1] / 4 and every
        direction in [j, j + 1] / 128, the direction being 1 + b*/(|a*| + |b*|) for a* >= 0 and
        3 - b*/(|a*| + |b*|) else. Near yellow at L* > 93 sRGB is not star-shaped (colours of
        smaller chroma can be missing); there it is the outermost chroma that can be shown.
    """
    lightness = np.linspace(0.0, 100.0, _ROWS + 1, dtype=np.float32)[:, None]
    direction = np.linspace(0.0, 4.0, _COLUMNS + 1, dtype=np.float32)[None, :]
    b = np.where(direction < 2.0, direction - 1.0, 3.0 - direction)
    a = np.where(direction < 2.0, 1.0, -1.0) * (1.0 - np.abs(b))
    unit = np.hypot(a, b)
    a, b = _REACH * a / unit, _REACH * b / unit
    start = np.zeros(np.broadcast_shapes(a.shape, lightness.shape), np.float32)
    bright = slice(int(0.92 * _ROWS), None)
    for scale in np.linspace(0.05, 0.95, 19, dtype=np.float32):  # past the gap near yellow
        shown = _displayable(linear_planes(lightness[bright], scale * a, scale * b, np), np, 0.0)
        start[bright][shown] = scale
    corners = _REACH * _largest_scale(lightness, a, b, np, start=start, tolerance=0.0)
    rows = np.minimum(corners[:-1], corners[1:])
    # Between its corners a cell can be lower than they are by 0.0004 (the straight edge of a
    # gamut slice is nearest at its middle).
    table: NDArray[np.float32] = np.clip(np.minimum(rows[:, :-1], rows[:, 1:]) - 0.002, 0, None)
    table.setflags(write=False)
    return table


@lru_cache(maxsize=1)
def curve_table() -> NDArray[np.uint8]:
    """Return the 8-bit levels of linear light ``(i - CURVE_PAD) / CURVE_STEPS``, read-only."""
    steps = np.arange(-CURVE_PAD, CURVE_STEPS + CURVE_PAD + 1) / CURVE_STEPS
    encoded = srgb_from_linear(np.clip(steps, 0.0, 1.0), np)
    table: NDArray[np.uint8] = np.round(255.0 * encoded).astype(np.uint8)
    table.setflags(write=False)
    return table


def _displayable(planes: tuple[Any, Any, Any], xp: Any, tolerance: float = _TOLERANCE) -> Any:
    red, green, blue = planes
    low = xp.minimum(xp.minimum(red, green), blue)
    high = xp.maximum(xp.maximum(red, green), blue)
    return (low >= -tolerance) & (high <= 1.0 + tolerance)


def _largest_scale(
    lightness: Any, a: Any, b: Any, xp: Any, *, start: Any, tolerance: float = _TOLERANCE
) -> Any:
    """Bisect for a factor in [start, 1] whose multiple of (a, b) is displayable; `start`'s is."""
    low, high = start, xp.ones_like(start)
    for _ in range(14):
        middle = 0.5 * (low + high)
        planes = linear_planes(lightness, middle * a, middle * b, xp)
        shown = _displayable(planes, xp, tolerance)
        low, high = xp.where(shown, middle, low), xp.where(shown, high, middle)
    return low


def _table_scale(lightness: Any, a: Any, b: Any, table: Any, xp: Any) -> Any:
    """Return the factor in [0, 1] that the table allows for each (a, b)."""
    taxicab = xp.clip(xp.abs(a) + xp.abs(b), 1e-12, None)
    tilt = b / taxicab * (_COLUMNS / 4)
    position = xp.where(a >= 0.0, tilt + (_COLUMNS / 4), (3 * _COLUMNS / 4) - tilt)
    column = xp.clip(xp.astype(position, xp.int64), 0, _COLUMNS - 1)
    row = xp.clip(xp.astype(lightness * (_ROWS / 100.0), xp.int64), 0, _ROWS - 1)
    limit = xp.take(table, row * _COLUMNS + column, axis=0)
    # Dividing the components first keeps the square of a huge chroma from overflowing.
    u, v = a / taxicab, b / taxicab
    return xp.clip(limit / xp.sqrt(u * u + v * v) / taxicab, None, 1.0)


def map_planes(
    lightness: Any, a: Any, b: Any, table: Any, xp: Any
) -> tuple[Any, Any, tuple[Any, Any, Any]]:
    """Map one-dimensional planes into the gamut; also gives their linear light.

    `lightness` lies in [0, 100], `table` is `max_chroma_table` flattened, all of one namespace.
    """
    small = (xp.abs(a) < _LARGEST) & (xp.abs(b) < _LARGEST)
    a, b = xp.where(small, a, 0.0), xp.where(small, b, 0.0)
    planes = linear_planes(lightness, a, b, xp)
    outside = xp.nonzero(~_displayable(planes, xp))[0]
    if outside.shape[0] == 0:
        return a, b, planes
    light, a_out, b_out = (xp.take(plane, outside, axis=0) for plane in (lightness, a, b))
    scale = _table_scale(light, a_out, b_out, table, xp)
    a_out, b_out = scale * a_out, scale * b_out
    mapped = linear_planes(light, a_out, b_out, xp)
    left = xp.nonzero(~_displayable(mapped, xp))[0]
    if left.shape[0] > 0:  # in the gap near yellow
        rest, a_rest, b_rest = (xp.take(plane, left, axis=0) for plane in (light, a_out, b_out))
        scale = _largest_scale(rest, a_rest, b_rest, xp, start=xp.zeros_like(rest))
        a_rest, b_rest = scale * a_rest, scale * b_rest
        a_out[left], b_out[left] = a_rest, b_rest
        _put(mapped, left, linear_planes(rest, a_rest, b_rest, xp))
    a[outside], b[outside] = a_out, b_out
    _put(planes, outside, mapped)
    return a, b, planes


def _put(planes: tuple[Any, Any, Any], where: Any, values: tuple[Any, Any, Any]) -> None:
    for plane, value in zip(planes, values, strict=True):
        plane[where] = value


def _run(lightness: Any, chroma: Any, *, with_rgb: bool) -> tuple[Any, Any]:
    """Check the shapes and choose the arrays to work on."""
    xp = array_api_compat.array_namespace(lightness, chroma)
    shape = tuple(chroma.shape)
    if shape[-1:] != (2,) or tuple(lightness.shape) != shape[-1 - lightness.ndim : -1]:
        raise InvalidRequest(
            f"lightness has shape {tuple(lightness.shape)} and chroma {shape}: give a* and b* in "
            "the last axis of chroma, and lightness the axes before it."
        )
    device = array_api_compat.device(chroma)
    if array_api_compat.is_torch_array(chroma) and str(device) == "cpu":
        # The same memory seen as numpy arrays: blocks that stay in the cache are several times
        # faster than torch's whole-array operations. (numpy has no bfloat16, hence the cast.)
        light, pairs = (
            np.asarray(xp.astype(x.detach(), xp.float32, copy=False)) for x in (lightness, chroma)
        )
        rgb, mapped = _run_blocks(light, pairs, device="cpu", with_rgb=with_rgb)
        return xp.asarray(rgb), xp.asarray(mapped)
    return _run_blocks(lightness, chroma, device=device, with_rgb=with_rgb)


def _run_blocks(lightness: Any, chroma: Any, *, device: Any, with_rgb: bool) -> tuple[Any, Any]:
    """Map, and render where asked, block by block: memory stays that of the results."""
    xp = array_api_compat.array_namespace(chroma)
    pairs = xp.reshape(chroma, (-1, 2))
    light = xp.reshape(lightness, (-1,))
    n, period = pairs.shape[0], light.shape[0]
    mapped = xp.empty((n, 2), dtype=xp.float32, device=device)
    rgb = xp.empty((n if with_rgb else 0, 3), dtype=xp.uint8, device=device)
    # Copies, because torch warns of read-only arrays.
    table = xp.asarray(max_chroma_table().reshape(-1).copy(), device=device)
    curve = xp.asarray(curve_table().copy(), device=device)

    def work(span: tuple[int, int]) -> None:
        start, stop = span
        level = xp.astype(light[start % period : start % period + stop - start], xp.float32)
        level = xp.clip(xp.where(xp.isnan(level), 0.0, level), 0.0, 100.0)
        block = xp.astype(pairs[start:stop, :], xp.float32)
        a, b, planes = map_planes(level, block[:, 0], block[:, 1], table, xp)
        mapped[start:stop, 0], mapped[start:stop, 1] = a, b
        if with_rgb:
            for channel, plane in enumerate(planes):
                index = xp.astype(plane * CURVE_STEPS + (CURVE_PAD + 0.5), xp.int64)
                rgb[start:stop, channel] = xp.take(curve, index, axis=0)

    _for_each_block(work, n, period, in_numpy=array_api_compat.is_numpy_array(chroma))
    head = tuple(chroma.shape[:-1])
    return xp.reshape(rgb, (*head, 3) if with_rgb else (0, 3)), xp.reshape(mapped, (*head, 2))


def _for_each_block(
    work: Callable[[tuple[int, int]], None], n: int, period: int, *, in_numpy: bool
) -> None:
    """Call `work` on spans of pixels, none of which crosses from one picture to the next."""
    size = _NUMPY_BLOCK if in_numpy else _DEVICE_BLOCK
    spans = [
        (first + start, first + min(start + size, period))
        for first in range(0, n, max(period, 1))
        for start in range(0, period, size)
    ]
    if not in_numpy or len(spans) < 4:
        for span in spans:
            work(span)
        return
    # numpy lets go of the interpreter lock within a block; more threads only wait for memory.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        list(pool.map(work, spans))
