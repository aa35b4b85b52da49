"""The guide: sees lightness alone and says which pixels belong together.

`Guide.encode` runs once per picture; `Guide.attend` and `Guide.paint` then spread any colours in
milliseconds, because every weight depends on the picture and on where the hints are, never on
their colours: the result is linear in the colours.
"""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_abdiffuser.model.guide.config import SIZES, GuideConfig
from napari_abdiffuser.model.guide.encoder import GuideEncoder
from napari_abdiffuser.model.guide.features import Attention, GuideFeatures
from napari_abdiffuser.model.guide.propagation import Affinity, edge_weights, solve

__all__ = ["HINT_STRENGTH", "SIZES", "Attention", "Guide", "GuideConfig", "GuideFeatures"]

HINT_STRENGTH = 20.0  # against affinities of about one: a hint is all but fixed
_GAIN_RANGE = 1.2
_CERTAIN = 3  # power of nearness: a third of its range
_BONUS, _RELEASE, _FIRMNESS = 15.0, 2.0, 5.0  # to begin with
_PACE = 10.0  # of learning these: they are larger than other parameters


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
        heads = config.heads
        self._splits = [
            heads * config.head_features, heads, heads, 2, 1,
            config.edge_features, 8 * len(config.dilations), 1,
        ]  # fmt: skip
        self.encoder = GuideEncoder(config.widths, sum(self._splits), trunk=config.trunk)
        # Per head: feature sharpness, squared nearness, linear nearness, null bias; the second
        # layer adapts them to the number of hints, whose spacing it sets.
        start = torch.tensor([1.0, 4.0, 2.0, -3.0]).repeat(heads, 1)
        start[:, 1:3] *= torch.logspace(0.5, -1.0, heads)[:, None]
        self.temper = nn.Parameter(start)
        last = nn.Linear(16, 4 * heads)
        self.adapt = nn.Sequential(nn.Linear(1, 16), nn.SiLU(), last)
        # What is added to all of these where everything that no hint claims stays gray.
        if config.highlight:
            self.highlight = nn.Parameter(torch.zeros(heads, 4))
        # Per head: what nearness adds to a hint's logit, and what its lack adds to the null's.
        if config.geodesic:
            self.path_temper = nn.Parameter(
                torch.tensor([_BONUS, _RELEASE]).repeat(heads, 1) / _PACE
            )
            path_last = nn.Linear(16, 2 * heads)
            self.path_adapt = nn.Sequential(nn.Linear(1, 16), nn.SiLU(), path_last)
            self.path_highlight = nn.Parameter(torch.zeros(heads, 2))
            self.firmness = nn.Parameter(torch.tensor(_FIRMNESS / _PACE))
            nn.init.zeros_(path_last.weight)
            nn.init.zeros_(path_last.bias)
        self.sharpness = nn.Parameter(torch.tensor(0.0))
        self.relaxation = nn.Parameter(torch.ones(config.sweeps))
        with torch.no_grad():
            for parameter in (self.encoder.head.weight, last.weight):
                parameter.mul_(0.3)
            for bias in (self.encoder.head.bias, last.bias):
                assert bias is not None
                bias.zero_()

    def encode(self, lightness: Tensor, precision: torch.dtype = torch.float32) -> GuideFeatures:
        """Encode pictures.

        Parameters
        ----------
        lightness : Tensor
            (B, 1, H, W), L* / 50 - 1.
        precision : torch.dtype
            Of the encoder's convolutions, float32 or bfloat16.

        Returns
        -------
        GuideFeatures
            Maps of ceil(H / 2) x ceil(W / 2).
        """
        reduced = precision != torch.float32
        with torch.autocast(lightness.device.type, torch.bfloat16, enabled=reduced):
            maps = self.encoder(lightness)
        return self.decode(maps)

    def decode(self, maps: Tensor) -> GuideFeatures:
        """Turn the encoder's maps (B, C, h, w), of any precision, into a `GuideFeatures`."""
        config = self.config
        maps = maps.float()
        features, null, gate, auto, gain, edges, logits, screening = maps.split(self._splits, 1)
        features = features.unflatten(1, (config.heads, config.head_features))
        weights = edge_weights(logits, edges, F.softplus(self.sharpness), config.dilations)
        affinity = Affinity(weights, F.softplus(screening - 1) + 1e-3, config.dilations)
        return GuideFeatures(
            features=features,
            null=null,
            gate=gate.softmax(1),
            auto=config.auto_range * torch.tanh(auto),
            gain=torch.exp(_GAIN_RANGE * torch.tanh(gain)),
            affinity=affinity,
        )

    def attend(
        self,
        code: GuideFeatures,
        positions: Tensor,
        valid: Tensor,
        highlight: Tensor | None = None,
        nearness: Tensor | None = None,
    ) -> Attention:
        """Share every pixel out among the hints and a null token.

        Softmax over minus the feature distance and minus the spatial distance to each hint, plus
        its geodesic nearness, a convex mix over heads.

        Parameters
        ----------
        code : GuideFeatures
            Pictures.
        positions : Tensor
            (B, N, 2), row and column in cells of the code.
        valid : Tensor
            (B, N) bool; False pads pictures with fewer hints.
        highlight : Tensor or None
            (B,) in [0, 1]: one where only the hinted objects are to be coloured, which needs
            narrower claims; None for zero everywhere. A guide that never learned it ignores it.
        nearness : Tensor or None
            (B, N, h * w) in [0, 1], see `HintPaths.nearness`; needed by a guide whose
            configuration says ``geodesic``, and by no other.

        Returns
        -------
        Attention
            Independent of any colour.
        """
        height, width = code.shape
        batch, hints = valid.shape
        count = valid.sum(1, keepdim=True).float()
        temper = self.tempers(count, highlight)
        path, near, nearest = None, None, None
        if self.config.geodesic and nearness is not None:
            path = self.path_tempers(count, highlight)
            near = (nearness * valid[..., None]).transpose(1, 2)
            nearest = _nearest(near)
        away = _squared_distances(positions, height, width)
        reach = (away + 1e-4).sqrt()
        weights = torch.zeros(batch, height * width, hints, device=away.device)
        unclaimed = torch.zeros(batch, height * width, 1, device=away.device)
        for head in range(self.config.heads):
            sharp, square, linear, bias = temper[:, head].unbind(1)
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
                - F.softplus(square)[:, None, None] * away
                - F.softplus(linear)[:, None, None] * reach
            )
            null = code.null[:, head].flatten(1) + bias[:, None]
            if path is not None and near is not None and nearest is not None:
                logit = logit + path[:, head, :1, None] * near
                null = null + path[:, head, 1:] * (1 - nearest)
            logit = logit.masked_fill(~valid[:, None], -torch.inf)
            share = torch.cat([logit, null[..., None]], 2).softmax(2)
            share = share * code.gate[:, head].flatten(1)[..., None]
            weights = weights + share[..., :-1]
            unclaimed = unclaimed + share[..., -1:]
        if nearest is not None:
            nearest = nearest.unflatten(1, (1, height, width))
        return Attention(weights, unclaimed, code.at(code.gain, positions)[:, 0], nearest)

    def tempers(self, count: Tensor, highlight: Tensor | None = None) -> Tensor:
        """Feature sharpness, squared and linear nearness, null bias before they are made positive.

        Parameters
        ----------
        count : Tensor
            (B, 1), hints of each picture.
        highlight : Tensor or None
            See `attend`.

        Returns
        -------
        Tensor
            (B, heads, 4).
        """
        temper: Tensor = self.temper + self.adapt(torch.log1p(count) / 4).unflatten(1, (-1, 4))
        if highlight is not None and self.config.highlight:
            temper = temper + highlight[:, None, None] * self.highlight
        return temper

    def path_tempers(self, count: Tensor, highlight: Tensor | None = None) -> Tensor:
        """Compute what nearness adds to a hint's logit, and its lack to the null token's.

        Parameters
        ----------
        count, highlight : Tensor
            See `tempers`.

        Returns
        -------
        Tensor
            (B, heads, 2), > 0.
        """
        path: Tensor = self.path_temper + self.path_adapt(torch.log1p(count) / 4).unflatten(
            1, (-1, 2)
        )
        if highlight is not None and self.config.highlight:
            path = path + highlight[:, None, None] * self.path_highlight
        return F.softplus(_PACE * path)

    def screening(self, affinity: Affinity, nearest: Tensor | None) -> Tensor:
        """Pull of the attended colours: stronger where a hint is near for certain.

        Parameters
        ----------
        affinity : Affinity
            Of the pictures.
        nearest : Tensor or None
            (B, 1, h, w), see `Attention`.

        Returns
        -------
        Tensor
            (B, 1, h, w), > 0.
        """
        if nearest is None:
            return affinity.screening
        return affinity.screening + F.softplus(_PACE * self.firmness) * nearest**_CERTAIN

    def paint(
        self,
        code: GuideFeatures,
        attention: Attention,
        colors: Tensor,
        hint_map: Tensor,
        auto: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Spread colours over the pictures.

        Parameters
        ----------
        code : GuideFeatures
            Pictures.
        attention : Attention
            From `attend`.
        colors : Tensor
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
            auto = code.auto.repeat(1, colors.shape[-1] // 2, 1, 1)
        pure = colors / attention.gains[..., None]
        mixed = (attention.weights @ pure).transpose(1, 2).unflatten(2, (height, width))
        rest = attention.unclaimed.transpose(1, 2).unflatten(2, (height, width))
        mixed = mixed + rest * auto / code.gain
        mask = hint_map[:, -1:]
        hint = hint_map[:, :-1] / mask.clamp(min=1e-3) / code.gain
        affinity = replace(
            code.affinity, screening=self.screening(code.affinity, attention.nearest)
        )
        spread = solve(affinity, mixed, hint, HINT_STRENGTH * mask, self.relaxation)
        return spread * code.gain, mixed * code.gain


def _nearest(near: Tensor) -> Tensor:
    """(B, h * w, N) -> (B, h * w); zero without hints."""
    return near.amax(2) if near.shape[2] else near.new_zeros(near.shape[:2])


def _squared_distances(positions: Tensor, height: int, width: int) -> Tensor:
    """(B, N, 2) positions -> (B, h * w, N), in units of the picture's area."""
    rows = torch.arange(height, device=positions.device, dtype=positions.dtype)
    columns = torch.arange(width, device=positions.device, dtype=positions.dtype)
    dy = (rows[:, None] - positions[:, None, :, 0]).square()
    dx = (columns[:, None] - positions[:, None, :, 1]).square()
    return (dy[:, :, None] + dx[:, None]).flatten(1, 2) / (height * width)
