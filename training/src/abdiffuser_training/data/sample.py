"""One picture of a shard with its masks, out of the bytes of its files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["PICTURES", "Sample", "decode"]

PICTURES = ("jpg", "jpeg", "png", "tif", "tiff", "webp")
"""Extensions of the picture itself."""

_DEEP = ("I;16", "I;16B", "I;16L", "I", "F")
_GRAY = ("1", "L", "LA", "La")


@dataclass(frozen=True)
class Sample:
    """One picture of a shard.

    Attributes
    ----------
    key : str
        Its name without extensions.
    image : ndarray of uint8
        (H, W, 3) sRGB; a gray picture has three equal channels.
    mask : ndarray of int32 or None
        (H, W) region numbers, zero is the ground; None where there is no ``key.mask.png``.
    classes : ndarray of int32 or None
        (H, W) class numbers, zero is the ground; None where there is no ``key.class.png``.
    """

    key: str
    image: NDArray[np.uint8]
    mask: NDArray[np.int32] | None = None
    classes: NDArray[np.int32] | None = None


def decode(key: str, files: Mapping[str, bytes]) -> Sample:
    """Decode a picture and its masks.

    Parameters
    ----------
    key : str
        The name.
    files : mapping of str to bytes
        Contents by extension: one of `PICTURES`, and perhaps ``mask.png`` and ``class.png``.

    Returns
    -------
    Sample

    Raises
    ------
    ValueError
        If a file is broken, or a mask is not as large as the picture.
    """
    picture = next(files[e] for e in PICTURES if e in files)
    try:
        image = _pixels(picture)
        regions = [_numbers(files[e]) if e in files else None for e in ("mask.png", "class.png")]
    except Exception as error:  # decoders raise whatever they run into on broken files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(reason) from error
    for region in regions:
        if region is not None and region.shape != image.shape[:2]:
            raise ValueError(f"its mask has shape {region.shape}, the picture {image.shape[:2]}")
    return Sample(key, image, *regions)


def _pixels(content: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as image:
        if image.mode in _DEEP:
            gray = np.asarray(image).astype(np.float64)
            low, high = float(gray.min()), float(gray.max())
            plane = np.round(255 * (gray - low) / max(high - low, 1e-12)).astype(np.uint8)
        elif image.mode in _GRAY:
            plane = np.asarray(image.convert("L"))
        else:
            return np.asarray(image.convert("RGB"))
    return np.repeat(plane[..., None], 3, axis=2)


def _numbers(content: bytes) -> NDArray[np.int32]:
    with Image.open(io.BytesIO(content)) as image:
        numbers = np.asarray(image)
    if numbers.ndim != 2:
        raise ValueError("its mask is a colour picture, not region numbers")
    return numbers.astype(np.int32)
