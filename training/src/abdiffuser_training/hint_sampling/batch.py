"""Hints of a whole batch as the guide takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.hint_sampling.patches import sample_boxes
from abdiffuser_training.hint_sampling.settings import HintSettings
from abdiffuser_training.seeding import Purpose, generator

__all__ = ["HintBatch", "draw_count", "hint_batch"]


@dataclass(frozen=True)
class HintBatch:
    """Hints of a batch of pictures, as the guide takes them.

    Attributes
    ----------
    positions : Tensor
        (B, N, 2) in cells of half resolution.
    colours : Tensor
        (B, N, 2), ab / 110: the truth's mean under the patch.
    valid : Tensor
        (B, N) bool.
    hint_map : Tensor
        (B, 3, h, w): colours times share, share.
    """

    positions: Tensor
    colours: Tensor
    valid: Tensor
    hint_map: Tensor

    def to(self, device: torch.device | str) -> HintBatch:
        """Give the same hints on a device."""
        return HintBatch(*(getattr(self, f.name).to(device) for f in fields(self)))


def draw_count(settings: HintSettings, rng: np.random.Generator) -> int:
    """Draw a number of hints, log-uniform in 1 … `settings.most`."""
    return int(np.exp(rng.uniform(0, np.log(settings.most + 1))))


def hint_batch(batch: Batch, settings: HintSettings, seed: int, step: int) -> HintBatch:
    """Simulate a user for every picture of a batch.

    Parameters
    ----------
    batch : Batch
        The pictures; where `boxes` are given, those are the hints.
    settings : HintSettings
        Numbers and sizes.
    seed, step : int
        Of the training: the number of hints is that of the step, the places are those of
        (step, index in the global batch), whichever process asks.

    Returns
    -------
    HintBatch
        Padded to the largest number of hints in the batch, on the batch's device.
    """
    size = batch.chroma.shape[-1]
    # One number for the whole batch: padding every picture to the largest of many would double
    # the cost of the attention.
    count = draw_count(settings, generator(Purpose.COUNT, seed, step))
    boxes = [
        sample_boxes(size, count, settings, generator(Purpose.HINTS, seed, step, index))
        if given is None
        else given
        for index, given in zip(batch.indices, batch.boxes, strict=True)
    ]
    return _from_boxes(batch.chroma, boxes)


def _from_boxes(chroma: Tensor, boxes: Sequence[NDArray[np.int64]]) -> HintBatch:
    batch, _, size, _ = chroma.shape
    device = chroma.device
    most = max(1, max(len(b) for b in boxes))
    padded = np.zeros((batch, most, 4), np.int64)
    valid = np.zeros((batch, most), bool)
    owner = np.zeros((batch, size, size), np.int64)  # 1 + the patch that lies on top
    for i, box in enumerate(boxes):
        padded[i, : len(box)], valid[i, : len(box)] = box, True
        for n, (y0, x0, y1, x1) in enumerate(box.tolist()):
            owner[i, y0:y1, x0:x1] = n + 1
    top, left, bottom, right = torch.from_numpy(padded).to(device).unbind(2)
    is_valid = torch.from_numpy(valid).to(device)
    # Summed-area tables: one look-up a patch instead of a loop over pixels.
    table = F.pad(chroma.double().cumsum(2).cumsum(3), (1, 0, 1, 0)).flatten(2)

    def at(row: Tensor, column: Tensor) -> Tensor:
        place = (row * (size + 1) + column)[:, None].expand(-1, 2, -1)
        return table.gather(2, place)

    total = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
    area = ((bottom - top) * (right - left)).clamp(min=1)
    colours = (total / area[:, None]).float()
    filled = torch.cat([colours, torch.ones_like(colours[:, :1])], 1)
    filled = F.pad(filled, (1, 0))
    on_top = torch.from_numpy(owner).to(device).flatten(1)[:, None].expand(-1, 3, -1)
    full = filled.gather(2, on_top).unflatten(2, (size, size))
    centre = torch.stack([top + bottom, left + right], 2) / 4 - 0.5
    return HintBatch(
        centre * is_valid[..., None], colours.transpose(1, 2), is_valid, F.avg_pool2d(full, 2)
    )
