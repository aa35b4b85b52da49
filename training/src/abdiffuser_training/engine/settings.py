"""How a network is trained: budget, optimizer, precision, what is kept and shown."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import torch

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["TrainSettings", "autocast"]

_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class TrainSettings:
    """Settings of the training loop that every stage has.

    Attributes
    ----------
    steps : int or None
        Budget in optimizer steps; 0 trains nothing.
    minutes : float or None
        Budget in minutes of training; whichever of the two is spent first ends the training.
    seed : int or None
        Of everything random; None for the run's.
    optimizer : str
        'adamw' or 'adam'.
    rate : float
        Largest learning rate.
    schedule : str
        'cosine' or 'constant'.
    warmup : int
        Steps over which the rate rises from nothing.
    floor : float
        Share of `rate` that the cosine ends at.
    betas : tuple of float
        Of Adam.
    weight_decay : float
        Of AdamW.
    clip : float
        Largest norm of the gradient; 0 for none.
    ema : float
        Decay of the weights' moving average.
    accumulate : int
        Parts that a step's batch is computed in, to save memory; the result is the same.
    precision : str
        'fp32', 'bf16' or 'fp16' (with a loss scaler): what `autocast` of the task uses.
    compile : bool
        Whether torch.compile is used on the losses.
    workers : int
        Threads that prepare batches ahead; 0 prepares them when they are needed.
    keep : int
        Checkpoints kept, beside the best.
    save_steps, save_minutes : int, float
        A checkpoint is written after so many steps or minutes; 0 for never by that measure.
    log_steps, preview_steps, validate_steps : int
        Steps between progress lines, pictures and validations; 0 for none.
    patience : int
        Steps in a row without a finite loss or gradient that stop the training.
    """

    steps: int | None = None
    minutes: float | None = None
    seed: int | None = None
    optimizer: str = "adamw"
    rate: float = 1e-3
    schedule: str = "cosine"
    warmup: int = 200
    floor: float = 0.01
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.998
    accumulate: int = 1
    precision: str = "fp32"
    compile: bool = False
    workers: int = 0
    keep: int = 2
    save_steps: int = 0
    save_minutes: float = 2.0
    log_steps: int = 50
    preview_steps: int = 0
    validate_steps: int = 0
    patience: int = 10

    @property
    def dtype(self) -> torch.dtype:
        """The precision as torch names it."""
        return _PRECISIONS[self.precision]

    def progress(self, step: int, seconds: float) -> float:
        """Share of the budget that is spent, [0, 1]."""
        shares = [1.0 if not self.steps else step / self.steps] if self.steps is not None else []
        if self.minutes is not None:
            shares.append(seconds / (60 * self.minutes) if self.minutes > 0 else 1.0)
        return min(1.0, max(shares))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as a checkpoint keeps them."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    def check(self) -> None:
        """Check what types cannot.

        Raises
        ------
        InvalidRequest
            If there is no budget, or a value is none of the possible ones.
        """
        if self.steps is None and self.minutes is None:
            raise InvalidRequest("A training needs a budget: give steps or minutes.")
        for name, value, choices in (
            ("optimizer", self.optimizer, ("adam", "adamw")),
            ("schedule", self.schedule, ("constant", "cosine")),
            ("precision", self.precision, tuple(_PRECISIONS)),
        ):
            if value not in choices:
                raise InvalidRequest(f"{name}={value} is not one of {', '.join(choices)}.")
        least = {
            "steps": 0, "minutes": 0.0, "seed": 0, "rate": 0.0, "accumulate": 1, "ema": 0.0,
            "clip": 0.0, "workers": 0, "warmup": 0, "weight_decay": 0.0, "patience": 1,
        }  # fmt: skip
        for name, bound in least.items():
            value = getattr(self, name)
            if value is not None and not value >= bound:
                raise InvalidRequest(f"{name}={value} is below {bound}.")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise InvalidRequest(f"betas={list(self.betas)}: give two numbers, 0 ≤ beta < 1.")
        if self.ema >= 1:
            raise InvalidRequest(f"ema={self.ema} would never learn; give less than 1.")


def autocast(device: torch.device, precision: torch.dtype) -> Any:
    """Context in which matrix products and convolutions run in `precision`."""
    return torch.autocast(device.type, precision, enabled=precision != torch.float32)
