"""The training loop: steps until the budget is spent, and nothing lost when it is stopped."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from abdiffuser_training.engine.checkpoints import Checkpoints
from abdiffuser_training.engine.errors import Interrupted, TrainingFailed
from abdiffuser_training.engine.log import TrainLog
from abdiffuser_training.engine.optimization import (
    learning_rate,
    make_optimizer,
    random_state,
    seed_step,
    set_random_state,
)
from abdiffuser_training.engine.prefetch import Prefetch
from abdiffuser_training.engine.runtime import Runtime, make_runtime
from abdiffuser_training.engine.settings import TrainSettings
from abdiffuser_training.engine.task import Place, Task
from abdiffuser_training.engine.trackers import Tracker
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["train"]

_LOG = logging.getLogger(__name__)


def train(
    task: Task,
    settings: TrainSettings,
    folder: Path,
    resume: bool = False,
    runtime: Runtime | None = None,
    trackers: tuple[Tracker, ...] = (),
) -> nn.Module:
    """Train a task's network until its budget is spent.

    Parameters
    ----------
    task : Task
        What is trained.
    settings : TrainSettings
        How.
    folder : Path
        Of the stage: checkpoints, ``log.csv``, ``previews``.
    resume : bool
        Continue from the newest checkpoint, where there is one.
    runtime : Runtime or None
        Device and processes, as a context that was entered; None for one of its own.
    trackers : tuple of Tracker
        TensorBoard and the like.

    Returns
    -------
    nn.Module
        The moving average of ``task.network``, on the device, ready for inference.

    Raises
    ------
    InvalidRequest
        If the settings have no budget, or there is a training in `folder` and `resume` is False.
    Interrupted
        If SIGTERM or Ctrl-C came; the state was written.
    TrainingFailed
        If losses are not finite, or a checkpoint cannot be written or read.
    """
    if runtime is None:
        with make_runtime() as own:
            return train(task, settings, folder, resume, own, trackers)
    settings.check()
    loop = _Loop(task, settings, folder, runtime)
    loop.restore(resume)
    loop.run(TrainLog(task.name, folder, loop.step, trackers) if runtime.is_main else None)
    return loop.result()


class _Loop:
    """State of a training between two steps, and how to make the next."""

    def __init__(self, task: Task, settings: TrainSettings, folder: Path, runtime: Runtime) -> None:
        self.task, self.settings, self.runtime = task, settings, runtime
        self.folder = folder
        self.checkpoints = Checkpoints(folder, settings.keep)
        # Before it is wrapped, so that names in checkpoints depend on no launcher.
        self.plain = task.losses.to(runtime.device)
        self.average = AveragedModel(
            task.network, multi_avg_fn=get_ema_multi_avg_fn(settings.ema), use_buffers=True
        )
        self.optimizer = make_optimizer(self.plain, settings, getattr(task, "rates", None))
        kind = runtime.device.type
        self.scaler = torch.amp.GradScaler(kind, enabled=settings.precision == "fp16")
        self.step, self.seconds, self.best, self.bad = 0, 0.0, math.inf, 0
        self.saved_at = (0, 0.0)

    def restore(self, resume: bool) -> None:
        """Take up the newest checkpoint."""
        state: dict[str, Any] | None = None
        if self.runtime.is_main:
            if not resume and self.checkpoints.all():
                raise InvalidRequest(
                    f"{self.folder} holds a training already: add --resume to go on with it, or "
                    "choose another folder with --out."
                )
            self.checkpoints.clean()
            state = self.checkpoints.load()
        state = self.runtime.broadcast(state)
        if state is None:
            return
        _say_changes(state["settings"], self.settings.to_dict())
        try:
            self.plain.load_state_dict(state["losses"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainingFailed(
                f"The checkpoint in {self.folder} is of another network ("
                f"{str(error).splitlines()[0]}). Give the configuration it was started with, or "
                "another --out."
            ) from error
        self.scaler.load_state_dict(state["scaler"])
        set_random_state(state["random"])
        self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]
        self.saved_at = (self.step, self.seconds)
        _LOG.info("%s: going on after step %d", self.task.name, self.step)

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, at most 1."""
        return self.settings.progress(self.step, self.seconds)

    def run(self, log: TrainLog | None) -> None:
        """Train until the budget is spent."""
        if self.progress >= 1:
            if not self.step and log is not None:
                self._save()  # a stage of no steps can be exported too
            return
        first, accumulate = self.step, self.settings.accumulate
        parts = self.runtime.world * accumulate

        def following(number: int) -> Place | None:
            step = first + number // accumulate
            progress = self.settings.progress(step, self.seconds)
            if progress >= 1 and step > self.step:
                return None
            part = self.runtime.rank * accumulate + number % accumulate
            return Place(step, min(progress, 1 - 1e-9), part, parts)

        losses = self.runtime.prepare(self.plain)
        if self.settings.compile:
            getattr(self.task, "compiled", losses).compile()
        with Prefetch(self.task.batch, following, self.settings.workers) as batches:
            while self.progress < 1:
                self._step(losses, batches, log)
                self._between_steps(log)
        if log is not None:
            log.report(self.step, self.seconds, self._rate(), 1.0)
            if self.saved_at[0] != self.step:
                self._save(self._validated(log))
        self.runtime.wait()

    def _step(self, losses: nn.Module, batches: Prefetch, log: TrainLog | None) -> None:
        began = time.monotonic()
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate() * group.get("factor", 1.0)
        loss, samples = self._gradients(losses, batches)
        self.scaler.unscale_(self.optimizer)
        limit = self.settings.clip or math.inf
        norm = nn.utils.clip_grad_norm_(self.plain.parameters(), limit)
        # One sum over processes a step: loss, pictures, seconds of the main one, wish to stop.
        spent = time.monotonic() - began if self.runtime.is_main else 0.0
        told = torch.tensor([float(loss), samples, spent, self.runtime.stop_asked])
        value, samples, spent, stop = self.runtime.sum(told.double()).tolist()
        value /= self.runtime.world
        is_finite = math.isfinite(value) and bool(torch.isfinite(norm))
        if is_finite or (self.scaler.is_enabled() and math.isfinite(value)):
            self.scaler.step(self.optimizer)  # which leaves out overflown steps of its own
            self.scaler.update()
        if is_finite:
            self.average.update_parameters(self.task.network)
            self.bad = 0
        elif (
            not self.scaler.is_enabled() or not math.isfinite(value) or self.scaler.get_scale() < 1
        ):
            self._take_bad(value)
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.seconds += spent
        if log is not None and math.isfinite(value):
            log.add(value, int(samples))
        if stop:
            if self.runtime.is_main:
                self._save()  # a step that was left out has changed nothing
            self.runtime.wait()
            raise Interrupted(self.folder, self.step)

    def _gradients(self, losses: nn.Module, batches: Prefetch) -> tuple[Tensor, int]:
        """Accumulate the gradients of this process' parts; their mean loss and their pictures."""
        settings, total, samples = self.settings, torch.zeros(()), 0
        total = total.to(self.runtime.device)
        for i in range(settings.accumulate):
            batch = batches.take().to(self.runtime.device)
            seed_step(settings.seed or 0, self.step, self.runtime.rank * settings.accumulate + i)
            last = i == settings.accumulate - 1
            with nullcontext() if last else self.runtime.no_sync(losses):
                loss = losses(batch) / settings.accumulate
                self.scaler.scale(loss).backward()
            total = total + loss.detach()
            samples += len(batch)
        return total, samples

    def _take_bad(self, value: float) -> None:
        self.bad += 1
        _LOG.warning(
            "%s step %d: the loss is %s or its gradient is not finite; the step is left out.",
            self.task.name, self.step, value,
        )  # fmt: skip
        if self.bad >= self.settings.patience:
            kept = [path.name for path in self.checkpoints.all()[:1]]
            where = f"The last good state is {kept[0]} in {self.folder}. " if kept else ""
            raise TrainingFailed(
                f"{self.bad} steps in a row had no finite loss or gradient. {where}Lower the rate "
                f"({self.task.name}.rate={self.settings.rate / 3:.1g}) or use precision=fp32, "
                "and go on with --resume."
            )

    def _between_steps(self, log: TrainLog | None) -> None:
        """Report, show, validate and save, where it is time; only the main process does."""
        settings, step = self.settings, self.step
        if log is None or self.bad:
            return
        if settings.log_steps and step % settings.log_steps == 0:
            log.report(step, self.seconds, self._rate(), self.progress)
        if settings.preview_steps and step % settings.preview_steps == 0:
            picture = self.task.preview(self._evaluating())
            if picture is not None:
                log.preview(step, picture)
        due = settings.validate_steps and step % settings.validate_steps == 0
        best = self._validated(log) if due else False
        steps, seconds = step - self.saved_at[0], self.seconds - self.saved_at[1]
        by_steps = settings.save_steps and steps >= settings.save_steps
        by_time = settings.save_minutes and seconds >= 60 * settings.save_minutes
        if best or by_steps or by_time:
            self._save(best)

    def _validated(self, log: TrainLog) -> bool:
        """Whether the network is better than ever on held-out data."""
        figures = self.task.validate(self._evaluating())
        if not figures:
            return False
        log.validated(self.step, figures)
        is_best = figures.get("loss", math.inf) < self.best
        self.best = min(self.best, figures.get("loss", math.inf))
        return is_best

    def _save(self, best: bool = False) -> None:
        state: Mapping[str, Any] = {
            "task": self.task.name,
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "settings": self.settings.to_dict(),
            "losses": self.plain.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": random_state(),
        }
        self.checkpoints.save(state, best=best)
        self.saved_at = (self.step, self.seconds)

    def _rate(self) -> float:
        return learning_rate(self.settings, self.step, self.progress)

    def _evaluating(self) -> nn.Module:
        return self.average.module.eval()

    def result(self) -> nn.Module:
        """Return the averaged network."""
        network: nn.Module = self.average.module
        return network.eval().requires_grad_(False)


def _say_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key):
            _LOG.warning("Going on with %s = %s, which was %s.", key, now.get(key), before.get(key))
