"""Grids of pictures that show what a network has learned."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from abdiffuser_training.hint_sampling import HintBatch
from napari_abdiffuser.imaging.colorspace import render

__all__ = ["grid", "hint_picture", "render_batch"]

_GAP = 2


def render_batch(lightness: Tensor, chroma: Tensor) -> NDArray[np.uint8]:
    """Pictures of network units.

    Parameters
    ----------
    lightness : Tensor
        (B, 1, S, S), L* / 50 - 1.
    chroma : Tensor
        (B, 2, S, S), ab / 110.

    Returns
    -------
    ndarray
        (B, S, S, 3) uint8 sRGB.
    """
    levels = (50 * (lightness[:, 0].float().cpu() + 1)).clamp(0, 100).numpy()
    ab = (110 * chroma.float().cpu()).permute(0, 2, 3, 1).numpy()
    pictures = [render(one, colours)[0] for one, colours in zip(levels, ab, strict=True)]
    return np.stack(pictures).astype(np.uint8)


def hint_picture(lightness: Tensor, hints: HintBatch) -> NDArray[np.uint8]:
    """Pictures (B, S, S, 3) uint8 that are gray but under the hints."""
    size = lightness.shape[-1]
    share = hints.hint_map[:, 2:].clamp(min=1e-6)
    colours = hints.hint_map[:, :2] / share * (hints.hint_map[:, 2:] > 0)
    return render_batch(lightness, F.interpolate(colours, size=(size, size), mode="nearest"))


def grid(*columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put columns of pictures (B, S, S, 3) side by side, one picture a row: (H, W, 3)."""
    pad = ((0, 0), (0, _GAP), (0, _GAP), (0, 0))
    padded = [np.pad(column, pad, constant_values=255) for column in columns]
    rows = [np.concatenate(list(row), 1) for row in zip(*padded, strict=True)]
    return np.concatenate(rows, 0)
