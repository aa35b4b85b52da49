"""Training of the thesis' pixel U-Net: the loss of its objective at random times."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from abdiffuser_training.engine.settings import autocast
from abdiffuser_training.engine.start import begin_with
from abdiffuser_training.engine.task import Place, TensorBatch
from abdiffuser_training.tasks.pixel_batch import Pictures, check_pixels, draw_pixels
from abdiffuser_training.tasks.pixel_preview import preview_grid
from abdiffuser_training.tasks.stage_settings import PixelStage
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.diffusion.schedule import (
    Objective,
    ObjectiveKind,
    Schedule,
    ScheduleKind,
)
from napari_abdiffuser.model.pixel.networks import PixelNetworks
from napari_abdiffuser.model.pixel.unet import UNet, build_unet

__all__ = ["PixelLosses", "PixelTask", "pixel_networks", "pixel_objective"]

_SHOWN = 4
_SHOWN_SIDE = 64  # on a CPU: a preview at 256² would take minutes
_HELD_OUT_STEP = 2**31  # no training gets that far


class PixelLosses(nn.Module):
    """‖target − U-Net(z_t, t, y)‖², the mean over channels and pixels.

    Parameters
    ----------
    unet : UNet
        Trained.
    objective : Objective
        What it predicts; v in the source.
    precision : torch.dtype
        Of the network's products; the loss is float32.
    """

    def __init__(
        self, unet: UNet, objective: Objective, precision: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.unet = unet
        self.objective = objective
        self.precision = precision

    def forward(self, batch: TensorBatch) -> Tensor:
        """Scalar loss of a batch from `draw_pixels`."""
        x0, epsilon, t = batch["chroma"], batch["epsilon"], batch["t"]
        z = self.objective.schedule.diffuse(x0, epsilon, t)
        target = self.objective.target(x0, epsilon, t)
        with autocast(x0.device, self.precision):
            predicted = self.unet(z, t, batch["condition"])
        return F.mse_loss(predicted.float(), target)


def pixel_objective(settings: PixelStage) -> Objective:
    """Return what a stage's U-Net predicts; raises InvalidRequest for what there is not."""
    return Objective(
        cast(ObjectiveKind, settings.objective), Schedule(cast(ScheduleKind, settings.noise))
    )


def pixel_networks(settings: PixelStage, network: nn.Module) -> PixelNetworks:
    """Networks around a trained U-Net, whose weights they share: what a model file is made of."""
    assert isinstance(network, UNet)
    sampling = (
        SamplerConfig("ancestral", settings.times) if settings.times else SamplerConfig("ddim", 64)
    )
    with torch.device("meta"):
        made = PixelNetworks(network.config, pixel_objective(settings), sampling)
    made.unet = network
    return made.eval()


class PixelTask:
    """The pixel U-Net as the training loop sees it.

    Parameters
    ----------
    settings : PixelStage
        Of the stage, with a seed.
    pictures : Pictures
        Training crops, such as a `Mixture`.
    held_out : Pictures or None
        Crops to validate with.
    name : str
        Of the stage: 'pretrain' or 'finetune'.

    Raises
    ------
    InvalidRequest
        If the settings name what there is not.
    """

    def __init__(
        self,
        settings: PixelStage,
        pictures: Pictures,
        held_out: Pictures | None = None,
        name: str = "pretrain",
    ) -> None:
        check_pixels(settings)
        self.name = name
        self._settings = settings
        self._pictures = pictures
        self._held_out = held_out
        torch.manual_seed(settings.seed or 0)
        unet = build_unet(settings.unet).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        begin_with(unet, settings.start, "unet")
        objective = pixel_objective(settings)
        self.network: nn.Module = unet
        self.losses: nn.Module = PixelLosses(unet, objective, settings.dtype)

    def batch(self, place: Place) -> TensorBatch:
        """Crops with hints, times and noise; see `draw_pixels`."""
        settings = self._settings
        place.check(settings.batch)
        crops = self._pictures.batch(
            place.step, settings.batch, settings.side, rank=place.part, world=place.parts
        )
        return draw_pixels(crops, settings, place.step)

    def preview(self, network: nn.Module) -> NDArray[np.uint8] | None:
        """Four pictures that are held out, or else of the first batch."""
        side = self._settings.side
        if next(network.parameters()).device.type == "cpu":
            side = min(side, _SHOWN_SIDE)
        shown = self._fixed(_SHOWN, side)
        return preview_grid(pixel_networks(self._settings, network), shown)

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Mean loss over one batch of held-out crops, the same hints, times and noise each time."""
        if self._held_out is None:
            return {}
        device = next(network.parameters()).device
        assert isinstance(network, UNet)
        losses = PixelLosses(network, pixel_objective(self._settings))
        batch = self._fixed(self._settings.batch, self._settings.side).to(device)
        return {"loss": float(losses(batch))}

    def _fixed(self, count: int, side: int) -> TensorBatch:
        pictures = self._held_out or self._pictures
        crops = pictures.batch(0, count, side)
        return draw_pixels(crops, self._settings, _HELD_OUT_STEP)
