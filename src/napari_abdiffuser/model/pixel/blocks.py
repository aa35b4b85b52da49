"""Building blocks of the pixel networks: time embedding, residual block, self-attention."""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# The network's clock runs 0 … 1000, the thesis' steps: the sinusoids are made for such numbers.
_CLOCK = 1000.0


class SinusoidalEmbedding(nn.Module):
    """Sines and cosines of the time at `dim` / 2 frequencies (Vaswani et al. 2017, sec. 3.5)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, t: Tensor) -> Tensor:
        """(B,) in [0, 1] → (B, dim)."""
        half = self.dim // 2
        rates = torch.arange(half, device=t.device) * (-math.log(10000.0) / max(half - 1, 1))
        angles = _CLOCK * t.float()[:, None] * torch.exp(rates)
        return torch.cat([angles.sin(), angles.cos()], 1).to(t.dtype)


class ResidualBlock(nn.Module):
    """Two convolutions around a shortcut; the time scales and shifts between them."""

    def __init__(self, channels_in: int, channels_out: int, time: int, groups: int) -> None:
        super().__init__()
        self.time = nn.Linear(time, 2 * channels_out)
        self.first = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.first_norm = nn.GroupNorm(groups, channels_out)
        self.second = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.second_norm = nn.GroupNorm(groups, channels_out)
        same = channels_in == channels_out
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor, clock: Tensor) -> Tensor:
        """(B, channels_in, H, W) and (B, time) → (B, channels_out, H, W)."""
        scale, shift = self.time(F.silu(clock))[:, :, None, None].chunk(2, 1)
        h = F.silu(self.first_norm(self.first(x)) * (1 + scale) + shift)
        h = F.silu(self.second_norm(self.second(h)))
        return cast(Tensor, h + self.shortcut(x))


class SelfAttention(nn.Module):
    """Every position looks at every other, added to the input; cost grows with (H W)²."""

    def __init__(self, channels: int, heads: int, head_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(1, channels)
        self.qkv = nn.Conv2d(channels, 3 * heads * head_dim, 1, bias=False)
        self.out = nn.Conv2d(heads * head_dim, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → same."""
        b, _, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, self.heads, -1, h * w).unbind(1)
        mixed = self.mix(q, k, v).reshape(b, -1, h, w)
        return cast(Tensor, x + self.out(mixed))

    def mix(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(B, heads, D, N) three times → (B, heads, D, N)."""
        q, k, v = (part.transpose(-1, -2) for part in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v).transpose(-1, -2)


class LinearAttention(SelfAttention):
    """Self-attention whose cost grows with H W: keys are summed before queries read them.

    Shen et al. 2021, eq. 5: softmax over the features of each query and over the positions of each
    key.
    """

    def mix(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(B, heads, D, N) three times → (B, heads, D, N)."""
        q = q.softmax(-2) * q.shape[-2] ** -0.5
        summary = v @ k.softmax(-1).transpose(-1, -2)
        return summary @ q
