"""Hints of a whole batch as the guide takes them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.hint_sampling.marks import Marks
from abdiffuser_training.hint_sampling.painting import painted
from abdiffuser_training.hint_sampling.patches import (
    sample_cells,
    sample_grays,
    sample_thesis,
    sample_uniform,
)
from abdiffuser_training.hint_sampling.settings import KINDS, HintSettings
from abdiffuser_training.hint_sampling.shapes import sample_regions, sample_strokes
from abdiffuser_training.seeding import Purpose, generator

__all__ = ["HintBatch", "draw_count", "draw_kind", "hint_batch", "sample_marks"]


@dataclass(frozen=True)
class HintBatch:
    """Hints of a batch of pictures, as the guide takes them.

    Attributes
    ----------
    positions : Tensor
        (B, N, 2) in cells.
    colors : Tensor
        (B, N, 2), ab / 110: the truth's mean under the patch or the area.
    valid : Tensor
        (B, N) bool.
    hint_map : Tensor
        (B, 3, h, w): colours times share of the cell, share.
    """

    positions: Tensor
    colors: Tensor
    valid: Tensor
    hint_map: Tensor

    def to(self, device: torch.device | str) -> HintBatch:
        """Give the same hints on a device."""
        return HintBatch(*(getattr(self, f.name).to(device) for f in fields(self)))

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.valid)


def draw_count(settings: HintSettings, rng: np.random.Generator) -> int:
    """Draw a number of hints, log-uniform in `settings.least` … `settings.most`."""
    return int(np.exp(rng.uniform(np.log(settings.least), np.log(settings.most + 1))))


def hint_batch(
    batch: Batch, settings: HintSettings, seed: int, step: int, *, cell: int = 2
) -> HintBatch:
    """Simulate a user for every picture of a batch.

    Parameters
    ----------
    batch : Batch
        The pictures. Where `boxes` are given, those are the hints; where `grays` are, those are
        put on top of the hints that are drawn.
    settings : HintSettings
        Numbers, sizes and kinds.
    seed, step : int
        Of the training: the number of hints is that of the step, the places are those of
        (step, index in the global batch), whichever process asks.
    cell : int
        Side of a cell, pixels: 2 for the guide, 1 for networks at full resolution.

    Returns
    -------
    HintBatch
        Padded to the largest number of hints in the batch, on the batch's device.
    """
    # One number for the whole batch: padding every picture to the largest of many would double
    # the cost of the attention.
    count = draw_count(settings, generator(Purpose.COUNT, seed, step))
    marks = [
        _marks_of(batch, i, count, settings, generator(Purpose.HINTS, seed, step, index))
        for i, index in enumerate(batch.indices)
    ]
    return HintBatch(*painted(batch.chroma, marks, cell))


def _marks_of(
    batch: Batch, i: int, count: int, settings: HintSettings, rng: np.random.Generator
) -> Marks:
    given = batch.boxes[i]
    if given is not None:
        return Marks(given)
    regions = batch.regions[i] if batch.regions else None
    marks = sample_marks(batch.chroma[i], regions, count, settings, rng)
    grays = batch.grays[i] if batch.grays else None
    return marks if grays is None else marks.with_boxes(grays)


def sample_marks(
    chroma: Tensor,
    regions: NDArray[np.int32] | None,
    count: int,
    settings: HintSettings,
    rng: np.random.Generator,
) -> Marks:
    """Simulate a user for one picture.

    Parameters
    ----------
    chroma : Tensor
        (2, S, S), ab / 110, the truth.
    regions : ndarray or None
        (S, S) region numbers.
    count : int
        Number of hints of the batch.
    settings : HintSettings
        Weights of the kinds of users, and how they behave.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Marks
    """
    size = chroma.shape[-1]
    kind = draw_kind(settings, rng)
    if kind == "uniform":
        marks = sample_uniform(size, count, settings, rng)
    elif kind == "thesis":
        marks = sample_thesis(size, rng)
    elif kind == "cells":
        marks = sample_cells(size, count, settings, rng)
    else:
        sample = sample_strokes if kind == "strokes" else sample_regions
        marks = sample(chroma.cpu().numpy(), regions, count, settings, rng)
    if settings.gray and rng.random() < settings.gray:
        marks = marks.with_boxes(sample_grays(chroma.cpu().numpy(), settings, rng))
    return marks


def draw_kind(settings: HintSettings, rng: np.random.Generator) -> str:
    """Draw one of `KINDS` by its weight."""
    shares = np.array(settings.weights) / sum(settings.weights)
    # With a single kind nothing is drawn.
    return KINDS[int(shares.argmax() if shares.max() == 1 else rng.choice(len(KINDS), p=shares))]
