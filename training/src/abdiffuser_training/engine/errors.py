"""What ends a training before its budget is spent."""

from __future__ import annotations

from pathlib import Path

from napari_abdiffuser.errors import ABDiffuserError

__all__ = ["Interrupted", "TrainingFailed"]


class TrainingFailed(ABDiffuserError):
    """The training cannot go on as it is; what was learned up to the last checkpoint is kept."""


class Interrupted(ABDiffuserError):
    """Somebody asked the training to stop (SIGTERM, Ctrl-C); its state was written first.

    Attributes
    ----------
    folder : Path
        Of the stage that was stopped.
    step : int
        Steps that are done.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self.folder = folder
        self.step = step
        super().__init__(
            f"Stopped as asked after step {step}; nothing is lost: the state is in {folder}. "
            "Go on with the same command and --resume."
        )
