"""What a batch is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Batch"]


@dataclass(frozen=True)
class Batch:
    """A batch of square crops, or one process' part of it.

    Attributes
    ----------
    seen : Tensor
        (B, 1, S, S), lightness as the network sees it, [-1, 1].
    lightness : Tensor
        (B, 1, S, S), L* / 50 - 1, the true one.
    chroma : Tensor
        (B, 2, S, S), ab / 110.
    native : Tensor
        (B,) bool, whether the colours are the picture's own.
    highlight : Tensor
        (B,) float, one where only hinted objects are coloured.
    boxes : tuple of (ndarray or None)
        The hints of each crop where they belong to its colouring: (N, 4) top, left, bottom,
        right, pixels.
    indices : tuple of int
        Place of each crop in the global batch.
    grays : tuple of (ndarray or None)
        (N, 4) patches where the colouring was made gray on purpose: gray hints beside others.
    regions : tuple of (ndarray or None)
        (S, S) int32 region numbers of each crop that has a mask, zero is the ground.
    counted : Tensor or None
        (B, S, S), >= 0: what every pixel counts in the losses; None for one everywhere.
    """

    seen: Tensor
    lightness: Tensor
    chroma: Tensor
    native: Tensor
    highlight: Tensor
    boxes: tuple[NDArray[np.int64] | None, ...]
    indices: tuple[int, ...]
    grays: tuple[NDArray[np.int64] | None, ...] = ()
    regions: tuple[NDArray[np.int32] | None, ...] = ()
    counted: Tensor | None = None

    def to(self, device: torch.device | str) -> Batch:
        """Give the same batch on a device."""
        return replace(
            self,
            seen=self.seen.to(device, non_blocking=True),
            lightness=self.lightness.to(device, non_blocking=True),
            chroma=self.chroma.to(device, non_blocking=True),
            native=self.native.to(device, non_blocking=True),
            highlight=self.highlight.to(device, non_blocking=True),
            counted=None if self.counted is None else self.counted.to(device, non_blocking=True),
        )
