"""The guide's encoder: lightness in, a map of features at half resolution out."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_abdiffuser.model.guide.trunk import TRUNK_WIDTHS, Trunk

__all__ = ["GuideEncoder"]

_GROUPS = 8


class _ResidualBlock(nn.Module):
    """Two dense 3 x 3 convolutions around a skip; the second starts at zero.

    Starting as the identity lets the finest level do without normalization, which on a CPU costs
    more than its convolutions there; the coarser levels normalize once a block.
    """

    def __init__(self, channels: int, *, normalize: bool) -> None:
        super().__init__()
        self.norm: nn.Module = nn.GroupNorm(_GROUPS, channels) if normalize else nn.Identity()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        assert self.second.bias is not None
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(F.silu(self.norm(x)))
        out: Tensor = x + self.second(F.silu(hidden))
        return out


class _SelfAttention(nn.Module):
    """Every place of the coarsest level sees every other: distant objects of one kind meet here."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        qkv = self.qkv(self.norm(tokens)).reshape(
            batch, height * width, 3, self.heads, channels // self.heads
        )
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(tokens.shape))
        out: Tensor = tokens.transpose(1, 2).reshape(batch, channels, height, width)
        return out


class GuideEncoder(nn.Module):
    """U-Net over lightness, at half resolution and coarser.

    Parameters
    ----------
    widths : tuple of int
        Channels of the levels, from half resolution down; each a multiple of eight.
    out_channels : int
        Channels of the map returned.
    trunk : bool
        Whether the features of a `Trunk` join the levels below half resolution; there are four
        levels then.
    """

    def __init__(self, widths: tuple[int, ...], out_channels: int, *, trunk: bool = False) -> None:
        super().__init__()
        self.multiple = 2 ** len(widths)
        self.stem = nn.Conv2d(4, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(
            _ResidualBlock(c, normalize=i > 0) for i, c in enumerate(widths)
        )
        self.downs = nn.ModuleList(
            nn.Conv2d(a, b, 2, stride=2) for a, b in itertools.pairwise(widths)
        )
        self.attention = _SelfAttention(widths[-1])
        self.middle = _ResidualBlock(widths[-1], normalize=True)
        self.ups = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(widths))
        self.up_blocks = nn.ModuleList(
            _ResidualBlock(c, normalize=i > 0) for i, c in enumerate(widths[:-1])
        )
        self.head = nn.Conv2d(widths[0], out_channels, 3, padding=1)
        self.trunk = Trunk() if trunk else None
        joined = zip(TRUNK_WIDTHS, widths[1:], strict=True) if trunk else ()
        self.joins = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in joined)
        for parameter in self.joins.parameters():  # what was learned without a trunk still holds
            nn.init.zeros_(parameter)

    def forward(self, lightness: Tensor) -> Tensor:
        """Encode a picture.

        Parameters
        ----------
        lightness : Tensor
            (B, 1, H, W), L* / 50 - 1, in [-1, 1]; any height and width.

        Returns
        -------
        Tensor
            (B, out_channels, ceil(H / 2), ceil(W / 2)).
        """
        height, width = lightness.shape[-2:]
        bottom, right = -height % self.multiple, -width % self.multiple
        padded = F.pad(lightness, (0, right, 0, bottom), mode="replicate")
        x = self.stem(F.pixel_unshuffle(padded, 2).contiguous(memory_format=torch.channels_last))
        seen = [] if self.trunk is None else self.trunk(padded)
        skips: list[Tensor] = []
        for i, (block, down) in enumerate(zip(self.down_blocks[:-1], self.downs, strict=True)):
            x = block(x)
            skips.append(x)
            x = down(x)
            if seen:
                x = x + self.joins[i](seen[i])
        x = self.middle(self.attention(self.down_blocks[-1](x)))
        for i in reversed(range(len(self.ups))):
            x = F.interpolate(self.ups[i](x), scale_factor=2.0, mode="nearest") + skips[i]
            x = self.up_blocks[i](x)
        out: Tensor = self.head(x)
        return out[..., : (height + 1) // 2, : (width + 1) // 2]
