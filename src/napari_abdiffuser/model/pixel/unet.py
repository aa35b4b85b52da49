"""The thesis' pixel U-Net: the reference model that every figure is compared with.

A DDPM U-Net (Ho et al. 2020, app. B): at each resolution two residual blocks that know the time and
linear self-attention (Shen et al. 2021), full self-attention between two more in the middle.
It sees the noisy chroma, the lightness and the hints of every pixel and gives two channels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_abdiffuser.errors import InvalidRequest

__all__ = []

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


@dataclass(frozen=True)
class UNetConfig:
    """Size of a `UNet`; `to_dict` and `from_dict` carry it through JSON.

    Parameters
    ----------
    dim : int
        Channels at full resolution.
    multipliers : tuple of int
        Channels at each resolution, in units of `dim`; each entry after the first halves the size.
    noisy_channels : int
        Channels of the state and of the output: a* and b*.
    condition_channels : int
        Lightness, a* and b* of the hints, their mask.
    heads, head_dim : int
        Attention heads and their width.
    groups : int
        Groups of the group normalization; divides every channel count.

    Raises
    ------
    InvalidRequest
        If a number is not positive or `groups` does not divide the channels.
    """

    dim: int = 64
    multipliers: tuple[int, ...] = (1, 2, 4, 8)
    noisy_channels: int = 2
    condition_channels: int = 4
    heads: int = 4
    head_dim: int = 32
    groups: int = 8

    def __post_init__(self) -> None:
        """Check what a file may have got wrong."""
        sizes = {**asdict(self), "multipliers": None}
        numbers = [*self.multipliers, *(n for n in sizes.values() if n is not None)]
        if not self.multipliers or not all(type(n) is int and n > 0 for n in numbers):
            raise InvalidRequest(f"A U-Net's sizes must be whole numbers above 0: {self}.")
        if self.dim % 2 or any(self.dim * m % self.groups for m in self.multipliers):
            raise InvalidRequest(
                f"{self.groups} groups do not divide {self.dim} × {self.multipliers} channels, or "
                "dim is odd; choose another dim or groups."
            )

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels at each resolution, finest first."""
        return tuple(self.dim * m for m in self.multipliers)

    @property
    def stride(self) -> int:
        """Height and width are padded to multiples of this inside."""
        return int(2 ** (len(self.multipliers) - 1))

    def to_dict(self) -> dict[str, Any]:
        """JSON-serializable form; `from_dict` reads it back."""
        return {**asdict(self), "multipliers": list(self.multipliers)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> UNetConfig:
        """Read `to_dict`'s form; raises InvalidRequest for what does not fit."""
        unknown = data.keys() - {field.name for field in fields(cls)}
        multipliers = data.get("multipliers", cls.multipliers)
        if unknown or not isinstance(multipliers, (list, tuple)):
            raise InvalidRequest(f"{dict(data)} is no U-Net configuration; see UNetConfig.")
        return cls(**{**data, "multipliers": tuple(multipliers)})


UNET_SIZES: dict[str, UNetConfig] = {
    "tiny": UNetConfig(dim=8, multipliers=(1, 2, 2, 4), heads=2, head_dim=8, groups=4),
    "small": UNetConfig(dim=32),
    "thesis": UNetConfig(),
}


def build_unet(size: str | UNetConfig = "thesis") -> UNet:
    """U-Net of a named size ('tiny', 'small', 'thesis') or configuration, freshly initialized."""
    if isinstance(size, UNetConfig):
        return UNet(size)
    if size not in UNET_SIZES:
        raise InvalidRequest(f"Unknown U-Net {size!r}; choose one of {', '.join(UNET_SIZES)}.")
    return UNet(UNET_SIZES[size])


class UNet(nn.Module):
    """Prediction for a noisy chroma map, given time and condition.

    Parameters
    ----------
    config : UNetConfig
        Its size.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        wide = config.channels
        # As in the code the thesis built on, a resolution works at the width it was entered with
        # and widens on the way out; coming back it works at the full width. This saves a quarter
        # of the parameters.
        narrow = (config.dim, *wide[:-1])
        time = 4 * config.dim
        self.clock = nn.Sequential(
            SinusoidalEmbedding(config.dim),
            nn.Linear(config.dim, time),
            nn.GELU(),
            nn.Linear(time, time),
        )
        inputs = config.noisy_channels + config.condition_channels
        self.entry = nn.Conv2d(inputs, config.dim, 7, padding=3)
        self.down = nn.ModuleList(_Stage(n, 0, config) for n in narrow)
        self.widen = nn.ModuleList(
            nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * n, w, 1))
            for n, w in zip(narrow[:-1], wide[:-1], strict=True)
        )
        self.widen.append(nn.Conv2d(narrow[-1], wide[-1], 3, padding=1))
        self.middle_in = ResidualBlock(wide[-1], wide[-1], time, config.groups)
        self.middle_attention = SelfAttention(wide[-1], config.heads, config.head_dim)
        self.middle_out = ResidualBlock(wide[-1], wide[-1], time, config.groups)
        pairs = list(zip(narrow, wide, strict=True))[::-1]
        self.up = nn.ModuleList(_Stage(w, n, config) for n, w in pairs)
        self.narrow = nn.ModuleList(
            nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(w, n, 3, padding=1))
            for n, w in pairs[:-1]
        )
        self.narrow.append(nn.Conv2d(wide[0], narrow[0], 3, padding=1))
        self.exit_block = ResidualBlock(2 * config.dim, config.dim, time, config.groups)
        self.exit = nn.Conv2d(config.dim, config.noisy_channels, 1)

    def forward(self, z: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        """Predict what the network's objective asks for.

        Parameters
        ----------
        z : Tensor
            Noisy chroma, (B, 2, H, W); any H and W.
        t : Tensor
            Times in [0, 1], (B,).
        condition : Tensor
            (B, 4, H, W): lightness in [-1, 1], hint chroma / 110 and 0 elsewhere, hint mask 0 or 1.

        Returns
        -------
        Tensor
            (B, 2, H, W).
        """
        height, width = z.shape[-2:]
        x = self.entry(_padded(torch.cat([z, condition], 1), self.config.stride))
        clock = self.clock(t)
        whole = x
        skips: list[Tensor] = []
        for stage, widen in zip(self.down, self.widen, strict=True):
            x, between = stage(x, clock)
            skips += [between, x]
            x = widen(x)
        x = self.middle_in(x, clock)
        x = self.middle_out(self.middle_attention(x), clock)
        for stage, narrow in zip(self.up, self.narrow, strict=True):
            x, _ = stage(x, clock, skips.pop(), skips.pop())
            x = narrow(x)
        x = self.exit(self.exit_block(torch.cat([x, whole], 1), clock))
        return cast(Tensor, x[..., :height, :width])


class ToX0(Protocol):
    """What a denoiser needs of an objective."""

    def to_x0(self, prediction: Tensor, z: Tensor, t: Tensor) -> Tensor:
        """Clean data that a prediction stands for."""
        ...


@dataclass(frozen=True)
class PixelDenoiser:
    """A network, its objective and one condition as ``denoise(z, t) -> x0``, which samplers call.

    Parameters
    ----------
    network : nn.Module
        ``network(z, t, condition)``, for instance a `UNet`.
    objective : ToX0
        Turns its prediction into x0; knows the schedule.
    condition : Tensor
        (B, 4, H, W), or (1, 4, H, W) for any number of outputs of one picture.
    limit : float or None
        x0 is clamped to ±limit, as the thesis' code does; chroma / 110 lies within ±1. Without it
        an error of epsilon at ``t = 1`` is multiplied by a thousand.
    """

    network: nn.Module
    objective: ToX0
    condition: Tensor
    limit: float | None = 1.0

    def __call__(self, z: Tensor, t: Tensor) -> Tensor:
        """Clean chroma for the state `z` (B, 2, H, W) at `t` (B,)."""
        condition = self.condition.expand(len(z), -1, -1, -1)
        x0 = self.objective.to_x0(self.network(z, t, condition), z, t)
        return x0 if self.limit is None else x0.clamp(-self.limit, self.limit)


class _Stage(nn.Module):
    """One resolution: two residual blocks and linear attention, each block fed a skip or none."""

    def __init__(self, channels: int, skip: int, config: UNetConfig) -> None:
        super().__init__()
        time = 4 * config.dim
        self.first = ResidualBlock(channels + skip, channels, time, config.groups)
        self.second = ResidualBlock(channels + skip, channels, time, config.groups)
        self.attention = LinearAttention(channels, config.heads, config.head_dim)

    def forward(self, x: Tensor, clock: Tensor, *skips: Tensor) -> tuple[Tensor, Tensor]:
        """Give the stage's result and what is between its blocks, both (B, channels, H, W)."""
        between = self.first(torch.cat([x, *skips[:1]], 1), clock)
        x = self.attention(self.second(torch.cat([between, *skips[1:]], 1), clock))
        return x, between


def _padded(x: Tensor, stride: int) -> Tensor:
    down, right = -x.shape[-2] % stride, -x.shape[-1] % stride
    return F.pad(x, (0, right, 0, down), mode="replicate") if down or right else x
