"""A chain of students, each the teacher of the next."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from abdiffuser_training.distill.config import DistillConfig
from abdiffuser_training.distill.files import Teacher, read_teacher, write_student
from abdiffuser_training.distill.steps import grid_chain
from abdiffuser_training.distill.subjects import AnchorSubject, PixelSubject
from abdiffuser_training.distill.task import DistillTask, Subject
from abdiffuser_training.engine.checkpoints import Checkpoints
from abdiffuser_training.engine.loop import train
from abdiffuser_training.engine.runtime import Runtime
from abdiffuser_training.engine.settings import TrainSettings
from abdiffuser_training.engine.trackers import Tracker
from abdiffuser_training.fit.run import SourceMixture
from abdiffuser_training.tasks.anchors import AnchorTask
from abdiffuser_training.tasks.features import Collecting, collect
from napari_abdiffuser.model.pixel.networks import PixelNetworks

__all__ = ["run_chain"]

_LOG = logging.getLogger(__name__)


def run_chain(
    config: DistillConfig,
    folder: Path,
    resume: bool,
    runtime: Runtime,
    trackers: tuple[Tracker, ...] = (),
) -> list[Path]:
    """Train every student; see `abdiffuser_training.distill.distill`."""
    teacher = read_teacher(config.model)
    times = teacher.times(config.teacher_steps)
    grids = grid_chain(times, config.students)
    subject, settings = _subject(config, teacher, folder, runtime)
    network = subject.network
    chain = [len(times) - 1]
    written = []
    for grid in grids:
        task = DistillTask(subject, network, times, config.seed)
        _LOG.info("%d steps -> %d", len(times) - 1, task.steps)
        network = train(task, settings, folder / task.name, resume, runtime, trackers).cpu()
        times = grid
        chain.append(task.steps)
        if task.steps in config.students:
            path = folder / f"{task.name}.safetensors"
            if runtime.is_main:
                history = {"chain": list(chain), **_spent(folder / task.name)}
                write_student(path, teacher, network, times, history)
            written.append(path)
    runtime.wait()
    return written


def _subject(
    config: DistillConfig, teacher: Teacher, folder: Path, runtime: Runtime
) -> tuple[Subject, TrainSettings]:
    """Make what is distilled, and say how each student is trained."""
    networks = teacher.networks
    if isinstance(networks, PixelNetworks):
        stage = replace(config.pixel, seed=config.seed)
        pictures = SourceMixture(stage.sources or config.sources, config.seed + 5, {})
        return PixelSubject(networks, stage, pictures), stage
    how = replace(config.anchors, seed=config.seed, start=str(teacher.file.path))
    chosen = [{**s, "weight": s["anchors"]} for s in config.sources if s.get("anchors")]
    pictures = SourceMixture(chosen or config.sources, config.seed + 5, {})
    count = networks.anchors.config.count
    asked = Collecting(how.crops, count, how.side, how.colours, how.dtype)
    data = collect(networks.guide, pictures, asked, folder / "features", runtime)
    task = AnchorTask(how, networks, data, pictures)
    return AnchorSubject(networks, task, how.batch, how.dtype), how


def _spent(folder: Path) -> dict[str, Any]:
    state = Checkpoints(folder).load()
    if state is None:
        return {}
    return {"updates": state["step"], "minutes": round(state["seconds"] / 60, 1)}
