"""Batches for the guide: lightness as the network sees it, and the chroma it must explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.data.clicking import clicked
from abdiffuser_training.data.colourings import color_regions
from abdiffuser_training.data.corpus import cut_pixels, cut_regions, draw_cut
from abdiffuser_training.data.highlighting import highlighted
from abdiffuser_training.data.recoloring import draw_turn, erase, recolor, turn
from abdiffuser_training.data.sources import Source
from abdiffuser_training.data.views import draw_jitter, network_views, to_lab
from abdiffuser_training.seeding import Purpose, generator
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Batch", "Mixture", "Source"]

_SCALE = 110.0
_NO_TURN = np.eye(2, dtype=np.float32)


@dataclass(frozen=True)
class _Crop:
    """A crop before its colours: pixels (3 or 1, S, S) uint8 on their device, and what is drawn."""

    pixels: Tensor
    source: Source
    instances: NDArray[np.int32] | None
    classes: NDArray[np.int32] | None
    rng: np.random.Generator


@dataclass(frozen=True)
class _Colors:
    """What becomes of a crop's colours; `chroma` None: they stay, but for the turn."""

    chroma: NDArray[np.float32] | None
    turn: NDArray[np.float32]
    native: bool
    boxes: NDArray[np.int64] | None = None
    grays: NDArray[np.int64] | None = None
    highlight: bool = False
    counted: NDArray[np.float32] | None = None


class Mixture:
    """Draws batches from several sources.

    Parameters
    ----------
    sources : sequence of Source
        Where pictures come from.
    seed : int
        Every crop of every step has random numbers of its own, so a resumed run continues with
        the batches that it would have had.

    Raises
    ------
    InvalidRequest
        If no source has pictures and a weight.
    """

    def __init__(self, sources: Sequence[Source], seed: int) -> None:
        self.sources = [s for s in sources if s.weight > 0 and len(s.items)]
        if not self.sources:
            raise InvalidRequest("no source has pictures and a weight above 0: add one.")
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
            On the device that the sources' pixels are on.
        """
        indices = tuple(range(rank, count, world))
        crops = [self._crop(step, index, size) for index in indices]
        device = crops[0].pixels.device
        lightness, chroma = to_lab([c.pixels.to(device) for c in crops])
        chroma /= _SCALE
        jitters, colors = [], []
        for i, crop in enumerate(crops):
            jitters.append(draw_jitter(crop.rng))
            colors.append(_colors(crop, lightness[i], chroma[i]))
            made = colors[-1].chroma
            if made is not None:
                chroma[i] = torch.from_numpy(made).to(device)
        if any(c.turn is not _NO_TURN for c in colors):
            chroma = turn(chroma, torch.from_numpy(np.stack([c.turn for c in colors])))
        return Batch(
            seen=network_views(lightness, jitters)[:, None],
            lightness=lightness[:, None] / 50 - 1,
            chroma=chroma,
            native=torch.tensor([c.native for c in colors], device=device),
            highlight=torch.tensor([float(c.highlight) for c in colors], device=device),
            boxes=tuple(c.boxes for c in colors),
            indices=indices,
            grays=tuple(c.grays for c in colors),
            regions=tuple(c.instances for c in crops),
            counted=_counted(colors, lightness),
        )

    def _crop(self, step: int, index: int, size: int) -> _Crop:
        rng = generator(Purpose.CROP, self._seed, step, index)
        source = self.sources[int(rng.choice(len(self.sources), p=self._shares))]
        item = source.pick(step, index, rng)
        cut = draw_cut(item, size, rng, source.zoom)
        instances, classes = (cut_regions(r, cut, size) for r in (item.instances, item.classes))
        return _Crop(cut_pixels(item, cut, size), source, instances, classes, rng)


def _colors(crop: _Crop, lightness: Tensor, chroma: Tensor) -> _Colors:
    """Draw the colours of a crop: its own or changed ones, or those that its masks are given."""
    rng, shares = crop.rng, crop.source.colors
    made: NDArray[np.float32] | None = None
    if crop.instances is not None and rng.random() < shares.clicked:
        clicks = clicked(crop.instances, lightness.cpu().numpy(), rng)
        if clicks is not None:
            made = np.moveaxis(clicks.chroma, 2, 0) / np.float32(_SCALE)
            return _Colors(made, _NO_TURN, False, clicks.boxes, counted=clicks.counted)
    boxes, grays = None, None
    native, matrix = crop.source.native, _NO_TURN
    if crop.instances is not None:
        painted = color_regions(crop.instances, crop.classes, lightness.cpu().numpy(), rng)
        made = np.moveaxis(painted, 2, 0) / np.float32(_SCALE)
        found = highlighted(crop.instances, rng) if rng.random() < shares.highlighted else None
        if found is not None:
            boxes, made = found.boxes, made * found.kept
    else:
        if rng.random() < shares.clusters:
            made, native = recolor(chroma.cpu().numpy(), rng), False
        if rng.random() < shares.turned:
            matrix, native = draw_turn(rng), False
    if boxes is None and rng.random() < shares.erased:
        before = chroma.cpu().numpy() if made is None else made
        erased = erase(before, crop.instances, rng)
        if erased is not None:
            made, grays, native = erased.chroma, erased.boxes, False
    return _Colors(made, matrix, native, boxes, grays, highlight=boxes is not None)


def _counted(colors: Sequence[_Colors], lightness: Tensor) -> Tensor | None:
    """Collect what pixels count (B, S, S); None where all count the same."""
    if all(c.counted is None for c in colors):
        return None
    counted = torch.ones_like(lightness)
    for i, each in enumerate(colors):
        if each.counted is not None:
            counted[i] = torch.from_numpy(each.counted).to(lightness.device)
    return counted
