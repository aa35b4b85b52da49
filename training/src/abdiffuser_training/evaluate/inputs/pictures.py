"""Pictures to measure on: central squares of one size, as lightness and chroma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from abdiffuser_training.data.shards import Sample, read_shard, shard_keys
from napari_abdiffuser.imaging.colorspace import srgb_to_lab

__all__ = ["Picture", "PictureSet", "evenly", "load_set", "square", "to_picture"]


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


def evenly(count: int, limit: int | None) -> list[int]:
    """Positions of at most `limit` of `count` items, spread evenly; all without a limit."""
    if limit is None or limit >= count:
        return list(range(count))
    return [i * count // limit for i in range(limit)]


@dataclass(frozen=True)
class PictureSet:
    """Pictures chosen from shards, and what is needed to draw the hints of the whole set.

    Attributes
    ----------
    pictures : tuple of Picture
        The chosen ones, in the order of the set.
    places : tuple of int
        Their places among all pictures of the set: hints follow the place, so that those of a few
        pictures are the same as when all are measured.
    total : int
        Number of pictures in the set.
    """

    pictures: tuple[Picture, ...]
    places: tuple[int, ...]
    total: int


def load_set(
    paths: Sequence[str | Path],
    size: int,
    limit: int | None = None,
    holdout: int | None = None,
) -> PictureSet:
    """Read shards or folders as square pictures.

    Parameters
    ----------
    paths : sequence of str or Path
        See `read_shard`. With several, keys begin with the shard's name.
    size : int
        Side of the pictures, pixels.
    limit : int, optional
        Only so many of each shard, spread evenly over its keys.
    holdout : int, optional
        Only the last so many keys of each shard.

    Returns
    -------
    PictureSet
        Shard after shard, each sorted by key.
    """
    pictures: list[Picture] = []
    places: list[int] = []
    total = 0
    stems = [Path(path).stem for path in paths]
    for number, path in enumerate(paths):
        keys = shard_keys(path, holdout)
        chosen = evenly(len(keys), limit)
        place_of = {key: place for place, key in enumerate(keys)}
        stem = stems[number]
        # Two shards may have one name, and no two pictures the same key.
        again = f"-{stems[:number].count(stem) + 1}" if stem in stems[:number] else ""
        prefix = f"{stem}{again}/" if len(paths) > 1 else ""
        for sample in read_shard(path, keys={keys[i] for i in chosen}):
            picture = to_picture(sample, size)
            pictures.append(replace(picture, key=prefix + picture.key))
            # Broken pictures are left out, and those after them keep their hints.
            places.append(total + place_of[sample.key])
        total += len(keys)
    return PictureSet(tuple(pictures), tuple(places), total)
