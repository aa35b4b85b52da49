"""A whole training: guide, anchor diffusion, upsampler; resumable, then exported."""

from __future__ import annotations

import argparse
import logging
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from abdiffuser_training.data.batches import Mixture, Source
from abdiffuser_training.export import export
from abdiffuser_training.fit_anchors import collect_anchors, fit_anchors, sources_for_anchors
from abdiffuser_training.fit_guide import fit_guide
from abdiffuser_training.fit_upsampler import fit_upsampler
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.guide import SIZES
from napari_abdiffuser.model.networks import Networks

__all__ = ["add_parser", "fit", "read_config"]

_LOG = logging.getLogger(__name__)


def read_config(path: Path, changes: Sequence[str] = ()) -> dict[str, Any]:
    """Read a YAML configuration and change some of it.

    Parameters
    ----------
    path : Path
        The file.
    changes : sequence of str
        ``key=value`` with dots between nested keys; values are YAML.

    Returns
    -------
    dict

    Raises
    ------
    InvalidRequest
        If the file cannot be read or a change names no key of it.
    """
    try:
        config = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise InvalidRequest(f"{path} is not a configuration that can be read: {error}") from error
    for change in changes:
        name, equals, value = change.partition("=")
        *parents, last = name.split(".")
        place = config
        for parent in parents:
            place = place.get(parent, {}) if isinstance(place, dict) else {}
        if not equals or last not in place:
            raise InvalidRequest(f"{change!r} changes nothing in {path}: give key=value.")
        place[last] = yaml.safe_load(value)
    return dict(config)


def fit(config: Mapping[str, Any], folder: Path, *, resume: bool) -> Path:
    """Train a model from a configuration.

    Parameters
    ----------
    config : mapping
        See ``configs/small-cpu.yaml``.
    folder : Path
        Of checkpoints and of the finished ``model.safetensors``.
    resume : bool
        Continue the guide's training where a checkpoint left it.

    Returns
    -------
    Path
        The model file.
    """
    checkpoint = fit_guide(config, folder, resume=resume)
    state = torch.load(checkpoint, weights_only=True)
    torch.manual_seed(config["seed"])
    networks = Networks.fresh(SIZES[config["size"]])
    prefix = "module."
    networks.guide.load_state_dict(
        {k.removeprefix(prefix): v for k, v in state["average"].items() if k.startswith(prefix)}
    )
    guide = networks.guide.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    stage = config["anchors"]
    seen = collect_anchors(
        guide,
        sources_for_anchors(config, config["seed"] + 1),
        count=stage["crops"],
        anchors=networks.anchors.config.count,
        side=stage["side"],
    )
    _LOG.info("%d pictures with %d anchors each", len(seen.features), seen.features.shape[1])
    trained = fit_anchors(
        networks.anchors, networks.objective, seen, minutes=stage["minutes"], seed=config["seed"]
    )
    networks.anchors.load_state_dict(trained.state_dict())
    natural = Mixture([Source.read(s) for s in config["sources"] if s["native"]], config["seed"])
    fit_upsampler(networks.upsampler, natural, minutes=config["upsampler"]["minutes"])
    out = folder / "model.safetensors"
    export(networks, out, config["settings"], _card(config, state))
    return out


def _card(config: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "data": [os.path.basename(shard) for s in config["sources"] for shard in s["shards"]],
        "guide_steps": state["step"],
        "minutes": {
            "guide": round(state["seconds"] / 60, 1),
            "anchors": config["anchors"]["minutes"],
            "upsampler": config["upsampler"]["minutes"],
        },
        "hardware": f"{torch.get_num_threads()} CPU threads, {platform.machine()}",
    }


def _run(arguments: argparse.Namespace) -> str:
    config = read_config(arguments.config, arguments.changes)
    out = fit(config, arguments.out, resume=arguments.resume)
    return f"The model is in {out}; measure it with: abdiffuser-train evaluate {out} …"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``fit`` to the command line."""
    parser = subparsers.add_parser("fit", help="train a model and export it")
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file")
    parser.add_argument("changes", nargs="*", metavar="key=value", help="changes to it")
    parser.add_argument("--out", type=Path, default=Path("runs/fit"), help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint")
    parser.set_defaults(run=_run)
