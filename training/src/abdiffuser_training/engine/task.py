"""What the training loop needs to know of a network: the protocol `Task`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Movable", "Place", "Task", "TensorBatch"]


@dataclass(frozen=True)
class Place:
    """Where in a training a batch belongs.

    Attributes
    ----------
    step : int
        Optimizer step, from 0.
    progress : float
        Share of the budget spent, [0, 1): what crop sizes and the like may follow.
    part, parts : int
        The step's batch is cut into `parts` equal parts, one a process and accumulation, and this
        is number `part`. The parts together are the batch that one process would have drawn.
    """

    step: int
    progress: float = 0.0
    part: int = 0
    parts: int = 1

    def check(self, count: int) -> None:
        """Check that a batch of `count` pictures can be cut into equal parts.

        Raises
        ------
        InvalidRequest
            If it cannot.
        """
        if count % self.parts:
            raise InvalidRequest(
                f"A batch of {count} cannot be cut into {self.parts} equal parts (processes times "
                "accumulate): choose a batch that is a multiple."
            )


class Movable(Protocol):
    """A batch: anything that can be counted and knows how to go to a device."""

    def to(self, device: torch.device) -> Self:
        """Return the same on `device`."""
        ...

    def __len__(self) -> int:
        """How many pictures it has."""
        ...


class Task(Protocol):
    """One network's training, without the loop.

    Attributes
    ----------
    name : str
        Of the stage: its folder, and what progress lines begin with.
    losses : nn.Module
        Holds the trained network. ``losses(batch)`` is the scalar mean loss of one part: the mean
        over its pictures, so that the mean over parts is the loss of the whole batch. This is what
        is wrapped for several processes and compiled. It must draw nothing at random that `batch`
        could have drawn; what it draws comes from torch's global generator, which the loop seeds
        anew for every part of every step. Autocast is its own affair (`settings.precision`).
    network : nn.Module
        The part of `losses` whose moving average is kept and returned.

    A task may also have ``compiled``, the module that is compiled where that is asked for; without
    it that is `losses` as a whole; and ``rates``, how names of parameters of `losses` begin whose
    learning rate is not that of the others, with its factor.
    """

    name: str
    losses: nn.Module
    network: nn.Module

    def batch(self, place: Place) -> Any:
        """Draw the batch of a place, a `Movable`: a pure function of the seed and `place`.

        It is called ahead of time from threads, so it must not touch the networks.
        """
        ...

    def preview(self, network: nn.Module) -> NDArray[np.uint8] | None:
        """(H, W, 3) grid: gray, hints, best, samples, truth; None where there is nothing to see."""
        ...

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Figures of held-out data; ``'loss'``, lower is better, picks the best. May be empty."""
        ...


@dataclass(frozen=True)
class TensorBatch:
    """The simplest batch: named tensors.

    Attributes
    ----------
    tensors : dict of str to Tensor
        All with the pictures as their first axis.
    """

    tensors: dict[str, Tensor]

    def to(self, device: torch.device) -> TensorBatch:
        """Move all to a device."""
        return TensorBatch(
            {name: t.to(device, non_blocking=True) for name, t in self.tensors.items()}
        )

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))
