"""One stage of progressive distillation: a student learns to do two of its teacher's steps in one.

Salimans & Ho 2022, alg. 2, for any diffusion model here: a `Subject` says what is drawn, what the
network is asked and what a sampler does to its answers.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from abdiffuser_training.distill.steps import halved, step_pairs, two_steps
from abdiffuser_training.engine.task import Place
from abdiffuser_training.seeding import Purpose, generator
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.schedule import Objective

__all__ = ["DistillBatch", "DistillLosses", "DistillTask", "Subject"]


class Subject(Protocol):
    """A diffusion model to distill.

    Attributes
    ----------
    network : nn.Module
        The first teacher.
    objective : Objective
        What it predicts, and its schedule.
    count : int
        Pictures a step, over all processes and accumulated parts.
    limit : float or None
        Its samplers clamp clean data to ±limit.
    """

    network: nn.Module
    objective: Objective
    count: int
    limit: float | None

    def draw(self, place: Place) -> Any:
        """Batch of its ordinary training."""
        ...

    def clean(self, batch: Any) -> tuple[Tensor, Tensor]:
        """Clean data and standard normal noise of a batch, (B, …) both."""
        ...

    def predict(self, network: nn.Module, z: Tensor, t: Tensor, batch: Any) -> Tensor:
        """Ask `network`, (B, …) float32."""
        ...

    def known(self, batch: Any) -> Tensor | None:
        """Where clean data is given, as hints are: bool that broadcasts over it; None: nowhere."""
        ...

    def preview(self, network: nn.Module, times: Sequence[float]) -> NDArray[np.uint8] | None:
        """Show what a student with these times samples."""
        ...


@dataclass(frozen=True)
class DistillBatch:
    """A batch of the subject and the student's step, (B, 3) float64 times, that each item is at."""

    inner: Any
    times: Tensor

    def to(self, device: torch.device) -> DistillBatch:
        """Give the same on a device."""
        return DistillBatch(self.inner.to(device), self.times.to(device))

    def __len__(self) -> int:
        return len(self.times)


class DistillLosses(nn.Module):
    """‖v̂ − ṽ‖² between the student and what two steps of its teacher amount to.

    That is Salimans & Ho's weighting 'SNR + 1', whatever the network predicts.

    Parameters
    ----------
    subject : Subject
        The model.
    student, teacher : nn.Module
        Trained, and frozen.
    """

    def __init__(self, subject: Subject, student: nn.Module, teacher: nn.Module) -> None:
        super().__init__()
        self.student = student
        self._subject = subject
        # In a list, the frozen teacher is no part of checkpoints and of gradients' exchange.
        self._teacher = [teacher]

    def target(self, batch: DistillBatch) -> tuple[Tensor, Tensor]:
        """States z (B, …) at the student's times, and the clean data x̃ they should be taken for."""
        subject = self._subject
        x0, epsilon = subject.clean(batch.inner)
        known = subject.known(batch.inner)
        teacher = self._teacher[0].to(x0.device)

        def given(values: Tensor) -> Tensor:
            return values if known is None else torch.where(known, x0, values)

        def denoise(z: Tensor, t: Tensor) -> Tensor:
            z = given(z)
            found = subject.objective.to_x0(subject.predict(teacher, z, t, batch.inner), z, t)
            if subject.limit is not None:
                found = found.clamp(-subject.limit, subject.limit)
            return given(found)

        schedule = subject.objective.schedule
        z = given(schedule.diffuse(x0, epsilon, batch.times[:, 0].float()))
        with torch.no_grad():
            return z, two_steps(denoise, z, batch.times, schedule)

    def forward(self, batch: DistillBatch) -> Tensor:
        """Mean over the pictures; in each over what is not known."""
        subject = self._subject
        z, target = self.target(batch)
        t = batch.times[:, 0].float()
        signal, noise = subject.objective.schedule.factors(t, z)
        predicted = subject.predict(self.student, z, t, batch.inner)
        if subject.objective.kind == "x0":
            predicted = (signal * z - predicted) / noise
        error = (predicted - (signal * z - target) / noise).square()
        known = subject.known(batch.inner)
        if known is None:
            return error.mean()
        counted = (~known).expand_as(error)
        per_item = (error * counted).flatten(1).sum(1) / counted.flatten(1).sum(1)
        return per_item.mean()


class DistillTask:
    """Task of one student; see `abdiffuser_training.engine.task.Task`.

    Parameters
    ----------
    subject : Subject
        The model.
    teacher : nn.Module
        As the subject's network; not changed.
    times : sequence of float
        The teacher's; the student has `halved` of them.
    seed : int
        Of the steps that are drawn.

    Raises
    ------
    InvalidRequest
        If the network predicts epsilon.
    """

    def __init__(
        self, subject: Subject, teacher: nn.Module, times: Sequence[float], seed: int = 0
    ) -> None:
        if subject.objective.kind == "epsilon":
            raise InvalidRequest(
                "A network that predicts epsilon cannot be distilled: at t = 1, where few steps "
                "begin, it says nothing of the picture. Train it with objective=v."
            )
        self.times = halved(times)
        self.name = f"steps-{len(self.times) - 1}"
        frozen = copy.deepcopy(teacher).eval().requires_grad_(False)
        self.network: nn.Module = copy.deepcopy(teacher).train().requires_grad_(True)
        self.losses: nn.Module = DistillLosses(subject, self.network, frozen)
        self._subject = subject
        self._pairs = step_pairs(times, self.times)
        self._seed = seed

    def batch(self, place: Place) -> DistillBatch:
        """Draw pictures, and for each the step that it is at, uniformly."""
        inner = self._subject.draw(place)
        own = range(place.part, self._subject.count, place.parts)
        steps = [
            # The fourth number keeps these apart from the noise of the same picture.
            int(generator(Purpose.NOISE, self._seed, place.step, index, 1).integers(self.steps))
            for index in own
        ]
        return DistillBatch(inner, self._pairs[steps])

    @property
    def steps(self) -> int:
        """Steps of the student."""
        return len(self._pairs)

    def preview(self, network: nn.Module) -> NDArray[np.uint8] | None:
        """Return what the subject shows of a student."""
        return self._subject.preview(network, self.times)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Nothing: the teacher is the truth, and it says something of any picture."""
        return {}
