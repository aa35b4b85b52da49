"""Averages of pixels over the cells of the guide's map."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.hints.tokens import CHROMA_SCALE
from napari_abdiffuser.imaging.colorspace import srgb_to_lab

__all__ = ["coarse_chroma", "touched"]

_BLOCK = 1 << 18  # pixels at a time


def coarse_chroma(rgb: NDArray[np.uint8], cells: tuple[int, int]) -> Tensor:
    """Average a colouring's chroma over cells: (1, 2, h, w), ab / 110."""
    chroma = np.empty((2, *rgb.shape[:2]), np.float32)
    step = max(1, _BLOCK // rgb.shape[1])
    for start in range(0, len(rgb), step):
        rows = slice(start, start + step)
        lab = srgb_to_lab(rgb[rows].astype(np.float32) / np.float32(255))
        chroma[:, rows] = np.moveaxis(np.asarray(lab)[..., 1:], -1, 0)
    tensor = torch.from_numpy(chroma)[None]
    return torch.nn.functional.adaptive_avg_pool2d(tensor, cells) / CHROMA_SCALE


def touched(mask: NDArray[np.bool_], cells: tuple[int, int]) -> Tensor:
    """Tell which cells have pixels of a mask, of those that `coarse_chroma` averages."""
    tensor = torch.from_numpy(mask.astype(np.float32))[None, None]
    return torch.nn.functional.adaptive_max_pool2d(tensor, cells) > 0
