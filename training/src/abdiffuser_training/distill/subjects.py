"""What can be distilled: the pixel U-Net and the anchor diffusion, as their trainings see them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from abdiffuser_training.engine.settings import autocast
from abdiffuser_training.engine.task import Place, TensorBatch
from abdiffuser_training.tasks.anchors import AnchorBatch, AnchorTask
from abdiffuser_training.tasks.pixel_batch import Pictures, check_pixels, draw_pixels
from abdiffuser_training.tasks.pixel_preview import preview_grid
from abdiffuser_training.tasks.stage_settings import PixelStage
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.model.pixel.networks import PixelNetworks
from napari_abdiffuser.model.pixel.unet import UNet

__all__ = ["AnchorSubject", "PixelSubject", "distilled_sampling", "pixel_student"]

_SHOWN = 4


def distilled_sampling(times: Sequence[float]) -> SamplerConfig:
    """How a student is sampled: DDIM without noise at its own times."""
    return SamplerConfig("ddim", len(times) - 1, tuple(times))


def pixel_student(
    teacher: PixelNetworks, network: nn.Module, times: Sequence[float]
) -> PixelNetworks:
    """Networks around a distilled U-Net, whose weights they share."""
    assert isinstance(network, UNet)
    with torch.device("meta"):
        made = PixelNetworks(network.config, teacher.objective, distilled_sampling(times))
    made.unet = network
    return made.eval()


class PixelSubject:
    """The pixel U-Net.

    Parameters
    ----------
    networks : PixelNetworks
        The teacher.
    settings : PixelStage
        What is drawn, with a seed.
    pictures : Pictures
        Training crops.
    """

    limit: float | None = 1.0

    def __init__(self, networks: PixelNetworks, settings: PixelStage, pictures: Pictures) -> None:
        check_pixels(settings)
        self.network: nn.Module = networks.unet
        self.objective = networks.objective
        self.count = settings.batch
        self._networks = networks
        self._settings = settings
        self._pictures = pictures

    def draw(self, place: Place) -> TensorBatch:
        """Chroma, condition, noise and an unused time."""
        settings = self._settings
        place.check(settings.batch)
        crops = self._pictures.batch(
            place.step, settings.batch, settings.side, rank=place.part, world=place.parts
        )
        return draw_pixels(crops, settings, place.step)

    def clean(self, batch: TensorBatch) -> tuple[Tensor, Tensor]:
        """Chroma and noise, (B, 2, S, S)."""
        return batch["chroma"], batch["epsilon"]

    def predict(self, network: nn.Module, z: Tensor, t: Tensor, batch: TensorBatch) -> Tensor:
        """Ask a U-Net."""
        with autocast(z.device, self._settings.dtype):
            predicted: Tensor = network(z, t, batch["condition"])
        return predicted.float()

    def known(self, batch: TensorBatch) -> None:
        """Nothing: hints are a condition, as in the source."""

    def preview(self, network: nn.Module, times: Sequence[float]) -> NDArray[np.uint8] | None:
        """Gray, hints, best, samples, truth."""
        networks = pixel_student(self._networks, network, times)
        side = self._settings.side
        crops = self._pictures.batch(0, _SHOWN, side)
        return preview_grid(networks, draw_pixels(crops, self._settings, 0))


class AnchorSubject:
    """The anchor diffusion; its guide stays as it is.

    Parameters
    ----------
    networks : Networks
        The teacher.
    task : AnchorTask
        Its training, whose pictures, colours and known anchors are drawn.
    count : int
        Pictures a step.
    precision : torch.dtype
        Of the networks' products.
    """

    limit: float | None = None

    def __init__(
        self,
        networks: Networks,
        task: AnchorTask,
        count: int,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.network: nn.Module = networks.anchors
        self.objective = networks.objective
        self.count = count
        self._networks = networks
        self._task = task
        self._precision = precision

    def draw(self, place: Place) -> AnchorBatch:
        """Noisy anchors, their target and their time."""
        return self._task.batch(place)

    def clean(self, batch: AnchorBatch) -> tuple[Tensor, Tensor]:
        """Colours and noise, (B, K, 2): what state and target at a time together say."""
        x0 = self.objective.to_x0(batch.target, batch.z, batch.t)
        epsilon = self.objective.to_epsilon(batch.target, batch.z, batch.t)
        return torch.where(self.known(batch), batch.known[..., :2], x0), epsilon

    def predict(self, network: nn.Module, z: Tensor, t: Tensor, batch: AnchorBatch) -> Tensor:
        """Ask a transformer."""
        with autocast(z.device, self._precision):
            predicted: Tensor = network(z, t, batch.features, batch.places, batch.known)
        return predicted.float()

    def known(self, batch: AnchorBatch) -> Tensor:
        """Anchors whose colour is given, (B, K, 1) bool."""
        return batch.known[..., 2:] > 0

    def preview(self, network: nn.Module, times: Sequence[float]) -> NDArray[np.uint8] | None:
        """Gray, hints, best, samples, truth."""
        before = self._networks.sampling
        self._networks.sampling = distilled_sampling(times)
        try:
            return self._task.preview(network)
        finally:
            self._networks.sampling = before
