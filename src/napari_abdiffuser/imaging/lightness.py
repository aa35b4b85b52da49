"""Lightness of a picture: L* as displayed, and L* for the network.

Everything goes block by block: beside the picture and the results only a few megabytes are used.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.imaging.conversion import linear_from_srgb, luminance_to_lightness
from napari_abdiffuser.imaging.exclusion import checked_exclusion, describe_exclusion, mirror_into
from napari_abdiffuser.imaging.picture import as_picture, checked_limits, computed, masked_pixels
from napari_abdiffuser.imaging.signals import Signal, finite, signal_of, unit

__all__ = ["Lightness", "display_range", "lightness_digest", "to_lightness"]

# What the network sees runs from black to white between these percentiles: detectors have a few
# hot and dead pixels, and a picture's banner is pure white.
_PERCENTILES = (0.35, 99.65)
_SHOWN = (0.1, 99.9)  # percentiles of what is shown from black to white, for the same reason
_SAMPLES = 1 << 20  # pixels that the percentiles are taken from, on a regular grid
_BLOCK = 1 << 18  # pixels at a time

_GRAY_STEPS = 16384
_TILE, _HALO = 2048, 128  # for filling invalid pixels


@dataclass(frozen=True)
class Lightness:
    """The lightness of a picture.

    Attributes
    ----------
    display : ndarray of float32, shape (H, W)
        L* of the output, [0, 100]. An 8-bit picture's own gray values define it; other depths are
        quantized to 8-bit grays first. NaN and -inf are 0, +inf is 100.
    network : ndarray of float32, shape (H, W)
        L* for the network, [0, 100]: the values before quantization, stretched between
        percentiles, with invalid pixels filled from their nearest valid ones.
    valid : ndarray of bool, shape (H, W), or None
        False where the picture is NaN, infinite or masked; None if it is so nowhere.
    report : dict
        What was done, JSON-serializable: ``dtype``, ``shape``; ``mapping`` ('srgb-gray', 'srgb',
        'contrast_limits', 'data-range') and the ``limits`` shown as black and white;
        ``contrast_limits_ignored``, ``alpha_ignored``, ``n_invalid``, ``constant`` and
        ``network_limits`` (of the stretch; None: not stretched); ``lightness_sha256``, which tells
        this picture from others, see `lightness_digest`; ``excluded``, only if there is
        any: ``shape`` and ``rle`` as in a hints file.
    excluded : ndarray of bool, shape (H, W), or None
        True where the picture shows no specimen.
    """

    display: NDArray[np.float32]
    network: NDArray[np.float32]
    valid: NDArray[np.bool_] | None
    report: dict[str, Any]
    excluded: NDArray[np.bool_] | None = None


def to_lightness(
    image: ArrayLike,
    contrast_limits: tuple[float, float] | None = None,
    exclude: NDArray[np.bool_] | None = None,
) -> Lightness:
    """Take the lightness of any picture.

    Parameters
    ----------
    image : array-like, shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
        Real numbers of any type. bool and uint8 are sRGB grays. Other grays are mapped to 8-bit
        sRGB grays, from the contrast limits if there are any, else from the smallest and largest
        finite value. Colours are sRGB: uint8 and uint16 over their whole range, floats in [0, 1],
        anything beyond from the smallest to the largest value; alpha is ignored. Masked pixels of
        a ``numpy.ma`` array count as NaN.
    contrast_limits : (float, float), optional
        Values shown as black and white. Ignored for 8-bit and colour pictures.
    exclude : ndarray of bool, shape (H, W), optional
        True where the picture shows no specimen, such as a data bar: the network sees the picture
        mirrored there, and its stretch does not heed these pixels.

    Returns
    -------
    Lightness

    Raises
    ------
    InvalidImage
        If it is empty, not made of real numbers, not of such a shape, or nowhere finite, or the
        contrast limits are not two increasing finite numbers, or the exclusion does not fit.
    """
    image = computed(image)
    picture = as_picture(image)
    limits = checked_limits(contrast_limits)
    shape: tuple[int, int] = picture.shape[:2]
    left_out = checked_exclusion(exclude, shape)
    hidden = masked_pixels(image)
    signal = signal_of(picture, limits, list(_row_blocks(shape)))
    stretch = _stretch(signal, picture, [m for m in (left_out, hidden) if m is not None])
    display, network = np.empty(shape, np.float32), np.empty(shape, np.float32)
    valid = np.ones(shape, bool) if signal.n_invalid or hidden is not None else None
    digest = _Digest(shape)
    for rows in _row_blocks(shape):
        block = picture[rows]
        display[rows] = signal.display(block)
        digest.add(display[rows])
        if valid is not None:
            valid[rows] = finite(block)
        if stretch is None:
            network[rows] = display[rows]
        else:
            network[rows] = _gray_lightness(unit(signal.values(block), *stretch))
    if valid is not None:
        if hidden is not None:
            display[hidden], valid[hidden] = 0.0, False
        _fill(network, valid)
    report = _report(picture, limits, signal, stretch, valid)
    report["lightness_sha256"] = digest.hex
    if left_out is not None:
        mirror_into(network, left_out)
        report["excluded"] = describe_exclusion(left_out)
    return Lightness(display, network, valid, report, left_out)


def display_range(image: ArrayLike, foot: int | None = None) -> tuple[float, float] | None:
    """Choose which values of a deep gray picture are shown as black and white.

    Parameters
    ----------
    image : array-like
        As for `to_lightness`.
    foot : int, optional
        First row of a data bar at the picture's foot, which does not count.

    Returns
    -------
    (float, float) or None
        Percentiles that a few hot pixels do not move; None for 8-bit and colour pictures, which
        are shown as they are, and where all values are one.
    """
    picture = as_picture(image)
    if picture.ndim == 3 or picture.dtype.kind == "b" or picture.dtype == np.uint8:
        return None
    specimen = picture[: foot or None]
    step = max(1, math.isqrt(specimen.size // _SAMPLES))
    sample = specimen[::step, ::step]
    values = sample[np.isfinite(sample)]
    if values.size == 0:
        return None
    low, high = (float(v) for v in np.percentile(values, _SHOWN, method="nearest"))
    return (low, high) if low < high else None


def lightness_digest(image: ArrayLike, contrast_limits: tuple[float, float] | None = None) -> str:
    """Tell one picture from another by its lightness: the report's ``lightness_sha256``.

    Parameters
    ----------
    image, contrast_limits
        As for `to_lightness`; it is the same for a deep picture and for the 8-bit grays that it is
        shown as.

    Returns
    -------
    str
        Hexadecimal.
    """
    picture = as_picture(computed(image))
    shape: tuple[int, int] = picture.shape[:2]
    blocks = list(_row_blocks(shape))
    signal = signal_of(picture, checked_limits(contrast_limits), blocks)
    digest = _Digest(shape)
    for rows in blocks:
        digest.add(signal.display(picture[rows]))
    return digest.hex


class _Digest:
    """SHA-256 of a lightness in 256 steps, block by block."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._sha = hashlib.sha256(repr(shape).encode())

    def add(self, block: NDArray[np.float32]) -> None:
        self._sha.update((block * 2.55 + 0.5).astype(np.uint8).tobytes())

    @property
    def hex(self) -> str:
        return self._sha.hexdigest()


def _report(
    picture: NDArray[Any],
    limits: tuple[float, float] | None,
    signal: Signal,
    stretch: tuple[float, float] | None,
    valid: NDArray[np.bool_] | None,
) -> dict[str, Any]:
    return {
        "dtype": str(picture.dtype),
        "shape": list(picture.shape),
        "mapping": signal.mapping,
        "limits": list(signal.limits),
        "contrast_limits_ignored": limits is not None and signal.mapping != "contrast_limits",
        "alpha_ignored": picture.ndim == 3 and picture.shape[2] == 4,
        "n_invalid": 0 if valid is None else int(np.count_nonzero(~valid)),
        "constant": stretch is None,
        "network_limits": None if stretch is None else list(stretch),
    }


def _row_blocks(shape: tuple[int, int]) -> Iterator[slice]:
    step = max(1, _BLOCK // shape[1])
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def _stretch(
    signal: Signal, picture: NDArray[Any], excluded: list[NDArray[np.bool_]]
) -> tuple[float, float] | None:
    """Return what the network sees as black and white; None for a picture without contrast."""
    step = max(1, math.isqrt(picture.shape[0] * picture.shape[1] // _SAMPLES))
    sample = picture[::step, ::step]
    usable = finite(sample)
    for mask in excluded:
        usable = usable & ~mask[::step, ::step]
    values = signal.values(sample)[usable]
    if values.size == 0:  # the grid met none of the finite pixels
        values = np.array(signal.data_range)
    # One of the values itself: interpolating between huge ones would overflow.
    low, high = (float(v) for v in np.percentile(values, _PERCENTILES, method="nearest"))
    if low == high:
        low, high = signal.data_range
    return (low, high) if low < high else None


@lru_cache(maxsize=1)
def _gray_table() -> NDArray[np.float32]:
    """Return L* of sRGB grays in steps fine enough (0.01 L*) for a network."""
    gray = np.arange(_GRAY_STEPS + 1) / _GRAY_STEPS
    lightness = luminance_to_lightness(linear_from_srgb(gray, np), np)
    table: NDArray[np.float32] = np.clip(lightness, 0.0, 100.0).astype(np.float32)
    table.setflags(write=False)
    return table


def _gray_lightness(gray: NDArray[Any]) -> NDArray[np.float32]:
    """Return L* of sRGB grays in [0, 1]."""
    return np.take(_gray_table(), (gray * _GRAY_STEPS + 0.5).astype(np.intp))


def _fill(network: NDArray[np.float32], valid: NDArray[np.bool_]) -> None:
    """Give invalid pixels the value of the nearest valid one, tile by tile and in place."""
    from scipy.ndimage import distance_transform_edt

    default = float(network[valid].mean(dtype=np.float64))
    height, width = valid.shape
    for y in range(0, height, _TILE):
        for x in range(0, width, _TILE):
            core = slice(y, y + _TILE), slice(x, x + _TILE)
            if valid[core].all():
                continue
            top, left = max(y - _HALO, 0), max(x - _HALO, 0)
            around = slice(top, y + _TILE + _HALO), slice(left, x + _TILE + _HALO)
            if not valid[around].any():
                network[core] = default
                continue
            row, column = distance_transform_edt(
                ~valid[around], return_distances=False, return_indices=True
            )[:, y - top :, x - left :][:, :_TILE, :_TILE]
            # Valid pixels are their own nearest ones, and only valid ones are read.
            network[core] = network[around][row, column]
