"""From a code and hints to coarse colour maps: the most probable colouring, and samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_abdiffuser.colorizer.tokens import HintTokens
from napari_abdiffuser.model.anchors import COLOUR_SCALE, place_anchors, token_features
from napari_abdiffuser.model.guide import HINT_STRENGTH, Code
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.model.propagation import solve
from napari_abdiffuser.model.sampling import Sampling

__all__ = ["Encoded", "most_probable", "sample_maps"]

_TOKENS_AT_MOST = 256


@dataclass(frozen=True)
class Encoded:
    """A picture after the encoder.

    Attributes
    ----------
    code : Code
        Of one picture.
    lightness : Tensor
        (1, 1, h, w), as the network sees it, in [-1, 1].
    anchors : Tensor
        (1, K, 2), places in cells.
    """

    code: Code
    lightness: Tensor
    anchors: Tensor

    @classmethod
    def of(cls, networks: Networks, code: Code, lightness: Tensor) -> Encoded:
        """Place the anchors."""
        return cls(code, lightness, place_anchors(code, networks.anchors.config.count))


def most_probable(networks: Networks, picture: Encoded, hints: HintTokens, *, gray: bool) -> Tensor:
    """Colour map of the hints alone: (1, 2, h, w), ab / 110.

    Parameters
    ----------
    networks : Networks
        The model.
    picture : Encoded
        The picture.
    hints : HintTokens
        May be none.
    gray : bool
        Keep what no hint claims gray, instead of its automatic colour.
    """
    code = picture.code
    valid = torch.ones(hints.positions.shape[:2], dtype=torch.bool, device=code.gain.device)
    attention = networks.guide.attend(code, hints.positions, valid)
    auto = torch.zeros_like(code.auto) if gray else code.auto
    return networks.guide.paint(code, attention, hints.colours, hints.hint_map, auto)[0]


def sample_maps(
    networks: Networks,
    picture: Encoded,
    hints: HintTokens,
    seeds: list[int],
    steps: int,
    *,
    gray: bool,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Tensor:
    """Sample colour maps: (n, 2, h, w), ab / 110; one for each seed, whatever the others are.

    Parameters
    ----------
    networks, picture, hints, gray
        See `most_probable`.
    seeds : list of int
        One for each map.
    steps : int
        Denoising steps.
    progress, cancel : callable, optional
        See `napari_abdiffuser.model.sampler`.
    """
    code = picture.code
    device = code.gain.device
    count = len(seeds)
    chosen = _spaced(hints.positions.shape[1], _TOKENS_AT_MOST, device)
    fixed = hints.colours[:, chosen]
    positions = torch.cat([picture.anchors, hints.positions[:, chosen]], 1)
    anchors = picture.anchors.shape[1]
    features = token_features(code, picture.lightness, positions).expand(count, -1, -1)
    size = torch.tensor(code.shape, device=device, dtype=torch.float32)
    places = ((positions + 0.5) / size).expand(count, -1, -1)
    known = torch.zeros(1, positions.shape[1], 3, device=device)
    known[:, anchors:, :2] = fixed * COLOUR_SCALE
    known[:, anchors:, 2] = 1
    known = known.expand(count, -1, -1)
    noise = torch.stack(
        [torch.randn(anchors, 2, generator=torch.Generator().manual_seed(s)) for s in seeds]
    ).to(device)
    # A hint's token needs no noise of its own: its colour is known.
    noise = torch.cat([noise, known[:, anchors:, :2]], 1)

    def denoise(z: Tensor, t: Tensor) -> Tensor:
        # As in training: a token whose colour is known carries it at every time.
        z = torch.where(known[..., 2:] > 0, known[..., :2], z)
        v = networks.anchors(z, t, features, places, known)
        x0 = networks.objective.to_x0(v, z, t)
        return torch.where(known[..., 2:] > 0, known[..., :2], x0)

    sampling = networks.sampling or Sampling("dpm++2m", steps)
    schedule = networks.objective.schedule
    drawn = sampling.run(denoise, noise, schedule, steps, progress=progress, cancel=cancel)
    colours = drawn[:, :anchors] / COLOUR_SCALE
    return _spread(networks, picture, hints, colours, gray=gray)


def _spread(
    networks: Networks, picture: Encoded, hints: HintTokens, colours: Tensor, *, gray: bool
) -> Tensor:
    """Spread sampled anchor colours (n, K, 2) and the hints: (n, 2, h, w)."""
    code, guide = picture.code, networks.guide
    count = len(colours)
    positions = torch.cat([picture.anchors, hints.positions], 1)
    valid = torch.ones(positions.shape[:2], dtype=torch.bool, device=positions.device)
    attention = guide.attend(code, positions, valid)
    side_by_side = torch.cat(
        [colours.transpose(0, 1).flatten(1)[None], hints.colours.repeat(1, 1, count)], 1
    )
    hint_map = torch.cat([hints.hint_map[:, :2].repeat(1, count, 1, 1), hints.hint_map[:, 2:]], 1)
    maps = guide.paint(code, attention, side_by_side, hint_map)[0]
    if gray:
        maps = maps * _claimed(networks, picture, hints)
    apart: Tensor = maps.unflatten(1, (count, 2))[0]
    return apart


def _claimed(networks: Networks, picture: Encoded, hints: HintTokens) -> Tensor:
    """Share of each cell that any hint claims, after the propagation: (1, 1, h, w)."""
    code, guide = picture.code, networks.guide
    valid = torch.ones(hints.positions.shape[:2], dtype=torch.bool, device=code.gain.device)
    attention = guide.attend(code, hints.positions, valid)
    share = attention.claims.sum(2).unflatten(1, code.shape)[:, None]
    mask = hints.hint_map[:, 2:]
    ones = torch.ones_like(mask)
    return solve(code.affinity, share, ones, HINT_STRENGTH * mask, guide.relaxation)


def _spaced(count: int, most: int, device: torch.device) -> Tensor:
    """At most `most` of `count` indices, evenly spaced."""
    return torch.linspace(0, max(count - 1, 0), min(count, most), device=device).round().long()
