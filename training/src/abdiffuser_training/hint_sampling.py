"""Simulated users: where hints are put, how large they are, what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["HintBatch", "HintSettings", "draw_count", "hint_batch", "sample_boxes"]


@dataclass(frozen=True)
class HintSettings:
    """How many hints of which size.

    Attributes
    ----------
    most : int
        Largest number of hints; their number is log-uniform in 1 … most.
    none : float
        Share of pictures without any hint.
    sizes : tuple of int
        Smallest and largest side of the square patches, pixels.
    """

    most: int = 64
    none: float = 0.06
    sizes: tuple[int, int] = (2, 9)


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


def draw_count(settings: HintSettings, rng: np.random.Generator) -> int:
    """Draw a number of hints, log-uniform in 1 … `settings.most`."""
    return int(np.exp(rng.uniform(0, np.log(settings.most + 1))))


def sample_boxes(
    size: int, count: int, settings: HintSettings, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw the patches of one picture.

    Parameters
    ----------
    size : int
        Side of the picture, pixels.
    count : int
        Number of hints.
    settings : HintSettings
        Sizes, and the share of pictures that get none after all.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        (N, 4): top, left, bottom, right; places uniform, all within the picture.
    """
    if rng.random() < settings.none:
        return np.zeros((0, 4), np.int64)
    side = rng.integers(settings.sizes[0], settings.sizes[1] + 1, size=count)
    corner = (rng.random((count, 2)) * (size - side + 1)[:, None]).astype(np.int64)
    return np.concatenate([corner, corner + side[:, None]], 1)


def hint_batch(chroma: Tensor, settings: HintSettings, rng: np.random.Generator) -> HintBatch:
    """Simulate a user for every picture of a batch.

    Parameters
    ----------
    chroma : Tensor
        (B, 2, S, S), ab / 110, the truth.
    settings : HintSettings
        Numbers and sizes.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    HintBatch
        Padded to the largest number of hints in the batch.
    """
    batch, _, size, _ = chroma.shape
    # One number for the whole batch: padding every picture to the largest of many would double
    # the cost of the attention.
    count = draw_count(settings, rng)
    boxes = [sample_boxes(size, count, settings, rng) for _ in range(batch)]
    most = max(1, max(len(b) for b in boxes))
    positions = torch.zeros(batch, most, 2)
    colours = torch.zeros(batch, most, 2)
    valid = torch.zeros(batch, most, dtype=torch.bool)
    full = torch.zeros(batch, 3, size, size)
    # Summed-area tables: one look-up a patch instead of a loop over pixels.
    table = F.pad(chroma.double().cumsum(2).cumsum(3), (1, 0, 1, 0))
    for i, box in enumerate(boxes):
        if not len(box):
            continue
        top, left, bottom, right = torch.from_numpy(box).unbind(1)
        t = table[i]
        total = t[:, bottom, right] - t[:, top, right] - t[:, bottom, left] + t[:, top, left]
        mean = (total / ((bottom - top) * (right - left))).float().T
        colours[i, : len(box)] = mean
        positions[i, : len(box)] = torch.stack([top + bottom, left + right], 1) / 4 - 0.5
        valid[i, : len(box)] = True
        for colour, (y0, x0, y1, x1) in zip(mean, box.tolist(), strict=True):
            full[i, :2, y0:y1, x0:x1] = colour[:, None, None]
            full[i, 2, y0:y1, x0:x1] = 1
    return HintBatch(positions, colours, valid, F.avg_pool2d(full, 2))
