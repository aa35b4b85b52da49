"""The command ``fit``: a whole training, stage after stage; resumable, then exported."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

from abdiffuser_training.engine.errors import Interrupted, TrainingFailed
from abdiffuser_training.engine.runtime import make_runtime
from abdiffuser_training.engine.trackers import make_trackers
from abdiffuser_training.fit.config import FitConfig, presets, read_config, to_yaml

__all__ = ["add_parser", "fit"]

_LOG = logging.getLogger(__name__)


def fit(config: FitConfig, folder: Path, *, resume: bool = False, device: str = "auto") -> Path:
    """Train a model from a configuration.

    Parameters
    ----------
    config : FitConfig
        From `read_config`.
    folder : Path
        Of the run: a folder for each stage, and the finished ``model.safetensors``.
    resume : bool
        Go on where a run in `folder` was stopped.
    device : str
        See `make_runtime`; where a launcher started several processes each has its own.

    Returns
    -------
    Path
        The model file.

    Raises
    ------
    InvalidRequest
        If the configuration cannot be, or `folder` holds a run and `resume` is False.
    Interrupted
        If SIGTERM or Ctrl-C came; nothing is lost.
    TrainingFailed
        If the training cannot go on.
    """
    from abdiffuser_training.fit.export import export_run
    from abdiffuser_training.fit.run import Run
    from abdiffuser_training.fit.stages import STAGES

    out = folder / "model.safetensors"
    with make_runtime(device) as runtime:
        run = Run(config, folder, runtime, resume)
        run.begin()
        if runtime.is_main:
            run.trackers = make_trackers(
                folder,
                tensorboard=config.log.tensorboard,
                wandb=config.log.wandb,
                config={"config": to_yaml(config)},
            )
        try:
            for name in config.stages:
                STAGES[name](run)
            if runtime.is_main:
                export_run(folder, out)
        except OSError as error:
            raise TrainingFailed(
                f"{error}. What was learned up to the last checkpoint is kept: see to it, then go "
                "on with --resume."
            ) from error
        finally:
            for tracker in run.trackers:
                tracker.close()
        runtime.wait()
    return out


def _run(arguments: argparse.Namespace) -> str | None:
    config = read_config(arguments.config, arguments.changes)
    is_main = os.environ.get("RANK", "0") == "0"  # what a launcher calls the first process
    if not is_main:
        logging.getLogger("abdiffuser_training").setLevel(logging.ERROR)
    try:
        out = fit(config, arguments.out, resume=arguments.resume, device=arguments.device)
    except Interrupted as stopped:  # as asked: no failure
        return str(stopped) if is_main else None
    if not is_main:
        return None
    return f"The model is in {out}; measure it with: abdiffuser-train evaluate {out} …"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``fit`` to the command line."""
    parser = subparsers.add_parser("fit", help="train a model and export it")
    parser.add_argument(
        "config", metavar="CONFIG", help=f"a YAML file, or one of {', '.join(presets())}"
    )
    parser.add_argument("changes", nargs="*", metavar="key=value", help="changes to it")
    parser.add_argument("--out", type=Path, default=Path("runs/fit"), help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on where it was stopped")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.set_defaults(run=_run)
