"""Checks and pixel-wise changes of existing colourings."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidImage, InvalidRequest
from napari_abdiffuser.imaging.colorspace import render, srgb_to_lab

__all__ = [
    "checked_mask",
    "checked_rgb",
    "digest",
    "grayed",
    "saturated",
]

_BLOCK = 1 << 18  # pixels at a time


def checked_rgb(rgb: ArrayLike, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Give a colouring back if it is one of a picture of this shape, else raise InvalidImage."""
    picture = np.asarray(rgb)
    if picture.dtype != np.uint8 or picture.shape != (*shape, 3):
        raise InvalidImage(
            f"A colouring of this picture is uint8 of shape {(*shape, 3)}, not {picture.dtype} of "
            f"shape {picture.shape}: give result.best or one of result.rgb."
        )
    return np.ascontiguousarray(picture)


def checked_mask(mask: ArrayLike, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Give a region back if it is one of a picture of this shape, else raise InvalidRequest."""
    region = np.asarray(mask)
    if region.dtype != np.bool_ or region.shape != shape:
        raise InvalidRequest(
            f"A region is a mask of booleans of shape {shape}, not {region.dtype} of shape "
            f"{region.shape}: draw it on this picture; for labels, labels == 1."
        )
    if not region.any():
        raise InvalidRequest("The region has no pixels: draw it on the picture.")
    return np.ascontiguousarray(region)


def digest(rgb: NDArray[np.uint8]) -> str:
    """Return the sha256 of a colouring's bytes, for provenance."""
    return hashlib.sha256(rgb.tobytes()).hexdigest()


def grayed(
    rgb: NDArray[np.uint8], region: NDArray[np.bool_], lightness: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Make a region gray, of the picture's own L*."""
    out = rgb.copy()
    light = lightness[region]
    out[region] = render(light, np.zeros((*light.shape, 2), np.float32))[0]
    return out


def saturated(
    rgb: NDArray[np.uint8], factors: NDArray[np.float32], lightness: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Multiply chroma by factors (H, W) at the picture's own L*; by one, the bytes are kept."""
    out = rgb.copy()
    for rows in _blocks(rgb.shape):
        changed = factors[rows] != 1
        if not changed.any():
            continue
        lab = srgb_to_lab(rgb[rows][changed].astype(np.float32) / np.float32(255))
        chroma = np.asarray(lab)[:, 1:] * factors[rows][changed][:, None]
        out[rows][changed] = render(lightness[rows][changed], chroma.astype(np.float32))[0]
    return out


def _blocks(shape: tuple[int, ...]) -> list[slice]:
    step = max(1, _BLOCK // shape[1])
    return [slice(at, at + step) for at in range(0, shape[0], step)]
