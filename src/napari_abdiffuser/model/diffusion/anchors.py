"""Diffusion over the colours of a few dozen anchors: the generative part of the model.

An anchor is a place that stands for the pixels around it which belong with it. The guide says what
each anchor looks like; this transformer denoises all their a*b* together, given the colours that
the user's hints fix. The guide then spreads the sampled colours as if they were hints.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_abdiffuser.model.guide.network import GuideFeatures

__all__ = ["COLOR_SCALE", "AnchorConfig", "AnchorDenoiser", "place_anchors", "token_features"]

COLOR_SCALE = 4.0
"""ab / 110 times this has about unit variance, which the schedules are made for."""

_LATTICE = 32
_FREQUENCIES = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class AnchorConfig:
    """Shape of the anchor diffusion.

    Attributes
    ----------
    code_features : int
        Channels that `token_features` gives.
    width, depth, heads : int
        Of the transformer.
    count : int
        Anchors placed on a picture.
    gain : float
        Factor of the sampled chroma: between anchors of different colours the guide mixes, which
        makes a painted picture duller than its anchors. The embedded model's file was written
        before there was one; the default is chosen for it (docs/experiments.md).
    """

    code_features: int
    width: int = 160
    depth: int = 6
    heads: int = 5
    count: int = 64
    gain: float = 1.3

    def to_dict(self) -> dict[str, Any]:
        """JSON-serializable form."""
        return asdict(self)


def token_features(code: GuideFeatures, lightness: Tensor, positions: Tensor) -> Tensor:
    """Collect what the guide says about places.

    Parameters
    ----------
    code : GuideFeatures
        Pictures.
    lightness : Tensor
        (B, 1, h, w), in [-1, 1], at the code's resolution.
    positions : Tensor
        (B, N, 2) in cells.

    Returns
    -------
    Tensor
        (B, N, heads * D + heads + 4).
    """
    maps = torch.cat(
        [code.features.flatten(1, 2), code.null, code.auto, code.gain.log(), lightness], 1
    )
    return code.at(maps, positions).transpose(1, 2)


def place_anchors(code: GuideFeatures, count: int, near: float = 6.0) -> Tensor:
    """Place anchors where they stand for most: far from each other in look and in place.

    Farthest-point sampling over candidates, each the most homogeneous cell of its block, so that
    anchors avoid edges, whose features mix both sides.

    Parameters
    ----------
    code : GuideFeatures
        Pictures.
    count : int
        Anchors a picture.
    near : float
        Weight of the spatial distance (units of the picture's size) against the feature distance
        (units of its standard deviation).

    Returns
    -------
    Tensor
        (B, count, 2) row and column in cells; places repeat where a picture has fewer candidates.
    """
    height, width = code.shape
    features = code.features.flatten(1, 2)
    deviation = features.flatten(2).std(2, correction=0)[..., None, None] + 1e-4
    features = features / deviation / math.sqrt(features.shape[1])
    rough = F.avg_pool2d(features.square(), 3, 1, 1) - F.avg_pool2d(features, 3, 1, 1).square()
    block = max(1, math.ceil(math.sqrt(height * width) / _LATTICE))
    smooth = -rough.sum(1, keepdim=True)
    _, index = F.max_pool2d(smooth, block, ceil_mode=True, return_indices=True)
    index = index.flatten(1)
    places = torch.stack([index // width, index % width], 2).float()
    look = torch.gather(features.flatten(2), 2, index[:, None].expand(-1, features.shape[1], -1))
    where = places.transpose(1, 2) * (near / math.sqrt(height * width))
    points = torch.cat([look, where], 1)
    return torch.gather(places, 1, _farthest(points, count)[..., None].expand(-1, -1, 2))


def _farthest(points: Tensor, count: int) -> Tensor:
    """Farthest-point sampling: (B, D, M) points -> (B, count) indices, the medoid first."""
    centre = points.mean(2, keepdim=True)
    chosen = [(points - centre).square().sum(1).argmin(1)]
    least = torch.full_like(points[:, 0], torch.inf)
    rows = torch.arange(len(points), device=points.device)
    for _ in range(count - 1):
        last = points[rows, :, chosen[-1]][..., None]
        least = torch.minimum(least, (points - last).square().sum(1))
        chosen.append(least.argmax(1))
    return torch.stack(chosen, 1)


class AnchorDenoiser(nn.Module):
    """Transformer over anchors and hints as tokens; predicts v of the anchors' colours.

    Parameters
    ----------
    config : AnchorConfig
        Its shape.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, config: AnchorConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        # Statistics of the guide's features over the training pictures.
        self.register_buffer("centre", torch.zeros(config.code_features))
        self.register_buffer("spread", torch.ones(config.code_features))
        inputs = 2 + config.code_features + 2 + 4 * len(_FREQUENCIES) + 3
        self.inputs = nn.Linear(inputs, width)
        self.time = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(layer, config.depth, enable_nested_tensor=False)
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2))

    def forward(
        self,
        z: Tensor,
        t: Tensor,
        features: Tensor,
        positions: Tensor,
        known: Tensor,
        valid: Tensor | None = None,
    ) -> Tensor:
        """Predict v.

        Parameters
        ----------
        z : Tensor
            (B, K, 2) noisy colours, in units of ab / 110 * `COLOR_SCALE`.
        t : Tensor
            (B,) times in [0, 1].
        features : Tensor
            (B, K, code_features) from `token_features`.
        positions : Tensor
            (B, K, 2), in units of the picture's size, [0, 1].
        known : Tensor
            (B, K, 3): the colour that a hint fixes and 1, or zeros.
        valid : Tensor or None
            (B, K) bool; False pads pictures with fewer tokens.

        Returns
        -------
        Tensor
            (B, K, 2).
        """
        place = 2 * positions - 1
        waves = [
            wave(place * (f * math.pi)) for wave in (torch.sin, torch.cos) for f in _FREQUENCIES
        ]
        looks = (features - self.centre) / self.spread
        tokens = self.inputs(torch.cat([z, looks, place, *waves, known], 2))
        exponents = torch.arange(32, device=t.device) * (-math.log(10000) / 32)
        phase = 1000 * t[:, None] * exponents.exp()
        tokens = tokens + self.time(torch.cat([phase.sin(), phase.cos()], 1))[:, None]
        padding = None if valid is None else ~valid
        out: Tensor = self.out(self.body(tokens, src_key_padding_mask=padding))
        return out
