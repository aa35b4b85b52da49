"""The command ``distill``: a diffusion model that needs half the steps, half of those, and so on.

Progressive distillation (Salimans & Ho 2022) of the pixel U-Net or of the anchor diffusion.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from abdiffuser_training.distill.config import DistillConfig
from abdiffuser_training.files import make_folder
from abdiffuser_training.fit.config import presets, read_as, to_yaml
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["add_parser", "distill"]

_LOG = logging.getLogger(__name__)


def distill(
    config: DistillConfig, folder: Path, *, resume: bool = False, device: str = "auto"
) -> list[Path]:
    """Distill a model, student after student.

    Parameters
    ----------
    config : DistillConfig
        What, and how.
    folder : Path
        Of the run: a folder of checkpoints for each student, and the written students,
        ``steps-8.safetensors`` and so on.
    resume : bool
        Go on where a run in `folder` was stopped; students that are done are not trained again.
    device : str
        See `abdiffuser_training.engine.runtime.make_runtime`.

    Returns
    -------
    list of Path
        The written students, most steps first.

    Raises
    ------
    InvalidRequest
        If the steps cannot be reached by halving, the model predicts epsilon, there are no
        pictures, or `folder` holds a run and `resume` is False.
    Interrupted
        If SIGTERM or Ctrl-C came; nothing is lost.
    """
    from abdiffuser_training.distill.chain import run_chain
    from abdiffuser_training.engine.runtime import make_runtime
    from abdiffuser_training.engine.trackers import Tracker, make_trackers
    from napari_abdiffuser.whole_files import write_whole

    if not config.sources:
        raise InvalidRequest("Distilling needs pictures: give sources=[{shards: [...], ...}].")
    with make_runtime(device) as runtime:
        trackers: tuple[Tracker, ...] = ()
        if runtime.is_main:
            _begin(folder, resume)
            write_whole(folder / "config.yaml", to_yaml(config).encode())
            trackers = make_trackers(
                folder,
                tensorboard=config.log.tensorboard,
                wandb=config.log.wandb,
                config={"config": to_yaml(config)},
            )
        try:
            return run_chain(config, folder, resume, runtime, trackers)
        finally:
            for tracker in trackers:
                tracker.close()


def _begin(folder: Path, resume: bool) -> None:
    """Make the folder; nothing is written into one that holds something else."""
    path = folder / "config.yaml"
    if path.exists():
        try:
            read_as(DistillConfig, path)
        except InvalidRequest as error:
            raise InvalidRequest(
                f"{path} is not of a distillation and would be overwritten: choose another folder "
                "with --out."
            ) from error
    if not resume and any(folder.glob("*/step-*.pt")):
        raise InvalidRequest(
            f"{folder} holds a run already: add --resume to go on with it, or choose another "
            "folder with --out."
        )
    make_folder(folder)


def _run(arguments: argparse.Namespace) -> str | None:
    from abdiffuser_training.engine.errors import Interrupted

    config = read_as(DistillConfig, arguments.config, arguments.changes)
    try:
        made = distill(config, arguments.out, resume=arguments.resume, device=arguments.device)
    except Interrupted as stopped:  # as asked: no failure
        return str(stopped)
    return f"Students: {', '.join(map(str, made))}. Each is sampled at its own steps by itself."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``distill`` to the command line."""
    parser = subparsers.add_parser("distill", help="train a model to need fewer steps")
    names = ", ".join(presets(distill=True))
    parser.add_argument("config", metavar="CONFIG", help=f"a YAML file, or one of {names}")
    parser.add_argument("changes", nargs="*", metavar="key=value", help="changes to it")
    parser.add_argument("--out", type=Path, default=Path("runs/distill"), help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on where it was stopped")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.set_defaults(run=_run)
