"""Checkpoints: whole or not there, the last few and the best, and none that cannot be checked."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from abdiffuser_training.engine.errors import TrainingFailed
from napari_abdiffuser.whole_files import remove_partials, replacing, write_whole

__all__ = ["Checkpoints", "read_checkpoint"]

_LOG = logging.getLogger(__name__)
_BEST = "best.pt"


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint, checked against its hash where that was kept.

    Only tensors and plain values are read, never code.

    Parameters
    ----------
    path : Path
        ``step-….pt`` or ``best.pt``, or the file of another training.

    Returns
    -------
    dict

    Raises
    ------
    TrainingFailed
        If it cannot be read or is not what was written.
    """
    try:
        about = json.loads(path.with_suffix(".json").read_text())
        with open(path, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != about["sha256"]:
                raise TrainingFailed(f"The checkpoint {path} is damaged: its content has changed.")
    except FileNotFoundError:
        pass  # killed between the two files, or not one of ours
    except (OSError, ValueError, KeyError) as error:
        _LOG.warning("%s cannot be read (%s)", path.with_suffix(".json"), error)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever torch makes of a torn file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrainingFailed(f"The checkpoint {path} cannot be read: {reason}") from error
    if not isinstance(state, dict):
        raise TrainingFailed(f"{path} is not a checkpoint of this package.")
    return state


class Checkpoints:
    """The checkpoints of one stage.

    Parameters
    ----------
    folder : Path
        Where they are; made when the first is written.
    keep : int
        How many of the newest stay, beside the best.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder = folder
        self._keep = max(1, keep)

    def clean(self) -> None:
        """Remove what killed runs left unfinished."""
        for partial in self.folder.glob("*.partial"):
            partial.unlink(missing_ok=True)
        remove_partials(self.folder)

    def all(self) -> list[Path]:
        """Checkpoints, the newest first."""
        return sorted(self.folder.glob("step-*.pt"), reverse=True)

    def best(self) -> Path | None:
        """Return the checkpoint with the lowest validated loss, where there is one."""
        path = self.folder / _BEST
        return path if path.is_file() else None

    def save(self, state: Mapping[str, Any], *, best: bool = False) -> Path:
        """Write a checkpoint and remove those that are too old.

        Parameters
        ----------
        state : mapping
            Tensors and plain values; ``step`` names the file.
        best : bool
            Keep it as the best as well.

        Returns
        -------
        Path

        Raises
        ------
        TrainingFailed
            If it cannot be written; older ones stay.
        """
        path = self.folder / f"step-{state['step']:08d}.pt"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(path) as partial:
                with open(partial, "wb") as file:
                    torch.save(dict(state), file)
                with open(partial, "rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
            about = {key: state[key] for key in ("step", "seconds", "best") if key in state}
            text = json.dumps({**about, "sha256": digest}, indent=1)
            write_whole(path.with_suffix(".json"), text.encode())
            if best:
                self._keep_as_best(path)
        except (OSError, RuntimeError) as error:
            raise TrainingFailed(self._not_written(path, error)) from error
        for old in self.all()[self._keep :]:
            old.unlink()
            old.with_suffix(".json").unlink(missing_ok=True)
        return path

    def load(self) -> dict[str, Any] | None:
        """Read the newest checkpoint that can be read; None where there is none at all.

        Raises
        ------
        TrainingFailed
            If there are some and none can be read.
        """
        paths = self.all()
        for path in paths:
            try:
                return read_checkpoint(path)
            except TrainingFailed as error:
                _LOG.warning("%s Falling back to the one before it.", error)
        if paths:
            raise TrainingFailed(
                f"None of the {len(paths)} checkpoints in {self.folder} can be read. "
                "Remove the folder to start over."
            )
        return None

    def _keep_as_best(self, path: Path) -> None:
        # The hash goes first: between the two moves a stale one would condemn a good file.
        (self.folder / _BEST).with_suffix(".json").unlink(missing_ok=True)
        for source, name in ((path, _BEST), (path.with_suffix(".json"), "best.json")):
            partial = self.folder / f"{name}.partial"
            partial.unlink(missing_ok=True)
            try:
                os.link(source, partial)
            except OSError:  # a file system without links
                shutil.copyfile(source, partial)
            os.replace(partial, self.folder / name)

    def _not_written(self, path: Path, error: Exception) -> str:
        cause: BaseException = error
        while not isinstance(cause, OSError) and cause.__context__ is not None:
            cause = cause.__context__
        reason = cause.strerror if isinstance(cause, OSError) else str(cause).splitlines()[0]
        kept = [p.name for p in self.all() if p != path][:1]
        left = f"{kept[0]} is whole" if kept else "there is no earlier one"
        return (
            f"The checkpoint {path} could not be written ({reason}); {left}. "
            "Make room, then go on with --resume."
        )
