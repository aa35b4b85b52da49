"""The stages of a run, each trained with the loop; one after the other."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from abdiffuser_training.engine.checkpoints import Checkpoints
from abdiffuser_training.engine.loop import train
from abdiffuser_training.engine.start import begin_with
from abdiffuser_training.fit.config import FitConfig
from abdiffuser_training.fit.run import Run
from abdiffuser_training.tasks.anchors import AnchorTask
from abdiffuser_training.tasks.features import Collecting, collect
from abdiffuser_training.tasks.guide import GuideTask
from abdiffuser_training.tasks.pixel import PixelTask
from abdiffuser_training.tasks.stage_settings import PixelStage
from abdiffuser_training.tasks.upsampler import UpsamplerTask
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.schedule import Objective, Schedule
from napari_abdiffuser.model.guide.network import SIZES
from napari_abdiffuser.model.networks import Networks

__all__ = ["STAGES", "fresh_networks"]

_LOG = logging.getLogger(__name__)


def fresh_networks(config: FitConfig) -> Networks:
    """Untrained guide, anchor diffusion and upsampler of a configuration.

    Raises
    ------
    InvalidRequest
        If there is no guide of that size, or the anchors' network cannot be.
    """
    if config.size not in SIZES:
        raise InvalidRequest(f"size={config.size} is not one of {', '.join(SIZES)}.")
    torch.manual_seed(config.seed)
    noise: Any = config.anchors.noise
    plain = Networks.fresh(SIZES[config.size])
    try:
        shape = replace(plain.anchors.config, **config.anchors.network)
        return Networks(SIZES[config.size], shape, Objective("v", Schedule(noise)))
    except (TypeError, ValueError, AssertionError) as error:
        raise InvalidRequest(
            f"anchors.network={dict(config.anchors.network)} cannot be: {error}"
        ) from error


def _guide(run: Run) -> None:
    stage = run.config.guide
    settings = replace(stage, seed=run.config.stage("guide").seed)
    held_out = run.pictures(run.config.validation, 99) if run.config.validation else None
    run.note_start("guide", settings.start, "guide")
    task = GuideTask(settings, run.config.size, run.pictures(run.config.sources), held_out)
    train(task, settings, run.folder / "guide", run.resume, run.runtime, run.trackers)


def _anchors(run: Run) -> None:
    stage = replace(run.config.anchors, seed=run.config.stage("anchors").seed)
    networks = fresh_networks(run.config)
    guide = networks.guide.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if run.runtime.is_main:  # the others may share no disk with it
        begin_with(guide, _trained_guide(run), "guide")
    guide.load_state_dict(run.runtime.broadcast(guide.state_dict()))
    guide.eval().requires_grad_(False)
    chosen = [{**s, "weight": s["anchors"]} for s in run.config.sources if s.get("anchors")]
    sources = [_as_wholes(s) for s in chosen or run.config.sources]
    pictures = run.pictures(sources, 1)
    folder = run.folder / "anchors"
    spent = run.runtime.broadcast(_spent(folder) if run.runtime.is_main else None)
    if stage.progress(*spent) < 1:
        how = Collecting(
            stage.crops,
            networks.anchors.config.count,
            stage.side,
            stage.colours,
            stage.dtype,
            json.dumps([run.config.seed, sources], sort_keys=True),
        )
        data = collect(guide, pictures, how, folder / "features", run.runtime)
        run.note_start("anchors", stage.start, "anchors")
        task = AnchorTask(stage, networks, data, pictures)
        train(task, stage, folder, run.resume, run.runtime, run.trackers)


def _as_wholes(source: Mapping[str, Any]) -> dict[str, Any]:
    """Without highlighting: a picture that is gray but for some objects is no palette to learn."""
    return {**source, "colours": {**source.get("colours", {}), "highlighted": 0.0, "erased": 0.0}}


def _upsampler(run: Run) -> None:
    stage = replace(run.config.upsampler, seed=run.config.stage("upsampler").seed)
    run.note_start("upsampler", stage.start, "upsampler")
    natural = [s for s in run.config.sources if s.get("native")]
    task = UpsamplerTask(stage, run.pictures(natural or run.config.sources, 2))
    train(task, stage, run.folder / "upsampler", run.resume, run.runtime, run.trackers)


def _pixel(run: Run, name: str) -> None:
    stage: PixelStage = getattr(run.config, name)
    # A stage's name stands for what that stage has learned in this run.
    start = str(run.folder / stage.start) if stage.start in STAGES else stage.start
    settings = replace(stage, seed=run.config.stage(name).seed, start=start)
    validation = run.config.validation
    # Hints, noise and times are drawn by numpy, from pictures on the CPU.
    held_out = run.pictures(validation, 99, on_device=False) if validation else None
    offset = 3 + list(STAGES).index(name)
    pictures = run.pictures(stage.sources or run.config.sources, offset, on_device=False)
    run.note_start(name, start, "unet")
    begins = settings if run.runtime.is_main else replace(settings, start=None)
    task = PixelTask(begins, pictures, held_out, name)
    task.network.load_state_dict(run.runtime.broadcast(task.network.state_dict()))
    train(task, settings, run.folder / name, run.resume, run.runtime, run.trackers)


STAGES: dict[str, Callable[[Run], None]] = {
    "guide": _guide,
    "anchors": _anchors,
    "upsampler": _upsampler,
    "pretrain": lambda run: _pixel(run, "pretrain"),
    "finetune": lambda run: _pixel(run, "finetune"),
}
"""How each stage is trained."""


def _trained_guide(run: Run) -> str | Path:
    if Checkpoints(run.folder / "guide").all():
        return run.folder
    if run.config.guide.start is None:
        raise InvalidRequest(
            "The anchors need a guide: put guide before anchors in stages, or give guide.start."
        )
    return run.config.guide.start


def _spent(folder: Path) -> tuple[int, float]:
    """Return steps and seconds of the newest checkpoint."""
    paths = Checkpoints(folder).all()
    state = Checkpoints(folder).load() if paths else None
    return (state["step"], state["seconds"]) if state else (0, 0.0)
