"""Pictures to measure on: central squares of one size, as lightness and chroma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from abdiffuser_training.data.shards import Sample, read_shard
from napari_abdiffuser.imaging.colorspace import srgb_to_lab

__all__ = ["Picture", "load_pictures", "square", "to_picture"]


@dataclass(frozen=True)
class Picture:
    """A picture to measure on.

    Attributes
    ----------
    key : str
        Its name.
    rgb : ndarray of uint8
        (S, S, 3), the truth.
    lightness : ndarray of float32
        (S, S), L* of the truth in [0, 100].
    chroma : ndarray of float32
        (S, S, 2), a* and b* of the truth.
    mask : ndarray of int32 or None
        (S, S) region numbers, zero is the ground.
    """

    key: str
    rgb: NDArray[np.uint8]
    lightness: NDArray[np.float32]
    chroma: NDArray[np.float32]
    mask: NDArray[np.int32] | None = None


def square(array: NDArray[Any], size: int, resample: Image.Resampling) -> NDArray[Any]:
    """Largest central square of a picture (H, W) or (H, W, 3), resized to `size` pixels."""
    height, width = array.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    image = Image.fromarray(array[top : top + side, left : left + side])
    return np.asarray(image.resize((size, size), resample))


def to_picture(sample: Sample, size: int) -> Picture:
    """Crop and resize a sample (bicubic; its mask by nearest neighbours) and convert it."""
    rgb = square(sample.image, size, Image.Resampling.BICUBIC).astype(np.uint8)
    lab = srgb_to_lab(rgb / 255).astype(np.float32)
    regions = None
    if sample.mask is not None:
        regions = square(sample.mask, size, Image.Resampling.NEAREST).astype(np.int32)
    return Picture(sample.key, rgb, lab[..., 0].clip(0, 100), lab[..., 1:], regions)


def load_pictures(
    paths: Sequence[str | Path],
    size: int = 192,
    limit: int | None = None,
    holdout: int | None = None,
) -> list[Picture]:
    """Read shards or folders as square pictures.

    Parameters
    ----------
    paths : sequence of str or Path
        See `read_shard`.
    size : int
        Side of the pictures, pixels.
    limit : int, optional
        Only so many of each shard.
    holdout : int, optional
        Only the last so many keys of each shard.

    Returns
    -------
    list of Picture
        Shard after shard, each sorted by key.
    """
    return [
        to_picture(sample, size)
        for path in paths
        for sample in read_shard(path, limit=limit, holdout=holdout)
    ]
