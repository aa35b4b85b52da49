"""`propagation.solve` for one picture without gradients: what depends on it alone is kept.

All neighbours of a map are one stretch of its padded copy, shifted: the sweeps read and write
straight through memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_abdiffuser.model.guide.propagation import NEIGHBOURS, Affinity

__all__ = ["Sweeps"]

_CHANNELS = 4  # at a time on a CPU, so that maps stay in the cache


class Sweeps:
    """The propagation of one picture.

    Parameters
    ----------
    affinity : Affinity
        Of one picture.
    relaxation : Tensor
        (S,), of each sweep.
    """

    def __init__(self, affinity: Affinity, relaxation: Tensor) -> None:
        height, width = affinity.weights.shape[-2:]
        self._shape = (height, width)
        self._border = border = max(affinity.dilations)
        self._stride = stride = width + 2 * border
        # From the first to the last pixel within the padded map, borders between rows included.
        self._span = (height - 1) * stride + width
        self._first = border * stride + border
        self._weights = self._flat(affinity.weights[0])
        self._pull = affinity.weights[0].sum(0)
        self._relaxation = relaxation.tolist()
        self._shifts = [(dy * stride + dx) * d for d in affinity.dilations for dy, dx in NEIGHBOURS]

    def __call__(
        self, attended: Tensor, hint: Tensor, strength: Tensor, screening: Tensor
    ) -> Tensor:
        """Solve; see `napari_abdiffuser.model.propagation.solve`.

        Parameters
        ----------
        attended, hint : Tensor
            (1, C, h, w).
        strength, screening : Tensor
            (1, 1, h, w); the screening is `Guide.screening`'s.

        Returns
        -------
        Tensor
            (1, C, h, w).
        """
        share = 1 / (self._pull + screening[0, 0] + strength[0, 0])
        source = (screening[0] * attended[0] + strength[0] * hint[0]) * share
        parts = attended.shape[1] if attended.device.type != "cpu" else _CHANNELS
        solved = [
            self._solve(x, s, share)
            for x, s in zip(attended[0].split(parts), source.split(parts), strict=True)
        ]
        return torch.cat(solved)[None]

    def _solve(self, start: Tensor, source: Tensor, share: Tensor) -> Tensor:
        height, width = self._shape
        b = self._border
        padded = start.new_empty(len(start), height + 2 * b, self._stride)
        inner = padded[:, b : b + height, b : b + width]
        inner.copy_(start)
        flat = padded.flatten(1)
        here = flat[:, self._first : self._first + self._span]
        fixed = self._flat(source)
        share = self._flat(share)
        pull = torch.empty_like(here)
        for omega in self._relaxation:
            self._repeat_borders(padded)
            pull.zero_()
            for weight, shift in zip(self._weights, self._shifts, strict=True):
                begin = self._first + shift
                pull.addcmul_(weight, flat[:, begin : begin + self._span])
            pull.mul_(share).add_(fixed)
            here.lerp_(pull, omega)
        return inner.clone()

    def _repeat_borders(self, padded: Tensor) -> None:
        height, width = self._shape
        b = self._border
        rows = padded[:, b : b + height]
        rows[:, :, :b] = rows[:, :, b : b + 1]
        rows[:, :, b + width :] = rows[:, :, b + width - 1 : b + width]
        padded[:, :b] = padded[:, b : b + 1]
        padded[:, b + height :] = padded[:, b + height - 1 : b + height]

    def _flat(self, planes: Tensor) -> Tensor:
        """(..., h, w) as they lie in padded maps from first to last pixel, zero between rows."""
        out = planes.new_zeros(*planes.shape[:-1], self._stride)
        out[..., : planes.shape[-1]] = planes
        return out.flatten(-2)[..., : self._span]
