"""Training of the guide: simulated hints must spread to the true colours."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.engine.settings import autocast
from abdiffuser_training.engine.start import begin_with
from abdiffuser_training.engine.task import Place
from abdiffuser_training.engine.trunk import PACKAGE, begin_trunk
from abdiffuser_training.hint_sampling import HintBatch, HintSettings, hint_batch
from abdiffuser_training.hint_sampling.paths import hint_nearness
from abdiffuser_training.tasks.losses import charbonnier, claim_likelihood, log_mse
from abdiffuser_training.tasks.pixel_batch import Pictures
from abdiffuser_training.tasks.previews import grid, hint_picture, render_batch
from abdiffuser_training.tasks.stage_settings import Crops, GuideStage, GuideWeights
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.guide.network import SIZES, Attention, Guide, GuideFeatures

__all__ = ["GuideBatch", "GuideLosses", "GuideTask", "crops_at"]

_SHOWN = 4
_VALIDATED = 4  # batches
_NOBODY = 1e-2  # likelihood of a colour that no hint has


@dataclass(frozen=True)
class GuideBatch:
    """Crops and the hints of their simulated users."""

    crops: Batch
    hints: HintBatch
    nearness: Tensor

    def to(self, device: torch.device) -> GuideBatch:
        """Give the same on a device."""
        return GuideBatch(self.crops.to(device), self.hints.to(device), self.nearness.to(device))

    def __len__(self) -> int:
        return len(self.crops.seen)


class GuideLosses(nn.Module):
    """The guide and what it is trained to make small.

    Parameters
    ----------
    guide : Guide
        The network.
    weights : GuideWeights
        Of the losses.
    precision : torch.dtype
        Of the encoder's convolutions; everything after them is float32.
    """

    def __init__(self, guide: Guide, weights: GuideWeights, precision: torch.dtype) -> None:
        super().__init__()
        self.guide = guide
        self.weights = weights
        self.precision = precision

    def forward(self, batch: GuideBatch) -> Tensor:
        """Mean loss: true chroma against the colours that hints spread, and automatic ones."""
        guide, weights, hints, crops = self.guide, self.weights, batch.hints, batch.crops
        truth = F.avg_pool2d(crops.chroma, 2)
        with autocast(crops.seen.device, self.precision):
            maps = guide.encoder(crops.seen)
        code = guide.decode(maps)
        attention = guide.attend(
            code, hints.positions, hints.valid, crops.highlight, batch.nearness
        )
        # Colours that were painted at random say nothing about the automatic colour.
        native = crops.native.float()
        auto = (code.auto * native[:, None, None, None]).detach()
        spread, mixed = guide.paint(code, attention, hints.colors, hints.hint_map, auto)
        share = _share(truth, crops, weights.highlighted)
        loss = weights.spread * charbonnier(spread - truth, weights.width, share)
        loss = loss + weights.mixed * charbonnier(mixed - truth, weights.width, share)
        loss = loss + weights.log_mse * log_mse(spread - truth, weights.floor, share)
        if weights.claimed:
            loss = loss + weights.claimed * self._claimed(code, attention, batch, truth, auto)
        automatic = charbonnier(code.auto - truth, weights.automatic_width) * native
        return (loss + weights.automatic * automatic).mean()

    def _claimed(
        self,
        code: GuideFeatures,
        attention: Attention,
        batch: GuideBatch,
        truth: Tensor,
        auto: Tensor,
    ) -> Tensor:
        """Minus the log-likelihood of the true colours, per picture (B,).

        How vivid a pixel is has the gain to say, which learns from the other losses.
        """
        with torch.no_grad():
            gain = code.gain.flatten(2).transpose(1, 2)
            pure = batch.hints.colors / attention.gains[..., None]
            aim = truth.flatten(2).transpose(1, 2) / gain  # in the measure of what is claimed
            own = (aim - auto.flatten(2).transpose(1, 2) / gain).square().sum(2, keepdim=True)
            distances = torch.cat([torch.cdist(aim, pure).square(), own], 2) * gain.square()
        shares = torch.cat([attention.weights, attention.unclaimed], 2)
        loss = claim_likelihood(shares, distances, self.weights.claim_width, _NOBODY)
        share = _share(truth, batch.crops, self.weights.highlighted).flatten(1)
        return (loss * share).mean(1)


def _share(truth: Tensor, crops: Batch, weight: float) -> Tensor:
    """Weigh pixels (B, h, w): highlighted objects more than the ground around them."""
    kept = (truth.abs().amax(1) > 0) & (crops.highlight > 0)[:, None, None]
    share = 1 + (weight - 1) * kept
    return share if crops.counted is None else share * F.avg_pool2d(crops.counted, 2)


def crops_at(crops: list[Crops], progress: float) -> Crops:
    """Which crops are drawn at some progress, [0, 1)."""
    return next((c for c in crops if progress < c.until), crops[-1])


class GuideTask:
    """Task of the guide; see `abdiffuser_training.engine.task.Task`.

    Parameters
    ----------
    settings : GuideStage
        Of the stage, with a seed.
    size : str
        Named size of the guide.
    mixture : Pictures
        Training pictures.
    held_out : Pictures or None
        Pictures to validate with.

    Raises
    ------
    InvalidRequest
        If the settings name what there is not, or `start` is of another network.
    """

    name = "guide"

    def __init__(
        self, settings: GuideStage, size: str, mixture: Pictures, held_out: Pictures | None = None
    ) -> None:
        self._settings = settings
        self._mixture, self._held_out = mixture, held_out
        try:
            self._hints = HintSettings(**settings.hints)
        except TypeError as error:
            known = ", ".join(f.name for f in fields(HintSettings))
            raise InvalidRequest(
                f"guide.hints has what there is not; there are {known}."
            ) from error
        self._seed = settings.seed or 0
        torch.manual_seed(self._seed)
        guide = Guide(SIZES[size]).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        begin_with(guide, settings.start, "guide")
        if guide.encoder.trunk is None and (settings.trunk or settings.trunk_rate):
            raise InvalidRequest(
                f"size={size} has no trunk: give size=lite, or leave out guide.trunk and "
                "guide.trunk_rate (guide.trunk=null guide.trunk_rate=0)."
            )
        if guide.encoder.trunk is not None:
            if settings.start is None and settings.trunk is None:
                raise InvalidRequest(
                    f"size={size} has a trunk that others trained; give guide.trunk={PACKAGE}, "
                    "or guide.start."
                )
            begin_trunk(guide.encoder.trunk, settings.trunk, tuned=settings.trunk_rate > 0)
        self.rates = {"guide.encoder.trunk.": settings.trunk_rate}
        self.network: nn.Module = guide
        # Not all of it: torch 2.13 cannot compile the gradient of the propagation's padding.
        self.compiled: nn.Module = guide.encoder
        self.losses: nn.Module = GuideLosses(guide, settings.weights, settings.dtype)

    def batch(self, place: Place) -> GuideBatch:
        """Draw crops and hints of a place."""
        crops = crops_at(self._settings.crops, place.progress)
        return self._draw(self._mixture, place, crops)

    def preview(self, network: nn.Module) -> NDArray[np.uint8] | None:
        """Columns: gray, hints, best, truth."""
        assert isinstance(network, Guide)
        batch, spread = self._spread(network, self._held_out or self._mixture)
        size = batch.crops.chroma.shape[-1]
        fine = F.interpolate(spread, size=(size, size), mode="bilinear")
        lightness = batch.crops.lightness
        return grid(
            render_batch(lightness, torch.zeros_like(fine)),
            hint_picture(lightness, batch.hints),
            render_batch(lightness, fine),
            render_batch(lightness, batch.crops.chroma),
        )

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Loss on crops of the held-out pictures, always the same ones."""
        if self._held_out is None:
            return {}
        assert isinstance(network, Guide)
        device = next(network.parameters()).device
        losses = GuideLosses(network, self._settings.weights, self._settings.dtype)
        with torch.no_grad():
            values = [
                losses(self._draw(self._held_out, Place(step), self._settings.crops[-1]).to(device))
                for step in range(_VALIDATED)
            ]
        return {"loss": float(torch.stack(values).mean())}

    def _draw(self, mixture: Pictures, place: Place, crops: Crops) -> GuideBatch:
        place.check(crops.batch)
        drawn = mixture.batch(
            place.step, crops.batch, crops.side, rank=place.part, world=place.parts
        )
        hints = hint_batch(drawn, self._hints, self._seed, place.step)
        return GuideBatch(drawn, hints, hint_nearness(drawn.seen, hints))

    @torch.no_grad()
    def _spread(self, guide: Guide, mixture: Pictures) -> tuple[GuideBatch, Tensor]:
        device = next(guide.parameters()).device
        side = self._settings.crops[-1].side
        batch = self._draw(mixture, Place(0), Crops(1.0, side, _SHOWN)).to(device)
        code = guide.encode(batch.crops.seen)
        hints = batch.hints
        attention = guide.attend(
            code, hints.positions, hints.valid, batch.crops.highlight, batch.nearness
        )
        return batch, guide.paint(code, attention, hints.colors, hints.hint_map)[0]
