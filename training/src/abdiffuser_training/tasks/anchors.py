"""Training of the anchor diffusion: denoise the colours of anchors, given some of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from abdiffuser_training.engine.settings import autocast
from abdiffuser_training.engine.start import begin_with
from abdiffuser_training.engine.task import Place
from abdiffuser_training.hint_sampling import HintSettings, hint_batch
from abdiffuser_training.seeding import Purpose, generator
from abdiffuser_training.tasks.features import Anchors
from abdiffuser_training.tasks.pixel_batch import Pictures
from abdiffuser_training.tasks.previews import colourings
from abdiffuser_training.tasks.stage_settings import AnchorStage
from napari_abdiffuser.model.diffusion.anchors import COLOR_SCALE, AnchorDenoiser
from napari_abdiffuser.model.networks import Networks

__all__ = ["AnchorBatch", "AnchorLosses", "AnchorTask"]

_SHOWN = 3


@dataclass(frozen=True)
class AnchorBatch:
    """Noisy anchors of B pictures and what is to be predicted of them.

    Attributes
    ----------
    features : Tensor
        (B, K, C) from `token_features`.
    places : Tensor
        (B, K, 2), in units of the picture's size.
    known : Tensor
        (B, K, 3), scaled colour and 1, or zeros.
    z, target : Tensor
        (B, K, 2), noisy colours and the objective's target.
    t : Tensor
        (B,) times.
    """

    features: Tensor
    places: Tensor
    known: Tensor
    z: Tensor
    target: Tensor
    t: Tensor

    def to(self, device: torch.device) -> AnchorBatch:
        """Give the same on a device."""
        return AnchorBatch(*(getattr(self, f.name).to(device) for f in fields(self)))

    def __len__(self) -> int:
        return len(self.t)


class AnchorLosses(nn.Module):
    """The anchor diffusion and its mean squared error over unknown anchors."""

    def __init__(self, model: AnchorDenoiser, precision: torch.dtype) -> None:
        super().__init__()
        self.model = model
        self.precision = precision

    def forward(self, batch: AnchorBatch) -> Tensor:
        """Mean over pictures; in each over its unknown anchors."""
        with autocast(batch.z.device, self.precision):
            predicted = self.model(batch.z, batch.t, batch.features, batch.places, batch.known)
        unknown = 1 - batch.known[..., 2]
        error = (predicted.float() - batch.target).square().sum(2) * unknown
        mean: Tensor = (error.sum(1) / unknown.sum(1)).mean()
        return mean


class AnchorTask:
    """Task of the anchor diffusion; see `abdiffuser_training.engine.task.Task`.

    Parameters
    ----------
    settings : AnchorStage
        Of the stage, with a seed.
    networks : Networks
        Guide, trained, and the anchor diffusion that is trained here.
    data : Anchors
        Collected.
    pictures : Pictures or None
        For previews.
    """

    name = "anchors"

    def __init__(
        self,
        settings: AnchorStage,
        networks: Networks,
        data: Anchors,
        pictures: Pictures | None = None,
    ) -> None:
        self._settings, self._networks, self._data = settings, networks, data
        self._pictures = pictures
        self._seed = settings.seed or 0
        model = networks.anchors
        begin_with(model, settings.start, "anchors")
        if settings.start is None:
            flat = data.features.flatten(0, 1)
            model.centre.copy_(flat.mean(0))
            model.spread.copy_(flat.std(0) + 1e-3)
        self.network: nn.Module = model
        self.losses: nn.Module = AnchorLosses(model, settings.dtype)

    def batch(self, place: Place) -> AnchorBatch:
        """Draw pictures, times, noise and what is known of a place."""
        place.check(self._settings.batch)
        own = range(place.part, self._settings.batch, place.parts)
        rngs = [generator(Purpose.NOISE, self._seed, place.step, index) for index in own]
        rows = torch.tensor([int(rng.integers(len(self._data))) for rng in rngs])
        return self._noisy(rows, rngs)

    def preview(self, network: nn.Module) -> NDArray[np.uint8] | None:
        """Columns: gray, hints, best, three samples, truth."""
        if self._pictures is None:
            return None
        assert isinstance(network, AnchorDenoiser)
        crops = self._pictures.batch(0, _SHOWN, self._settings.side)
        hints = hint_batch(crops, HintSettings(most=8), self._seed, 0)
        networks = self._networks
        trained, networks.anchors = networks.anchors, network
        try:
            return colourings(networks, crops.to("cpu"), hints.to("cpu"))
        finally:
            networks.anchors = trained

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Nothing: all that was collected is trained on."""
        return {}

    def _noisy(self, rows: Tensor, rngs: list[np.random.Generator]) -> AnchorBatch:
        settings, data, objective = self._settings, self._data, self._networks.objective
        count = data.features.shape[1]
        turns = torch.stack([_turn(rng) for rng in rngs])
        drawn = np.array([rng.random(4) for rng in rngs])
        is_turned = ~data.native[rows] | torch.from_numpy(drawn[:, 0] < settings.turned)
        turns = torch.where(is_turned[:, None, None], turns, torch.eye(2))
        clean = data.colors[rows] @ turns * COLOR_SCALE
        most = min(settings.known, count - 1)
        number = np.where(drawn[:, 1] < settings.unknown, 0, 1 + (drawn[:, 2] * most).astype(int))
        order = np.stack([rng.permutation(count) for rng in rngs])
        is_known = torch.from_numpy(order < number[:, None])
        t = torch.from_numpy(drawn[:, 3]).float()
        noise = np.stack([rng.standard_normal((count, 2), dtype=np.float32) for rng in rngs])
        epsilon = torch.from_numpy(noise)
        z = objective.schedule.diffuse(clean, epsilon, t)
        ones = torch.ones(len(rows), count, 1)
        return AnchorBatch(
            features=data.features[rows],
            places=data.places[rows],
            known=torch.cat([clean, ones], 2) * is_known[..., None],
            # Known tokens carry their clean colour, as they do in sampling.
            z=torch.where(is_known[..., None], clean, z),
            target=objective.target(clean, epsilon, t),
            t=t,
        )


def _turn(rng: np.random.Generator) -> Tensor:
    """(2, 2) matrix that turns, mirrors and scales the a*b* plane at random."""
    angle, mirror = 2 * math.pi * rng.random(), -1.0 if rng.random() < 0.5 else 1.0
    size = rng.uniform(0.7, 1.2)
    cosine, sine = size * math.cos(angle), size * math.sin(angle)
    return torch.tensor([[cosine, -sine * mirror], [sine, cosine * mirror]], dtype=torch.float32)
