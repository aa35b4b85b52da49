"""A picture as the guide sees it, and who owns which pixel of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_abdiffuser.model.guide.propagation import Affinity

__all__ = ["Attention", "GuideFeatures", "claims_at"]


@dataclass(frozen=True)
class GuideFeatures:
    """A picture as the guide sees it, at half resolution (h, w); all float32.

    Attributes
    ----------
    features : Tensor
        (B, heads, D, h, w), compared between pixels and hints.
    null : Tensor
        (B, heads, h, w), logit of 'no hint claims this'.
    gate : Tensor
        (B, heads, h, w), convex weights of the heads.
    auto : Tensor
        (B, 2, h, w), the colour of unclaimed pixels, ab / 110.
    gain : Tensor
        (B, 1, h, w), > 0: how much chroma this place carries relative to its object. A bright
        edge or a dark pore of an object carries less of the same colour.
    affinity : Affinity
        The propagation's equation.
    """

    features: Tensor
    null: Tensor
    gate: Tensor
    auto: Tensor
    gain: Tensor
    affinity: Affinity

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w)."""
        return int(self.gain.shape[-2]), int(self.gain.shape[-1])

    def at(self, maps: Tensor, positions: Tensor) -> Tensor:
        """Values of maps (B, C, h, w) at positions (B, N, 2) in cells -> (B, C, N), bilinear."""
        if not positions.shape[1]:  # grid_sample takes no empty grid
            return maps.new_zeros(*maps.shape[:2], 0)
        height, width = self.shape
        size = torch.tensor([height, width], device=maps.device, dtype=maps.dtype)
        unit = (2 * positions + 1) / size - 1
        grid = unit.flip(-1)[:, :, None]
        return F.grid_sample(maps, grid, padding_mode="border", align_corners=False)[..., 0]


@dataclass(frozen=True)
class Attention:
    """Who owns which pixel, before the propagation.

    Attributes
    ----------
    weights : Tensor
        (B, h * w, N), >= 0: share of each hint; with `unclaimed` they sum to one.
    unclaimed : Tensor
        (B, h * w, 1): share that no hint claims.
    gains : Tensor
        (B, N): gain at each hint.
    nearest : Tensor or None
        (B, 1, h, w) in [0, 1], geodesic nearness of the nearest hint, of a guide that knows it.
    """

    weights: Tensor
    unclaimed: Tensor
    gains: Tensor
    nearest: Tensor | None = None


def claims_at(code: GuideFeatures, attention: Attention, places: Tensor) -> tuple[Tensor, Tensor]:
    """Shares that hints have of some places.

    Parameters
    ----------
    code : GuideFeatures
        One picture.
    attention : Attention
        Of N hints.
    places : Tensor
        (1, M, 2) in cells.

    Returns
    -------
    tuple of Tensor
        (M, N), share of each hint, and (M, 1), of none.
    """
    both = [
        code.at(each.transpose(1, 2).unflatten(2, code.shape), places)[0].T
        for each in (attention.weights, attention.unclaimed)
    ]
    return both[0], both[1]
