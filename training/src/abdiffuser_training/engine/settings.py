"""How a network is trained: budget, optimizer, precision, what is kept and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

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
    seed : int
        Of everything random.
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
    seed: int = 0
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


def autocast(device: torch.device, precision: torch.dtype) -> Any:
    """Context in which matrix products and convolutions run in `precision`."""
    return torch.autocast(device.type, precision, enabled=precision != torch.float32)
