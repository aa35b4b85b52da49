"""Drawing the colours of places together, by the diffusion over anchors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.anchors import COLOR_SCALE, token_features
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig

__all__ = ["MAX_TOKENS", "Start", "sample_colors", "spaced"]

MAX_TOKENS = 256
"""Places of known colours that steer a drawing; of more, an even choice."""


@dataclass(frozen=True)
class Start:
    """Where sampling starts from, instead of from noise alone.

    Attributes
    ----------
    colors : Tensor
        (1, A, 2), ab / 110, of the places to be sampled.
    strength : float
        In (0, 1]: how far they are noised; 1 leaves nothing of them.
    """

    colors: Tensor
    strength: float


def sample_colors(
    picture: EncodedPicture,
    places: Tensor,
    known_places: Tensor,
    known_colors: Tensor,
    seeds: list[int],
    steps: int,
    *,
    start: Start | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Tensor:
    """Sample the colours of places together, given those of others.

    Parameters
    ----------
    picture : EncodedPicture
        The picture.
    places : Tensor
        (1, A, 2) in cells.
    known_places, known_colors : Tensor
        (1, N, 2) in cells, and ab / 110; of many, an even choice steers.
    seeds : list of int
        One for each sample.
    steps : int
        Denoising steps.
    start, progress, cancel
        See `napari_abdiffuser.colorizer.painting.sample_maps`.

    Returns
    -------
    Tensor
        (n, A, 2), ab / 110.
    """
    networks, gain, free = picture.networks, picture.networks.anchors.config.gain, places.shape[1]
    features, where, known = _tokens(picture, places, known_places, known_colors, len(seeds))
    noise = torch.stack(
        [torch.randn(free, 2, generator=torch.Generator().manual_seed(s)) for s in seeds]
    ).to(picture.device)
    sampling = networks.sampling or SamplerConfig("dpm++2m", steps)
    schedule = networks.objective.schedule
    times = None
    if start is not None:
        times = _times_below(start.strength, sampling.grid(steps), distilled=sampling.distilled)
        begun = start.colors * (COLOR_SCALE / gain)
        noise = schedule.diffuse(begun, noise, torch.tensor(times[0]))
    # A hint's token needs no noise of its own: its colour is known.
    noise = torch.cat([noise, known[:, free:, :2]], 1)

    def denoise(z: Tensor, t: Tensor) -> Tensor:
        # As in training: a token whose colour is known carries it at every time.
        z = torch.where(known[..., 2:] > 0, known[..., :2], z)
        v = networks.anchors(z, t, features, where, known)
        x0 = networks.objective.to_x0(v, z, t)
        return torch.where(known[..., 2:] > 0, known[..., :2], x0)

    drawn = sampling.run(
        denoise, noise, schedule, steps, times=times, progress=progress, cancel=cancel
    )
    return drawn[:, :free] * (gain / COLOR_SCALE)


def _tokens(
    picture: EncodedPicture, places: Tensor, known_places: Tensor, known_colors: Tensor, count: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Features, places in [0, 1] and known colours of all tokens, for `count` samples."""
    chosen = spaced(known_places.shape[1], MAX_TOKENS, picture.device)
    positions = torch.cat([places, known_places[:, chosen]], 1)
    features = token_features(picture.code, picture.lightness, positions)
    size = torch.tensor(picture.shape, device=picture.device, dtype=torch.float32)
    known = torch.zeros(1, positions.shape[1], 3, device=picture.device)
    known[:, places.shape[1] :, :2] = known_colors[:, chosen] * COLOR_SCALE
    known[:, places.shape[1] :, 2] = 1
    every = (features, (positions + 0.5) / size, known)
    features, where, known = (each.expand(count, -1, -1) for each in every)
    return features, where, known


def _times_below(strength: float, grid: tuple[float, ...], *, distilled: bool) -> tuple[float, ...]:
    """Falling times from `strength` on; of a distilled model, those of its own that are below."""
    if not 0 < strength <= 1:
        raise InvalidRequest(f"strength is above 0 and at most 1, not {strength}.")
    if not distilled:
        return tuple(strength * t for t in grid)
    own = tuple(t for t in grid if t <= strength)
    return own if len(own) > 1 else grid[-2:]


def spaced(count: int, most: int, device: torch.device) -> Tensor:
    """At most `most` of `count` indices, evenly spaced."""
    return torch.linspace(0, max(count - 1, 0), min(count, most), device=device).round().long()
