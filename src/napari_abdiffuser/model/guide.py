"""The guide: sees lightness alone and says which pixels belong together.

`Guide.encode` runs once per picture; `Guide.attend` and `Guide.paint` then spread any colours in
milliseconds, because every weight depends on the picture and on where the hints are, never on
their colours: the result is linear in the colours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_abdiffuser.model.encoder import GuideEncoder
from napari_abdiffuser.model.propagation import Affinity, edge_weights, solve

__all__ = ["SIZES", "Attention", "Code", "Guide", "GuideConfig"]

_HINT_STRENGTH = 20.0  # against affinities of about one: a hint is all but fixed
_GAIN_RANGE = 1.2


@dataclass(frozen=True)
class GuideConfig:
    """Shape of a guide.

    Attributes
    ----------
    widths : tuple of int
        Channels of the encoder's levels, from half resolution down.
    heads, head_features : int
        Attention heads over the hints, and features each of them compares.
    edge_features : int
        Features that the propagation compares between neighbours.
    dilations : tuple of int
        Distances of the propagation's neighbours, in cells of half resolution.
    sweeps : int
        Jacobi sweeps.
    auto_range : float
        Largest a* and b* of the automatic colour, ab / 110. The first embedded model was trained
        at 0.6; shrunk to this its colouring without hints is nearer to the truth than gray also
        where errors are pooled over pictures.
    """

    widths: tuple[int, ...] = (48, 96, 192, 320)
    heads: int = 3
    head_features: int = 16
    edge_features: int = 8
    dilations: tuple[int, ...] = (16, 8, 4, 2, 1)
    sweeps: int = 5
    auto_range: float = 0.48

    def to_dict(self) -> dict[str, Any]:
        """JSON-serializable form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> GuideConfig:
        """Inverse of `to_dict`."""
        kept: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**kept)


SIZES: dict[str, GuideConfig] = {
    "tiny": GuideConfig(widths=(16, 24, 32), heads=2, head_features=8, dilations=(4, 2, 1)),
    "small": GuideConfig(),
    "base": GuideConfig(widths=(64, 128, 256, 384), heads=4, head_features=24),
}


@dataclass(frozen=True)
class Code:
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
    claims : Tensor
        (B, h * w, N), >= 0: share of each hint; with `unclaimed` they sum to one.
    unclaimed : Tensor
        (B, h * w, 1): share that no hint claims.
    gains : Tensor
        (B, N): gain at each hint.
    """

    claims: Tensor
    unclaimed: Tensor
    gains: Tensor


class Guide(nn.Module):
    """Lightness encoder, hint attention and learned propagation.

    Parameters
    ----------
    config : GuideConfig
        Its shape.
    """

    def __init__(self, config: GuideConfig) -> None:
        super().__init__()
        self.config = config
        self.hint_strength = _HINT_STRENGTH
        heads = config.heads
        self._splits = [
            heads * config.head_features, heads, heads, 2, 1,
            config.edge_features, 8 * len(config.dilations), 1,
        ]  # fmt: skip
        self.encoder = GuideEncoder(config.widths, sum(self._splits))
        # Per head: feature sharpness, squared nearness, linear nearness, null bias; the second
        # layer adapts them to the number of hints, whose spacing it sets.
        start = torch.tensor([1.0, 4.0, 2.0, -3.0]).repeat(heads, 1)
        start[:, 1:3] *= torch.logspace(0.5, -1.0, heads)[:, None]
        self.temper = nn.Parameter(start)
        last = nn.Linear(16, 4 * heads)
        self.adapt = nn.Sequential(nn.Linear(1, 16), nn.SiLU(), last)
        self.sharpness = nn.Parameter(torch.tensor(0.0))
        self.relaxation = nn.Parameter(torch.ones(config.sweeps))
        with torch.no_grad():
            for parameter in (self.encoder.head.weight, last.weight):
                parameter.mul_(0.3)
            for bias in (self.encoder.head.bias, last.bias):
                assert bias is not None
                bias.zero_()

    def encode(self, lightness: Tensor, precision: torch.dtype = torch.float32) -> Code:
        """Encode pictures.

        Parameters
        ----------
        lightness : Tensor
            (B, 1, H, W), L* / 50 - 1.
        precision : torch.dtype
            Of the encoder's convolutions, float32 or bfloat16.

        Returns
        -------
        Code
            Maps of ceil(H / 2) x ceil(W / 2).
        """
        reduced = precision != torch.float32
        with torch.autocast(lightness.device.type, torch.bfloat16, enabled=reduced):
            maps = self.encoder(lightness)
        return self.decode(maps)

    def decode(self, maps: Tensor) -> Code:
        """Turn the encoder's maps (B, C, h, w), of any precision, into a `Code`."""
        config = self.config
        maps = maps.float()
        features, null, gate, auto, gain, edges, logits, screening = maps.split(self._splits, 1)
        features = features.unflatten(1, (config.heads, config.head_features))
        weights = edge_weights(logits, edges, F.softplus(self.sharpness), config.dilations)
        affinity = Affinity(weights, F.softplus(screening - 1) + 1e-3, config.dilations)
        return Code(
            features=features,
            null=null,
            gate=gate.softmax(1),
            auto=config.auto_range * torch.tanh(auto),
            gain=torch.exp(_GAIN_RANGE * torch.tanh(gain)),
            affinity=affinity,
        )

    def attend(self, code: Code, positions: Tensor, valid: Tensor) -> Attention:
        """Share every pixel out among the hints and a null token.

        Softmax over minus the feature distance and minus the spatial distance to each hint,
        a convex mix over heads.

        Parameters
        ----------
        code : Code
            Pictures.
        positions : Tensor
            (B, N, 2), row and column in cells of the code.
        valid : Tensor
            (B, N) bool; False pads pictures with fewer hints.

        Returns
        -------
        Attention
            Independent of any colour.
        """
        height, width = code.shape
        batch, hints = valid.shape
        count = valid.sum(1, keepdim=True).float()
        temper = self.temper + self.adapt(torch.log1p(count) / 4).unflatten(1, (-1, 4))
        away = _squared_distances(positions, height, width)
        reach = (away + 1e-4).sqrt()
        claims = torch.zeros(batch, height * width, hints, device=away.device)
        unclaimed = torch.zeros(batch, height * width, 1, device=away.device)
        for head in range(self.config.heads):
            sharp, near, linear, bias = temper[:, head].unbind(1)
            query = code.features[:, head]
            key = code.at(query, positions)
            query = query.flatten(2)
            far = (
                query.square().sum(1)[:, :, None]
                - 2 * query.transpose(1, 2) @ key
                + key.square().sum(1)[:, None]
            )
            logit = (
                -F.softplus(sharp)[:, None, None] * far
                - F.softplus(near)[:, None, None] * away
                - F.softplus(linear)[:, None, None] * reach
            ).masked_fill(~valid[:, None], -torch.inf)
            null = code.null[:, head].flatten(1) + bias[:, None]
            share = torch.cat([logit, null[..., None]], 2).softmax(2)
            share = share * code.gate[:, head].flatten(1)[..., None]
            claims = claims + share[..., :-1]
            unclaimed = unclaimed + share[..., -1:]
        return Attention(claims, unclaimed, code.at(code.gain, positions)[:, 0])

    def paint(
        self,
        code: Code,
        attention: Attention,
        colours: Tensor,
        hint_map: Tensor,
        auto: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Spread colours over the pictures.

        Parameters
        ----------
        code : Code
            Pictures.
        attention : Attention
            From `attend`.
        colours : Tensor
            (B, N, C), ab / 110 of each hint; C = 2 for one colouring, 2 n for n of them.
        hint_map : Tensor
            (B, C + 1, h, w): colours averaged over each cell, zero without a hint, and the
            share of the cell under a hint.
        auto : Tensor or None
            (B, C, h, w), colour of unclaimed pixels; None for the code's own.

        Returns
        -------
        tuple of Tensor
            (B, C, h, w) after the propagation, and the same before it.
        """
        height, width = code.shape
        if auto is None:
            auto = code.auto.repeat(1, colours.shape[-1] // 2, 1, 1)
        pure = colours / attention.gains[..., None]
        mixed = (attention.claims @ pure).transpose(1, 2).unflatten(2, (height, width))
        rest = attention.unclaimed.transpose(1, 2).unflatten(2, (height, width))
        mixed = mixed + rest * auto / code.gain
        mask = hint_map[:, -1:]
        hint = hint_map[:, :-1] / mask.clamp(min=1e-3) / code.gain
        spread = solve(code.affinity, mixed, hint, _HINT_STRENGTH * mask, self.relaxation)
        return spread * code.gain, mixed * code.gain


def _squared_distances(positions: Tensor, height: int, width: int) -> Tensor:
    """(B, N, 2) positions -> (B, h * w, N), in units of the picture's area."""
    rows = torch.arange(height, device=positions.device, dtype=positions.dtype)
    columns = torch.arange(width, device=positions.device, dtype=positions.dtype)
    dy = (rows[:, None] - positions[:, None, :, 0]).square()
    dx = (columns[:, None] - positions[:, None, :, 1]).square()
    return (dy[:, :, None] + dx[:, None]).flatten(1, 2) / (height * width)
