"""Training of the thesis' pixel U-Net: the loss of its objective at random times."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from abdiffuser_training.engine.settings import autocast
from abdiffuser_training.engine.task import Place, TensorBatch
from abdiffuser_training.tasks.pixel_batch import Pictures, PixelSettings, draw_pixels
from abdiffuser_training.tasks.pixel_preview import preview_grid
from napari_abdiffuser.model.pixel import PixelNetworks
from napari_abdiffuser.model.schedule import Objective
from napari_abdiffuser.model.unet import UNet

__all__ = ["PixelLosses", "PixelTask"]

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


class PixelTask:
    """The pixel U-Net as the training loop sees it.

    Parameters
    ----------
    networks : PixelNetworks
        Trained in place.
    settings : PixelSettings
        What it is shown.
    pictures : Pictures
        Training crops.
    held_out : Pictures or None
        Crops to validate on.
    seed : int
        Of hints, times and noise.
    name : str
        Of the stage.
    precision : torch.dtype
        Of the network's products.
    """

    def __init__(
        self,
        networks: PixelNetworks,
        settings: PixelSettings,
        pictures: Pictures,
        held_out: Pictures | None = None,
        *,
        seed: int = 0,
        name: str = "pixel",
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.name = name
        self.losses: nn.Module = PixelLosses(networks.unet, networks.objective, precision)
        self.network: nn.Module = networks.unet
        self.settings = settings
        self._networks = networks
        self._pictures = pictures
        self._held_out = held_out
        self._seed = seed

    def batch(self, place: Place) -> TensorBatch:
        """Crops with hints, times and noise; see `draw_pixels`."""
        settings = self.settings
        place.check(settings.batch)
        crops = self._pictures.batch(
            place.step, settings.batch, settings.side, rank=place.part, world=place.parts
        )
        return draw_pixels(crops, settings, self._seed, place.step)

    def averaged(self, network: nn.Module) -> PixelNetworks:
        """Networks around an averaged U-Net; shares its weights."""
        with torch.device("meta"):
            made = PixelNetworks.fresh(self._networks.to_config())
        assert isinstance(network, UNet)
        made.unet = network
        return made.eval()

    def preview(self, network: nn.Module) -> NDArray[np.uint8] | None:
        """Four pictures that are held out, or else of the first batch."""
        side = self.settings.side
        if next(network.parameters()).device.type == "cpu":
            side = min(side, _SHOWN_SIDE)
        shown = self._fixed(_SHOWN, side)
        return preview_grid(self.averaged(network), shown)

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Mean loss over one batch of held-out crops, the same hints, times and noise each time."""
        if self._held_out is None:
            return {}
        device = next(network.parameters()).device
        assert isinstance(network, UNet)
        losses = PixelLosses(network, self._networks.objective)
        batch = self._fixed(self.settings.batch, self.settings.side).to(device)
        return {"loss": float(losses(batch))}

    def _fixed(self, count: int, side: int) -> TensorBatch:
        pictures = self._held_out or self._pictures
        crops = pictures.batch(0, count, side)
        return draw_pixels(crops, self.settings, self._seed, _HELD_OUT_STEP)
