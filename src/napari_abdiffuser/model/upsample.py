"""Chroma to native resolution, guided by lightness: a learned convex mix of nine neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["AROUND", "Upsampler", "UpsamplingGrid", "compact_weights"]

_NINE = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
AROUND = tuple(place for place in _NINE if place != (0, 0))
"""Rows and columns of the eight cells around a cell, in the order of `compact_weights`."""


@dataclass(frozen=True)
class UpsamplingGrid:
    """How fine pixels lie over coarse cells along one axis.

    Attributes
    ----------
    index : Tensor
        (3, n) int64: the previous, nearest and next cell of every fine pixel, kept inside.
    offset : Tensor
        (n,) in [-0.5, 0.5]: the pixel's centre minus the nearest cell's, in cells.
    scale : float
        Fine pixels a cell.
    """

    index: Tensor
    offset: Tensor
    scale: float

    @classmethod
    def along(
        cls, fine: int, coarse: int, start: int = 0, stop: int | None = None
    ) -> UpsamplingGrid:
        """Pixels `start` to `stop` of an axis of `fine` pixels over `coarse` cells."""
        pixels = torch.arange(start, fine if stop is None else stop, dtype=torch.float64)
        place = (pixels + 0.5) * (coarse / fine) - 0.5
        nearest = place.round().clamp(0, coarse - 1)
        offset = (place - nearest).clamp(-0.5, 0.5).float()
        index = torch.stack([nearest - 1, nearest, nearest + 1]).clamp(0, coarse - 1)
        return cls(index.long(), offset, fine / coarse)


class Upsampler(nn.Module):
    """Weights of the nine nearest cells from lightness differences and the pixel's place.

    A multilayer perceptron a pixel, so it serves any ratio of sizes and any block of a picture;
    it corrects the logarithm of a Gaussian kernel. The result is convex: no colour appears that
    is not nearby. Weights depend on lightness alone and can be kept.

    Parameters
    ----------
    hidden : int
        Width of the perceptron.
    """

    def __init__(self, hidden: int = 24) -> None:
        super().__init__()
        self.first = nn.Linear(12, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.third = nn.Linear(hidden, 9)
        nn.init.zeros_(self.third.weight)
        nn.init.zeros_(self.third.bias)

    def weights(
        self, fine: Tensor, coarse: Tensor, rows: UpsamplingGrid, columns: UpsamplingGrid
    ) -> Tensor:
        """Convex weights of the nine cells around every fine pixel.

        Parameters
        ----------
        fine : Tensor
            (B, m, n) lightness in [-1, 1] of a block of fine pixels.
        coarse : Tensor
            (B, h, w) lightness averaged over each cell of the whole picture.
        rows, columns : UpsamplingGrid
            Where the block's m rows and n columns lie.

        Returns
        -------
        Tensor
            (B, m, n, 9), >= 0, summing to one.
        """
        around = [
            coarse[:, rows.index[1 + dy]][:, :, columns.index[1 + dx]] - fine for dy, dx in _NINE
        ]
        dy = rows.offset[None, :, None].expand_as(fine)
        dx = columns.offset[None, None].expand_as(fine)
        ratio = torch.full_like(fine, math.log2(rows.scale) / 4)
        inputs = torch.stack([*around, dy, dx, ratio], -1)
        logits = self.third(F.silu(self.second(F.silu(self.first(inputs)))))
        away = torch.stack([(dy - oy).square() + (dx - ox).square() for oy, ox in _NINE], -1)
        # Not torch.softmax, which over nine numbers spends most of its time on its largest; the
        # clamp does as well against overflow.
        shares = torch.exp((logits - 1.8 * away).clamp(-30, 30))
        return shares / shares.sum(-1, keepdim=True)

    def forward(self, fine: Tensor, coarse: Tensor, colors: Tensor) -> Tensor:
        """Upsample whole pictures: (B, H, W), (B, h, w), (B, C, h, w) -> (B, C, H, W)."""
        rows = UpsamplingGrid.along(fine.shape[1], coarse.shape[1])
        columns = UpsamplingGrid.along(fine.shape[2], coarse.shape[2])
        weights = self.weights(fine, coarse, rows, columns)
        mixed = 0 * colors.new_zeros(1)
        for k, (dy, dx) in enumerate(_NINE):
            cells = colors[:, :, rows.index[1 + dy]][:, :, :, columns.index[1 + dx]]
            mixed = mixed + weights[:, None, :, :, k] * cells
        return mixed


def compact_weights(
    upsampler: Upsampler,
    fine: Tensor,
    coarse: Tensor,
    rows: UpsamplingGrid,
    columns: UpsamplingGrid,
) -> Tensor:
    """Weights of one picture in a byte each: `Upsampler.weights` without gradients, to be kept.

    Eight bits are enough: against colours that differ by 100 units of a* or b* between cells
    a step is 0.4 units. Rounded they still sum to 255, so that a constant colour stays as it is.

    Parameters
    ----------
    upsampler : Upsampler
        The network.
    fine : Tensor
        (m, n) lightness in [-1, 1] of a block of fine pixels.
    coarse : Tensor
        (h, w) lightness averaged over each cell of the whole picture.
    rows, columns : UpsamplingGrid
        Where the block lies.

    Returns
    -------
    Tensor
        (8, m, n) uint8: the weights, times 255, of all neighbours but the cell itself, which has
        what is left of 255; in the order of rows, then columns.
    """
    m, n = fine.shape
    device = fine.device
    dy, dx = rows.offset.to(device)[:, None], columns.offset.to(device)[None]
    inputs = torch.empty(12, m, n, device=device)
    inputs[9], inputs[10], inputs[11] = dy, dx, math.log2(rows.scale) / 4
    across = [coarse[:, columns.index[j]] for j in range(3)]
    for k, (oy, ox) in enumerate(_NINE):
        torch.sub(across[1 + ox][rows.index[1 + oy]], fine, out=inputs[k])
    hidden = inputs.flatten(1)
    for layer in (upsampler.first, upsampler.second):
        hidden = F.silu(torch.addmm(layer.bias[:, None], layer.weight, hidden), inplace=True)
    third = upsampler.third
    shares = torch.addmm(third.bias[:, None], third.weight, hidden).unflatten(1, (m, n))
    for share, (oy, ox) in zip(shares, _NINE, strict=True):
        share -= 1.8 * (dy - oy).square()
        share -= 1.8 * (dx - ox).square()
    shares.clamp_(-30, 30).exp_()
    scale = 255 / shares.sum(0)
    # Rounding running sums, not the weights themselves: these then never exceed 255 together.
    total = torch.zeros_like(fine)
    before = torch.zeros_like(fine)
    out = torch.empty(8, m, n, dtype=torch.uint8, device=device)
    for k, share in enumerate(torch.cat([shares[:4], shares[5:]])):
        total.addcmul_(share, scale)
        rounded = total.round()
        out[k] = rounded - before
        before = rounded
    return out
