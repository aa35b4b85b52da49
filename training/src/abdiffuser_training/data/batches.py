"""Batches for the guide: lightness as the network sees it, and the chroma it must explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.color import rgb2lab

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.data.colourings import colour_regions
from abdiffuser_training.data.corpus import Crop, Item, random_crop, read_items
from abdiffuser_training.data.highlighting import highlighted
from abdiffuser_training.seeding import Purpose, generator

__all__ = ["Batch", "Mixture", "Source", "network_view"]

_HIGHLIGHTED = 0.45  # of the crops with masks


@dataclass(frozen=True)
class Source:
    """Some pictures and how often they are drawn.

    Attributes
    ----------
    items : sequence of Item
        The pictures.
    weight : float
        Share of the batches, relative to the other sources.
    native : bool
        Whether the pictures' own colours are worth learning as an automatic colouring.
    zoom : float
        See `random_crop`.
    """

    items: Sequence[Item]
    weight: float
    native: bool
    zoom: float = 2.5

    @classmethod
    def read(cls, settings: Mapping[str, object]) -> Source:
        """From a configuration: shards, weight, native, zoom, and `drop_last` held-out items."""
        shards = settings["shards"]
        assert isinstance(shards, list)
        items = [item for shard in shards for item in read_items(Path(str(shard)))]
        drop = int(str(settings.get("drop_last", 0)))
        return cls(
            items=items[: len(items) - drop],
            weight=float(str(settings["weight"])),
            native=bool(settings["native"]),
            zoom=float(str(settings.get("zoom", 2.5))),
        )


def network_view(
    lightness: NDArray[np.float32], rng: np.random.Generator | None
) -> NDArray[np.float32]:
    """Percentile contrast as the plugin applies it, jittered when a generator is given.

    Parameters
    ----------
    lightness : ndarray
        (H, W) L* in [0, 100].
    rng : numpy.random.Generator or None
        Jitters percentiles, gamma, inversion-free contrast and noise.

    Returns
    -------
    ndarray
        (H, W) float32 in [-1, 1].
    """
    tail = 0.35 if rng is None else float(rng.uniform(0, 1.0))
    low, high = np.percentile(lightness[::2, ::2], (tail, 100 - tail))
    view = ((lightness - low) / max(high - low, 1e-3)).clip(0, 1)
    if rng is not None:
        view = view ** np.float32(np.exp(rng.normal(0, 0.25)))
        if rng.random() < 0.3:
            noise = rng.normal(0, rng.uniform(0, 0.06), view.shape).astype(np.float32)
            view = (view + noise).clip(0, 1)
    return np.asarray(2 * view - 1, np.float32)


@dataclass(frozen=True)
class _Made:
    seen: NDArray[np.float32]
    lightness: NDArray[np.float32]
    chroma: NDArray[np.float32]
    native: bool
    boxes: NDArray[np.int64] | None


class Mixture:
    """Draws batches from several sources.

    Parameters
    ----------
    sources : sequence of Source
        Where pictures come from.
    seed : int
        Of the first batch's generator; every batch has its own, so a resumed run continues
        with the batches that it would have had.
    """

    def __init__(self, sources: Sequence[Source], seed: int) -> None:
        self.sources = [s for s in sources if s.weight > 0 and len(s.items)]
        weights = np.array([s.weight for s in self.sources])
        self._shares = weights / weights.sum()
        self._seed = seed

    def batch(self, step: int, count: int, size: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Batch of a step, or one process' part of it.

        Parameters
        ----------
        step : int
            Which batch.
        count : int
            Crops in the global batch.
        size : int
            Side of the crops, pixels.
        rank, world : int
            This process gets the crops `rank`, `rank` + `world`, … of the global batch; all
            parts together are what a single process gets.

        Returns
        -------
        Batch
        """
        indices = tuple(range(rank, count, world))
        made = [
            self._one(generator(Purpose.CROP, self._seed, step, index), size) for index in indices
        ]
        return Batch(
            torch.from_numpy(np.stack([m.seen for m in made])[:, None]),
            torch.from_numpy(np.stack([m.lightness for m in made])[:, None]),
            torch.from_numpy(np.stack([m.chroma for m in made])).permute(0, 3, 1, 2).contiguous(),
            torch.tensor([m.native for m in made]),
            torch.tensor([float(m.boxes is not None) for m in made]),
            tuple(m.boxes for m in made),
            indices,
        )

    def _one(self, rng: np.random.Generator, size: int) -> _Made:
        source = self.sources[int(rng.choice(len(self.sources), p=self._shares))]
        item = source.items[int(rng.integers(len(source.items)))]
        crop: Crop = random_crop(item, size, rng, source.zoom)
        lab = rgb2lab(crop.rgb).astype(np.float32)
        lightness, chroma = lab[..., 0], lab[..., 1:]
        boxes = None
        if crop.instances is not None:
            chroma = colour_regions(crop.instances, crop.classes, lightness, rng)
            found = highlighted(crop.instances, rng) if rng.random() < _HIGHLIGHTED else None
            if found is not None:
                boxes, chroma = found.boxes, chroma * found.kept[..., None]
        seen = network_view(lightness, rng)
        return _Made(seen, lightness / 50 - 1, chroma / np.float32(110), source.native, boxes)
