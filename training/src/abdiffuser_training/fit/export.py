"""The command ``export``: from a run or a checkpoint to a model file that the plugin loads."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError

from abdiffuser_training.engine.checkpoints import Checkpoints, read_checkpoint
from abdiffuser_training.engine.errors import TrainingFailed
from abdiffuser_training.engine.start import averaged_weights, begin_with, describe_start
from abdiffuser_training.evaluate.report.report import Report
from abdiffuser_training.fit.config import FitConfig, read_config, to_yaml
from abdiffuser_training.fit.model_card import model_card, read_metrics
from abdiffuser_training.fit.run import sessions, start_of
from abdiffuser_training.fit.stages import fresh_networks
from abdiffuser_training.tasks.pixel import pixel_networks
from abdiffuser_training.tasks.stage_settings import PixelStage
from napari_abdiffuser.errors import InvalidRequest, ModelNotFound
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.model.pixel.networks import PixelNetworks
from napari_abdiffuser.model.pixel.unet import build_unet
from napari_abdiffuser.weights import write
from napari_abdiffuser.weights.networks import write_pixel
from napari_abdiffuser.whole_files import write_whole

__all__ = ["add_parser", "export_run"]

_LOG = logging.getLogger(__name__)
_ANCHORED = ("guide", "anchors", "upsampler")


@dataclass(frozen=True)
class _Found:
    """A run and, where one of its checkpoints was named, that one's stage."""

    folder: Path
    stage: str | None = None
    checkpoint: Path | None = None

    def state(self, stage: str, *, best: bool) -> dict[str, Any] | None:
        """Checkpoint of a stage: the one named, the best, or the newest that can be read."""
        if self.checkpoint is not None and stage == self.stage:
            return read_checkpoint(self.checkpoint)
        checkpoints = Checkpoints(self.folder / stage)
        chosen = checkpoints.best() if best else None
        return read_checkpoint(chosen) if chosen is not None else checkpoints.load()


def export_run(
    source: Path, out: Path, metrics: Sequence[Path] = (), *, best: bool = False
) -> None:
    """Write the networks of a run in half precision, with their provenance, and a model card.

    Parameters
    ----------
    source : Path
        Folder of a run, of one of its stages, or a checkpoint; the other stages' newest
        checkpoints are taken.
    out : Path
        A ``.safetensors`` file; written to a temporary name and moved. The card is ``.md`` beside;
        a card that says something else is kept as ``.old1.md``, ``.old2.md``, ….
    metrics : sequence of Path
        What ``abdiffuser-train evaluate --out`` wrote: ``metrics.json``, CSV files, or folders.
    best : bool
        Take the checkpoints that were best on held-out data, where there are some.

    Raises
    ------
    InvalidRequest
        If `out` is no model file, or a part of the model was not trained.
    ModelNotFound
        If there is no run at `source`.
    """
    if out.suffix != ".safetensors":
        raise InvalidRequest(f"{out} does not end in .safetensors.")
    found = _find(source)
    config = read_config(found.folder / "config.yaml")
    reports = read_metrics(metrics)
    states: dict[str, Any] = {}
    for stage in config.stages:
        state = found.state(stage, best=best)
        if state is not None:
            states[stage] = state
    if not states:
        raise ModelNotFound(f"The run in {found.folder} has no checkpoints yet.")
    networks = _networks(config, states)
    card = _provenance(config, states, found.folder, reports)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(networks, out, dict(config.settings), card)
    except (OSError, SafetensorError) as error:
        raise TrainingFailed(
            f"The model could not be written to {out} ({error}). Make room and export again: "
            "the checkpoints are as they were."
        ) from error
    parts = networks.named_children()
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in parts}
    text = model_card(out.stem, card, counts, out.stat().st_size, reports)
    _write_card(out.with_suffix(".md"), text)


def _write_card(path: Path, text: str) -> None:
    """Write a model card; what somebody has written into the one before is kept."""
    before = path.read_bytes() if path.exists() else text.encode()
    if before != text.encode():
        names = (path.with_suffix(f".old{number}.md") for number in count(1))
        kept = next(name for name in names if not name.exists())
        path.replace(kept)
        _LOG.warning("The card that was there is kept as %s.", kept)
    write_whole(path, text.encode())


def _write(
    networks: Networks | PixelNetworks, out: Path, settings: dict[str, Any], card: dict[str, Any]
) -> None:
    if isinstance(networks, PixelNetworks):
        write_pixel(out, networks, card, int(settings.get("work_size", 256)))
        return
    tensors = {name: value.to(torch.float16) for name, value in networks.state_dict().items()}
    write(out, tensors, {"config": networks.to_config(), "settings": settings, "card": card})


def _networks(config: FitConfig, states: dict[str, Any]) -> Networks | PixelNetworks:
    """Networks with trained weights."""
    if not set(config.stages) & set(_ANCHORED):
        name = [stage for stage in config.stages if stage in states][-1]
        stage: PixelStage = getattr(config, name)
        unet = build_unet(stage.unet)
        unet.load_state_dict(averaged_weights(states[name]))
        return pixel_networks(stage, unet)
    networks = fresh_networks(config)
    for name in _ANCHORED:
        part = networks.get_submodule(name)
        start = getattr(config, name).start
        if name in states:
            part.load_state_dict(averaged_weights(states[name]))
        elif start is not None:
            begin_with(part, start, name)
        elif name == "upsampler":
            _LOG.warning("The upsampler was not trained: chroma is enlarged smoothly instead.")
        else:
            raise InvalidRequest(
                f"The run has no trained {name} yet: go on with fit --resume, or give {name}.start."
            )
    return networks


def _provenance(
    config: FitConfig, states: dict[str, Any], folder: Path, reports: Sequence[Report]
) -> dict[str, Any]:
    plain: dict[str, Any] = yaml.safe_load(to_yaml(config))
    return {
        "data": config.data_names,
        "stages": {name: _spent(config, name, state, folder) for name, state in states.items()},
        "config": {k: v for k, v in plain.items() if k not in _SETTINGS or k in config.stages},
        "sessions": sessions(folder),
        "metrics": [report.to_json() for report in reports],
    }


def _spent(config: FitConfig, stage: str, state: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Say what a stage's training took, and what it began with."""
    spent = {"steps": state["step"], "minutes": round(state["seconds"] / 60, 1)}
    start = getattr(config, stage).start
    if start is None:
        return spent
    noted = start_of(folder, stage) or describe_start(start, stage)
    return {**spent, "start": noted}


_SETTINGS = ("guide", "anchors", "upsampler", "pretrain", "finetune")


def _find(source: Path) -> _Found:
    if (source / "config.yaml").is_file():
        return _Found(source)
    if (source.parent / "config.yaml").is_file() and source.is_dir():
        return _Found(source.parent)
    if source.is_file() and (source.parent.parent / "config.yaml").is_file():
        return _Found(source.parent.parent, source.parent.name, source)
    raise ModelNotFound(
        f"{source} is neither the folder of a run nor a checkpoint in one: give what fit's --out "
        "was."
    )


def _run(arguments: argparse.Namespace) -> str:
    export_run(arguments.checkpoint, arguments.out, arguments.metrics, best=arguments.best)
    return f"The model is in {arguments.out}, its card in {arguments.out.with_suffix('.md')}."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``export`` to the command line."""
    parser = subparsers.add_parser("export", help="write the model of a run or checkpoint")
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="run or checkpoint")
    parser.add_argument("out", type=Path, metavar="OUT.safetensors")
    parser.add_argument(
        "--metrics", type=Path, nargs="+", default=[], metavar="METRICS",
        help="folders or metrics.json of evaluate --out, for the header and the model card",
    )  # fmt: skip
    parser.add_argument(
        "--best", action="store_true", help="the best checkpoints instead of the newest"
    )
    parser.set_defaults(run=_run)
