"""Marks of a batch turned into tokens and hint maps, on the batch's device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from abdiffuser_training.hint_sampling.marks import Marks

__all__ = ["painted"]


def painted(
    chroma: Tensor, marks: Sequence[Marks], cell: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Turn marks into what networks take.

    Parameters
    ----------
    chroma : Tensor
        (B, 2, S, S), ab / 110, the truth.
    marks : sequence of Marks
        One a picture.
    cell : int
        Side of a cell, pixels.

    Returns
    -------
    tuple of Tensor
        Positions (B, N, 2) in cells, colours (B, N, 2), valid (B, N), and the hint map
        (B, 3, S / cell, S / cell).
    """
    batch, _, size, _ = chroma.shape
    device = chroma.device
    boxes, owner = _boxes_and_owners(marks, size)
    most_areas = max(len(m.areas) for m in marks)
    of_areas = chroma.new_zeros(batch, most_areas, 2)
    for i, mark in enumerate(marks):
        for n, area in enumerate(mark.areas):
            inside = torch.from_numpy(area).to(device)
            of_areas[i, n] = chroma[i, :, inside].mean(1)
    of_boxes = _box_means(chroma, torch.from_numpy(boxes).to(device))
    colors = torch.cat([of_areas, of_boxes], 1)  # of every mark, areas first

    # Look up what lies on top of every pixel; number zero is nothing.
    filled = F.pad(torch.cat([colors, torch.ones_like(colors[..., :1])], 2), (0, 0, 1, 0))
    on_top = torch.from_numpy(owner).to(device).flatten(1)[..., None].expand(-1, -1, 3)
    full = filled.gather(1, on_top).transpose(1, 2).unflatten(2, (size, size))
    for i, mark in enumerate(marks):
        if mark.revealed:
            full[i] = torch.cat([chroma[i], torch.ones_like(chroma[i, :1])])

    places, of_mark, valid = (torch.from_numpy(a).to(device) for a in _tokens(marks, most_areas))
    spoken = colors.gather(1, of_mark[..., None].expand(-1, -1, 2)) if colors.shape[1] else None
    said = places.new_zeros(*valid.shape, 2) if spoken is None else spoken * valid[..., None]
    positions = ((places + 0.5) / cell - 0.5) * valid[..., None]
    return positions, said, valid, F.avg_pool2d(full, cell)


def _boxes_and_owners(
    marks: Sequence[Marks], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Patches (B, N, 4), padded, and 1 + the mark that lies on top of each pixel (B, S, S)."""
    most = max(len(m.boxes) for m in marks)
    most_areas = max(len(m.areas) for m in marks)
    boxes = np.zeros((len(marks), most, 4), np.int64)
    owner = np.zeros((len(marks), size, size), np.int64)
    for i, mark in enumerate(marks):
        boxes[i, : len(mark.boxes)] = mark.boxes
        for n, area in enumerate(mark.areas):
            owner[i][area] = 1 + n
        for n, (top, left, bottom, right) in enumerate(mark.boxes.tolist()):
            owner[i, top:bottom, left:right] = 1 + most_areas + n
    return boxes, owner


def _box_means(chroma: Tensor, boxes: Tensor) -> Tensor:
    """Mean (B, N, 2) under patches (B, N, 4); summed-area tables: one look-up a patch."""
    size = chroma.shape[-1]
    top, left, bottom, right = boxes.unbind(2)
    table = F.pad(chroma.double().cumsum(2).cumsum(3), (1, 0, 1, 0)).flatten(2)

    def at(row: Tensor, column: Tensor) -> Tensor:
        place = (row * (size + 1) + column)[:, None].expand(-1, 2, -1)
        return table.gather(2, place)

    total = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
    area = ((bottom - top) * (right - left)).clamp(min=1)
    return (total / area[:, None]).float().transpose(1, 2)


def _tokens(
    marks: Sequence[Marks], most_areas: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]:
    """Places (B, N, 2) in pixels, whose mark each speaks for (B, N), and which are none (B, N)."""
    most = max(1, max(len(m) for m in marks))
    places = np.zeros((len(marks), most, 2), np.float32)
    of_mark = np.zeros((len(marks), most), np.int64)
    valid = np.zeros((len(marks), most), bool)
    for i, mark in enumerate(marks):
        centres = (mark.boxes[:, :2] + mark.boxes[:, 2:] - 1) / 2
        places[i, : len(mark)] = np.concatenate([*mark.tokens, centres])
        counts = [len(tokens) for tokens in mark.tokens]
        numbers = np.repeat(np.arange(len(counts)), counts)
        last = most_areas + np.arange(len(mark.boxes))
        of_mark[i, : len(mark)] = np.concatenate([numbers, last])
        valid[i, : len(mark)] = True
    return places, of_mark, valid
