"""Geodesic nearness of a batch's hints, as the guide takes it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from abdiffuser_training.hint_sampling.batch import HintBatch
from napari_abdiffuser.model.guide.geodesic import HintPaths

__all__ = ["hint_nearness", "nearness_at"]


def hint_nearness(seen: Tensor, hints: HintBatch) -> Tensor:
    """Measure the paths from every hint.

    Parameters
    ----------
    seen : Tensor
        (B, 1, S, S), lightness as the network sees it, in [-1, 1].
    hints : HintBatch
        Of these pictures, in cells of two pixels.

    Returns
    -------
    Tensor
        (B, N, S / 2 * S / 2) in [0, 1], zero for hints that are padding.
    """
    return nearness_at(F.avg_pool2d(seen, 2), hints.positions, hints.valid)


def nearness_at(lightness: Tensor, positions: Tensor, valid: Tensor) -> Tensor:
    """Measure the paths from places (B, N, 2) of maps of lightness (B, 1, h, w)."""
    near = lightness.new_zeros(*valid.shape, lightness[0].numel())
    for i, own in enumerate(valid):
        paths = HintPaths(lightness[i, 0].float().cpu().numpy())
        near[i, own] = paths.nearness(positions[i, own]).to(near)
    return near
