"""Learned propagation: a screened Poisson equation whose edge weights come from the guide."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["NEIGHBOURS", "Affinity", "edge_weights", "residual", "solve"]

NEIGHBOURS: tuple[tuple[int, int], ...] = (
    (-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1),
)  # fmt: skip


@dataclass(frozen=True)
class Affinity:
    """What of the equation depends on the picture alone.

    Attributes
    ----------
    weights : Tensor
        (B, 8 * len(dilations), h, w), >= 0: pull of each neighbour, dilation by dilation.
    screening : Tensor
        (B, 1, h, w), > 0: pull of the attended colour.
    dilations : tuple of int
        Distances of the neighbours, in cells of the map.
    """

    weights: Tensor
    screening: Tensor
    dilations: tuple[int, ...]


class _Shifts:
    """The neighbours of a map at every dilation, as views into padded copies; borders repeat."""

    def __init__(self, x: Tensor, dilations: tuple[int, ...]) -> None:
        self._x = x
        self._dilations = dilations
        self.padded = [F.pad(x, (d, d, d, d), mode="replicate") for d in dilations]

    def views(self) -> Iterator[Tensor]:
        """Neighbour after neighbour, dilation by dilation, each shaped like the map."""
        height, width = self._x.shape[-2:]
        for padded, d in zip(self.padded, self._dilations, strict=True):
            for dy, dx in NEIGHBOURS:
                top, left = d + dy * d, d + dx * d
                yield padded[..., top : top + height, left : left + width]

    def zeros(self) -> _Shifts:
        """Make the same shape, to collect gradients in."""
        empty = copy(self)
        empty.padded = [torch.zeros_like(p) for p in self.padded]
        return empty

    def folded(self) -> Tensor:
        """Adjoint of the padding: what lies in the border goes to the pixel it repeats."""
        total = torch.zeros_like(self._x)
        for padded, d in zip(self.padded, self._dilations, strict=True):
            total += torch.ops.aten.replication_pad2d_backward(padded, self._x, [d, d, d, d])
        return total


class _Pull(torch.autograd.Function):
    """sum_k w_k x_k over the neighbours; by hand, since autograd copies every view it slices."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, dilations: tuple[int, ...]) -> Tensor:
        ctx.save_for_backward(x, weights)
        ctx.dilations = dilations
        total = torch.zeros_like(x)
        for weight, other in zip(weights.split(1, 1), _Shifts(x, dilations).views(), strict=True):
            total.addcmul_(weight, other)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weights = ctx.saved_tensors
        shifts = _Shifts(x, ctx.dilations)
        collected = shifts.zeros()
        grad_weights = torch.empty_like(weights)
        pairs = zip(shifts.views(), collected.views(), strict=True)
        for index, (other, grad_other) in enumerate(pairs):
            grad_other.addcmul_(weights[:, index : index + 1], grad)
            torch.sum(grad * other, 1, out=grad_weights[:, index])
        return collected.folded(), grad_weights, None


class _SquaredDifferences(torch.autograd.Function):
    """|f_k - f|^2 for every neighbour: (B, E, h, w) -> (B, K, h, w)."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, dilations: tuple[int, ...]) -> Tensor:
        ctx.save_for_backward(features)
        ctx.dilations = dilations
        others = _Shifts(features, dilations).views()
        return torch.stack([(other - features).square_().sum(1) for other in others], 1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (features,) = ctx.saved_tensors
        shifts = _Shifts(features, ctx.dilations)
        collected = shifts.zeros()
        own = torch.zeros_like(features)
        pairs = zip(shifts.views(), collected.views(), strict=True)
        for index, (other, grad_other) in enumerate(pairs):
            change = (other - features).mul_(2 * grad[:, index : index + 1])
            grad_other += change
            own -= change
        return own + collected.folded(), None


def edge_weights(
    logits: Tensor, features: Tensor, sharpness: Tensor, dilations: tuple[int, ...]
) -> Tensor:
    """Edge-stopping weights: exp(logit - sharpness * squared feature distance).

    Parameters
    ----------
    logits : Tensor
        (B, 8 * len(dilations), h, w).
    features : Tensor
        (B, E, h, w), compared between a cell and its neighbour.
    sharpness : Tensor
        Scalar >= 0.
    dilations : tuple of int
        Distances in cells.

    Returns
    -------
    Tensor
        (B, 8 * len(dilations), h, w), positive.
    """
    far: Tensor = _SquaredDifferences.apply(features, dilations)  # type: ignore[no-untyped-call]
    return torch.exp(logits.clamp(max=8.0) - sharpness * far)


def solve(
    affinity: Affinity,
    attended: Tensor,
    hint: Tensor,
    strength: Tensor,
    relaxation: Tensor,
) -> Tensor:
    """Jacobi sweeps towards the minimum of a screened Poisson energy.

    The energy of a cell's colour x, its neighbours held, is
    ``sum_k w_k (x - x_k)^2 + lam (x - attended)^2 + mu (x - hint)^2``. Everything is linear in
    ``attended`` and ``hint``: recolouring needs no network (compare Levin et al. 2004, eq. 1,
    with fixed weights and hard constraints).

    Parameters
    ----------
    affinity : Affinity
        Weights w and screening lam.
    attended, hint : Tensor
        (B, C, h, w) colours; the channels are independent of each other.
    strength : Tensor
        (B, 1, h, w), mu >= 0, zero where there is no hint.
    relaxation : Tensor
        (S,), the relaxation of each of the S sweeps; 1 is plain Jacobi.

    Returns
    -------
    Tensor
        (B, C, h, w).
    """
    diagonal = affinity.weights.sum(1, keepdim=True) + affinity.screening + strength
    source = (affinity.screening * attended + strength * hint) / diagonal
    weights = affinity.weights / diagonal
    x = attended
    for omega in relaxation.unbind():
        pull: Tensor = _Pull.apply(x, weights, affinity.dilations)  # type: ignore[no-untyped-call]
        x = torch.lerp(x, pull + source, omega)
    return x


def residual(
    affinity: Affinity, x: Tensor, attended: Tensor, hint: Tensor, strength: Tensor
) -> Tensor:
    """Left minus right side of the equation that `solve` approaches; zero at its fixed point."""
    diagonal = affinity.weights.sum(1, keepdim=True) + affinity.screening + strength
    pull: Tensor = _Pull.apply(x, affinity.weights, affinity.dilations)  # type: ignore[no-untyped-call]
    return diagonal * x - pull - affinity.screening * attended - strength * hint
