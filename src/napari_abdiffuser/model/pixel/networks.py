"""The thesis' model as one file holds it: the pixel U-Net, its objective and how to sample it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from napari_abdiffuser.model.diffusion.sampler import Cancel, Progress, draw_noise
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.diffusion.schedule import THESIS_STEPS, Objective, Schedule
from napari_abdiffuser.model.pixel.unet import PixelDenoiser, UNet, UNetConfig

__all__ = ["THESIS_SAMPLING", "PixelNetworks", "pixel_condition"]

"""What a pixel model's file says under ``kind`` in its header."""

THESIS_SAMPLING = SamplerConfig("ancestral", THESIS_STEPS)
"""The source's way: all 1000 steps, drawing from the posterior at each."""

_BEST_OF = 8


def pixel_condition(lightness: Tensor, hint_map: Tensor | None = None) -> Tensor:
    """Condition y of the network: lightness ‖ hints ‖ mask.

    Parameters
    ----------
    lightness : Tensor
        (B, 1, H, W), L* / 50 - 1.
    hint_map : Tensor, optional
        (B, 3, H, W): ab / 110 of the hints, 0 elsewhere, and the mask, 0 or 1. None: no hints.

    Returns
    -------
    Tensor
        (B, 4, H, W).
    """
    if hint_map is None:
        hint_map = lightness.new_zeros(len(lightness), 3, *lightness.shape[2:])
    return torch.cat([lightness, hint_map], 1)


class PixelNetworks(nn.Module):
    """Pixel U-Net of a model file.

    Parameters
    ----------
    unet : UNetConfig
        Its size.
    objective : Objective
        What it predicts, and the schedule.
    sampling : SamplerConfig
        How it is sampled when nothing else is asked for.
    """

    def __init__(
        self,
        unet: UNetConfig,
        objective: Objective | None = None,
        sampling: SamplerConfig = THESIS_SAMPLING,
    ) -> None:
        super().__init__()
        self.unet = UNet(unet)
        self.objective = objective or Objective("v", Schedule("sigmoid"))
        self.sampling = sampling

    def denoiser(self, condition: Tensor) -> PixelDenoiser:
        """``denoise(z, t) -> x0`` for one condition (B or 1, 4, H, W)."""
        return PixelDenoiser(self.unet, self.objective, condition)

    def sample(
        self,
        condition: Tensor,
        generators: Sequence[torch.Generator],
        *,
        steps: int | None = None,
        sampler: str | None = None,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Tensor:
        """Draw colourings.

        Parameters
        ----------
        condition : Tensor
            (1, 4, H, W) of one picture, or (n, 4, H, W); see `pixel_condition`.
        generators : sequence of torch.Generator
            One for each of the n outputs: the same one gives the same output whatever else is
            in the batch.
        steps, sampler : optional
            Other than the model's own. Steps other than the source's 1000 are DDIM's if no sampler
            is named: of few ancestral steps the last still adds noise that none takes away.
        progress, cancel : callable, optional
            See `napari_abdiffuser.model.sampler.Sampler`.

        Returns
        -------
        Tensor
            (n, 2, H, W), ab / 110 within ±1.

        Raises
        ------
        InvalidRequest
            For an unknown sampler or fewer steps than 1.
        Cancelled
            If `cancel` returned True.
        """
        how = self.sampling
        if sampler is None and steps not in (None, how.steps) and how.sampler == "ancestral":
            sampler = "ddim"
        how = how if sampler is None else replace(how, sampler=sampler)
        noise = draw_noise((len(generators), 2, *condition.shape[2:]), condition, generators)
        return how.run(
            self.denoiser(condition),
            noise,
            self.objective.schedule,
            steps,
            generator=list(generators),
            progress=progress,
            cancel=cancel,
        )

    def best(self, condition: Tensor, progress: Progress | None = None) -> Tensor:
        """Give the mean colouring, which is what loses least against any one truth.

        At ``t = 1`` the state says nothing of the picture, so a perfect network's clean data there
        is the mean of all its samples, at the price of one step. What the network still makes of
        the noise is averaged over eight fixed draws. A distilled network is asked for samples
        instead, and these are averaged.

        Parameters
        ----------
        condition : Tensor
            (B, 4, H, W).
        progress : callable, optional
            ``progress(done, total)``.

        Returns
        -------
        Tensor
            (B, 2, H, W), ab / 110; the same for every call, whatever else is in the batch.
        """
        denoise, schedule = self.denoiser(condition), self.objective.schedule
        own = SamplerConfig("ddim", self.sampling.steps, self.sampling.times)
        how = own if self.sampling.distilled else SamplerConfig("ddim", 1)
        total = torch.zeros_like(condition[:, :2])
        for i in range(_BEST_OF):
            generator = torch.Generator().manual_seed(i)
            noise = draw_noise(total[:1].shape, condition, [generator])  # the same for all
            total += how.run(denoise, noise.expand_as(total), schedule)
            if progress is not None:
                progress(i + 1, _BEST_OF)
        return total / _BEST_OF

    def to_config(self) -> dict[str, Any]:
        """JSON-serializable configuration."""
        return {
            "unet": self.unet.config.to_dict(),
            "objective": self.objective.kind,
            "schedule": self.objective.schedule.to_dict(),
            "sampling": self.sampling.to_dict(),
        }

    def to_tensors(self) -> dict[str, Tensor]:
        """Weights in half precision, by name."""
        return {name: t.to(torch.float16) for name, t in self.state_dict().items()}

    @classmethod
    def fresh(cls, config: Mapping[str, Any]) -> PixelNetworks:
        """Untrained networks of `to_config`'s form; raises KeyError or a ValueError otherwise."""
        return cls(
            UNetConfig.from_dict(config["unet"]),
            Objective(config["objective"], Schedule.from_dict(config["schedule"])),
            SamplerConfig.from_dict(config["sampling"]),
        )

    @classmethod
    def from_config(cls, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> PixelNetworks:
        """Networks of a configuration with these weights, ready for inference.

        Raises
        ------
        KeyError, TypeError, ValueError, RuntimeError
            If configuration and weights do not fit each other.
        """
        networks = cls.fresh(config)
        networks.load_state_dict({name: t.float() for name, t in tensors.items()})
        return networks.eval().requires_grad_(False)
