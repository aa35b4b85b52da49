"""Pictures held in memory as bytes, and random crops of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from abdiffuser_training.data.places import list_files
from abdiffuser_training.data.sample import Sample
from abdiffuser_training.data.shards import decode_files
from abdiffuser_training.prepare.read import resized
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Cut", "Item", "cut_pixels", "cut_regions", "draw_cut", "read_corpus", "read_items"]

_LOG = logging.getLogger(__name__)
_MAX_SIDE = 640


@dataclass(frozen=True)
class Item:
    """One decoded picture.

    Attributes
    ----------
    key : str
        Name within its shard.
    pixels : Tensor of uint8
        (3, H, W) sRGB, or (1, H, W) where the picture is gray; on any device.
    instances, classes : ndarray of uint16, or None
        (H, W) region numbers, zero is the ground; they stay in the main memory.
    """

    key: str
    pixels: Tensor
    instances: NDArray[np.uint16] | None = None
    classes: NDArray[np.uint16] | None = None

    @classmethod
    def of(cls, sample: Sample, max_side: int = _MAX_SIDE) -> Item:
        """Make an item of a sample, shrunk to a longer side of at most `max_side` pixels."""
        image = resized(sample.image, max_side)
        if (image == image[..., :1]).all():
            image = image[..., :1]
        regions = [
            None if r is None else resized(_numbered(r), max_side, nearest=True)
            for r in (sample.mask, sample.classes)
        ]
        # Channels side by side in memory: how the resampling of bytes is fastest.
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        return cls(sample.key, pixels, *regions)

    @property
    def nbytes(self) -> int:
        """Memory that it takes, bytes."""
        regions = (r.nbytes for r in (self.instances, self.classes) if r is not None)
        return self.pixels.nbytes + sum(regions)

    def to(self, device: torch.device | str) -> Item:
        """Give the same with its pixels on a device."""
        return replace(self, pixels=self.pixels.to(device))


def _numbered(regions: NDArray[np.int32]) -> NDArray[np.uint16]:
    """Region numbers in 16 bits; where they do not fit, numbered anew."""
    if regions.min() < 0 or regions.max() > 65535:
        values, index = np.unique(regions, return_inverse=True)
        regions = (np.cumsum(values != 0) * (values != 0))[index].reshape(regions.shape)
        regions = np.minimum(regions, 65535)
    return regions.astype(np.uint16)


def read_items(place: str | Path, workers: int = 1) -> Iterator[Item]:
    """Decode what is at a place.

    Parameters
    ----------
    place : str or Path
        A tar shard, its address, or a folder.
    workers : int
        Threads that decode.

    Yields
    ------
    Item
        In the order of the keys; broken pictures are logged and left out.

    Raises
    ------
    InvalidRequest
        If there is no picture.
    """

    def make(key: str) -> Item | None:
        sample = decode_files(place, key, files.pop(key))
        return None if sample is None else Item.of(sample)

    files = list_files(place)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        yield from (item for item in pool.map(make, list(files)) if item is not None)


def read_corpus(places: Sequence[str], workers: int = 1) -> Iterator[tuple[str, list[Item]]]:
    """Read one place after the other; one without anything that can be read is logged.

    Parameters
    ----------
    places : sequence of str
        Tar shards, addresses, folders.
    workers : int
        Threads that decode.

    Yields
    ------
    (str, list of Item)
        Place and pictures.

    Raises
    ------
    InvalidRequest
        At the end, if nothing could be read anywhere.
    """
    count = 0
    for place in places:
        try:
            items = list(read_items(place, workers))
        except InvalidRequest as error:
            _LOG.warning("a shard is left out: %s", error)
            items = []
        count += len(items)
        yield place, items
    if not count:
        raise InvalidRequest(f"nothing can be read at {_names(places)}: check the shards.")


def _names(places: Iterable[str]) -> str:
    names = [str(place) for place in places]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


@dataclass(frozen=True)
class Cut:
    """A square of a picture: its corner and side in pixels, and one of eight orientations."""

    top: int
    left: int
    side: int
    flips: int


def draw_cut(item: Item, size: int, rng: np.random.Generator, zoom: float = 2.5) -> Cut:
    """Draw a square of a random scale and place, flipped and turned at random.

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
    Cut
    """
    _, height, width = item.pixels.shape
    shorter = min(height, width)
    side = int(shorter / zoom ** rng.random())
    side = min(shorter, max(side, int(size / 1.5)))
    left = int(rng.integers(width - side + 1))
    top = int(rng.integers(height - side + 1))
    return Cut(top, left, side, int(rng.integers(8)))


def cut_pixels(item: Item, cut: Cut, size: int) -> Tensor:
    """Resample a square to `size` pixels, smoothly and without aliasing: (3 or 1, S, S) uint8."""
    part = item.pixels[:, cut.top : cut.top + cut.side, cut.left : cut.left + cut.side][None]
    # Only the CPU resamples bytes.
    values = part if part.device.type == "cpu" else part.float()
    made = F.interpolate(values, (size, size), mode="bicubic", antialias=True)[0]
    if made.dtype != torch.uint8:
        made = made.round().clamp(0, 255).to(torch.uint8)
    made = torch.rot90(made, cut.flips % 4, (1, 2))
    return made.flip(2) if cut.flips >= 4 else made


def cut_regions(
    regions: NDArray[np.uint16] | None, cut: Cut, size: int
) -> NDArray[np.int32] | None:
    """Take the same square of a map of regions, by nearest neighbours: (S, S) int32."""
    if regions is None:
        return None
    steps = ((np.arange(size) + 0.5) * (cut.side / size)).astype(np.intp)
    part = regions[cut.top + steps[:, None], cut.left + steps]
    part = np.rot90(part, cut.flips % 4)
    if cut.flips >= 4:
        part = part[:, ::-1]
    return part.astype(np.int32)
