"""Pictures held in memory as bytes, and random crops of them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Crop", "Item", "random_crop", "read_items"]

_MAX_SIDE = 640


@dataclass(frozen=True)
class Item:
    """One decoded picture.

    Attributes
    ----------
    key : str
        Name within its shard.
    image : Image.Image
        RGB, or L where the picture is gray.
    instances, classes : Image.Image or None
        Region numbers (mode I;16 or L), zero is the ground.
    """

    key: str
    image: Image.Image
    instances: Image.Image | None = None
    classes: Image.Image | None = None


@dataclass(frozen=True)
class Crop:
    """A square crop: (S, S, 3) uint8, and (S, S) int32 region maps where there are masks."""

    rgb: NDArray[np.uint8]
    instances: NDArray[np.int32] | None
    classes: NDArray[np.int32] | None


def _shrunk(image: Image.Image, resample: Image.Resampling) -> Image.Image:
    scale = _MAX_SIDE / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, resample)


def read_items(path: Path) -> Iterator[Item]:
    """Decode a WebDataset tar shard: ``key.jpg|png`` with ``key.mask.png``, ``key.class.png``.

    Parameters
    ----------
    path : Path
        The shard.

    Yields
    ------
    Item
        In the order of the keys.
    """
    parts: dict[str, dict[str, bytes]] = {}
    with tarfile.open(path) as tar:
        for member in tar:
            handle = tar.extractfile(member) if member.isfile() else None
            if handle is not None:
                key, _, extension = member.name.partition(".")
                parts.setdefault(key, {})[extension.lower()] = handle.read()
    for key in sorted(parts):
        files = parts[key]
        picture = next((files[e] for e in ("jpg", "jpeg", "png") if e in files), None)
        if picture is None:
            continue
        image: Image.Image = Image.open(io.BytesIO(picture))
        image = image if image.mode == "L" else image.convert("RGB")
        regions = [
            _shrunk(Image.open(io.BytesIO(files[e])), Image.Resampling.NEAREST)
            if e in files
            else None
            for e in ("mask.png", "class.png")
        ]
        yield Item(key, _shrunk(image, Image.Resampling.LANCZOS), *regions)


def random_crop(item: Item, size: int, rng: np.random.Generator, zoom: float = 2.5) -> Crop:
    """Square crop of a random scale and place, flipped and turned at random.

    Parameters
    ----------
    item : Item
        The picture.
    size : int
        Side of the crop, pixels.
    rng : numpy.random.Generator
        Source of randomness.
    zoom : float
        The crop shows between the picture's whole shorter side and that divided by `zoom`,
        log-uniformly, but never fewer than `size` / 1.5 pixels of the original.

    Returns
    -------
    Crop
        Of `size` x `size`.
    """
    shorter = min(item.image.size)
    side = int(shorter / zoom ** rng.random())
    side = min(shorter, max(side, int(size / 1.5)))
    left = int(rng.integers(item.image.width - side + 1))
    top = int(rng.integers(item.image.height - side + 1))
    box = (left, top, left + side, top + side)
    flips = int(rng.integers(8))

    def cut(image: Image.Image, resample: Image.Resampling) -> NDArray[np.generic]:
        array = np.asarray(image.resize((size, size), resample, box=box))
        array = np.rot90(array, flips % 4)
        return array[:, ::-1] if flips >= 4 else array

    rgb = cut(item.image, Image.Resampling.BICUBIC).astype(np.uint8)
    if rgb.ndim == 2:
        rgb = np.repeat(rgb[..., None], 3, axis=2)
    regions = [
        None if r is None else cut(r, Image.Resampling.NEAREST).astype(np.int32)
        for r in (item.instances, item.classes)
    ]
    return Crop(rgb, *regions)
