"""Training of the upsampler: coarse true chroma back to fine, guided by lightness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.engine.start import begin_with
from abdiffuser_training.engine.task import Place
from abdiffuser_training.tasks.pixel_batch import Pictures
from abdiffuser_training.tasks.previews import grid, render_batch
from abdiffuser_training.tasks.stage_settings import UpsamplerStage
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.upsample import Upsampler

__all__ = ["UpsamplerTask"]

_PURPOSE = 0x75707363  # keeps its numbers apart from everybody else's


@dataclass(frozen=True)
class _Fine:
    """Crops and the pixels a cell that they are averaged over."""

    crops: Batch
    factor: int

    def to(self, device: torch.device) -> _Fine:
        return _Fine(self.crops.to(device), self.factor)

    def __len__(self) -> int:
        return len(self.crops.seen)

    def upsampled(self, model: nn.Module) -> Tensor:
        """(B, 2, S, S) from cells of `factor` pixels."""
        colors = F.avg_pool2d(self.crops.chroma, self.factor)
        coarse = F.avg_pool2d(self.crops.seen, self.factor)[:, 0]
        fine: Tensor = model(self.crops.seen[:, 0], coarse, colors)
        return fine


class _Losses(nn.Module):
    def __init__(self, model: Upsampler) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: _Fine) -> Tensor:
        return (batch.upsampled(self.model) - batch.crops.chroma).square().mean()


class UpsamplerTask:
    """Task of the upsampler; see `abdiffuser_training.engine.task.Task`.

    Parameters
    ----------
    settings : UpsamplerStage
        Of the stage, with a seed.
    mixture : Pictures
        Pictures whose colours are their own.

    Raises
    ------
    InvalidRequest
        If the side of the crops is no multiple of a factor.
    """

    name = "upsampler"

    def __init__(self, settings: UpsamplerStage, mixture: Pictures) -> None:
        odd = [f for f in settings.factors if settings.side % f]
        if odd:
            raise InvalidRequest(f"upsampler.side={settings.side} is no multiple of {odd[0]}.")
        self._settings, self._mixture = settings, mixture
        torch.manual_seed(settings.seed or 0)
        model = Upsampler()
        begin_with(model, settings.start, "upsampler")
        self.network: nn.Module = model
        self.losses: nn.Module = _Losses(model)

    def batch(self, place: Place) -> _Fine:
        """Draw crops, and one factor for all of them."""
        rng = np.random.default_rng((_PURPOSE, self._settings.seed or 0, place.step))
        place.check(self._settings.batch)
        crops = self._mixture.batch(
            place.step, self._settings.batch, self._settings.side,
            rank=place.part, world=place.parts,
        )  # fmt: skip
        return _Fine(crops, int(rng.choice(self._settings.factors)))

    @torch.no_grad()
    def preview(self, network: nn.Module) -> NDArray[np.uint8] | None:
        """Columns: gray, bilinear, learned, truth."""
        device = next(network.parameters()).device
        batch = _Fine(self._mixture.batch(0, 4, self._settings.side), 8).to(device)
        size = batch.crops.seen.shape[-2:]
        plain = F.interpolate(F.avg_pool2d(batch.crops.chroma, 8), size=size, mode="bilinear")
        shown = (torch.zeros_like(plain), plain, batch.upsampled(network), batch.crops.chroma)
        return grid(*(render_batch(batch.crops.lightness, chroma) for chroma in shown))

    @torch.no_grad()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Mean squared errors on crops drawn anew, learned and bilinear: no picture is held out."""
        device = next(network.parameters()).device
        learned, plain = 0.0, 0.0
        for factor in sorted(set(self._settings.factors)):
            batch = _Fine(self._mixture.batch(factor, 8, self._settings.side), factor).to(device)
            truth = batch.crops.chroma
            colors = F.avg_pool2d(truth, factor)
            bilinear = F.interpolate(colors, size=truth.shape[-2:], mode="bilinear")
            learned += float((batch.upsampled(network) - truth).square().mean())
            plain += float((bilinear - truth).square().mean())
        count = len(set(self._settings.factors))
        return {"loss": learned / count, "bilinear": plain / count}
