"""TensorBoard and Weights & Biases, where they are installed and wanted."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Tracker", "make_trackers"]

_LOG = logging.getLogger(__name__)


class Tracker(Protocol):
    """Takes figures and pictures of a training."""

    def figures(self, name: str, step: int, figures: Mapping[str, float]) -> None:
        """Take figures of a stage after a step."""
        ...

    def picture(self, name: str, step: int, picture: NDArray[np.uint8]) -> None:
        """Take a picture (H, W, 3)."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


class _TensorBoard:
    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder / "tensorboard"))

    def figures(self, name: str, step: int, figures: Mapping[str, float]) -> None:
        for key, value in figures.items():
            self._writer.add_scalar(f"{name}/{key}", value, step)

    def picture(self, name: str, step: int, picture: NDArray[np.uint8]) -> None:
        self._writer.add_image(f"{name}/preview", picture, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()


class _WeightsAndBiases:
    def __init__(self, folder: Path, mode: str, config: Mapping[str, Any]) -> None:
        import wandb

        self._wandb: Any = wandb
        # One run of theirs for a folder of ours, also when it is resumed.
        mark = folder / "wandb-id"
        known = mark.read_text().strip() if mark.exists() else secrets.token_hex(4)
        mark.write_text(known)
        self._run: Any = wandb.init(
            project="abdiffuser", name=folder.name, id=known, resume="allow",
            dir=str(folder), mode=mode, config=dict(config),
        )  # fmt: skip

    def figures(self, name: str, step: int, figures: Mapping[str, float]) -> None:
        # Stages count their steps from zero, and theirs may never go back.
        self._run.log({f"{name}/step": step, **{f"{name}/{k}": v for k, v in figures.items()}})

    def picture(self, name: str, step: int, picture: NDArray[np.uint8]) -> None:
        self._run.log({f"{name}/preview": self._wandb.Image(picture, caption=f"step {step}")})

    def close(self) -> None:
        self._run.finish()


def make_trackers(
    folder: Path, *, tensorboard: str, wandb: str, config: Mapping[str, Any]
) -> tuple[Tracker, ...]:
    """Trackers of a run.

    Parameters
    ----------
    folder : Path
        Of the run.
    tensorboard : str
        'auto' (when installed), 'on' or 'off'.
    wandb : str
        'off', 'offline' or 'online'.
    config : mapping
        The run's configuration, kept with it.

    Raises
    ------
    InvalidRequest
        If one is asked for and not installed.
    """
    found: list[Tracker] = []
    if tensorboard != "off":
        try:
            found.append(_TensorBoard(folder))
        except ImportError as error:
            if tensorboard == "on":
                raise InvalidRequest(
                    "log.tensorboard is on and TensorBoard is not installed: "
                    "python -m pip install tensorboard, or log.tensorboard=off."
                ) from error
    if wandb != "off":
        try:
            found.append(_WeightsAndBiases(folder, wandb, config))
        except ImportError as error:
            raise InvalidRequest(
                f"log.wandb is {wandb} and Weights & Biases is not installed: "
                "python -m pip install wandb, or log.wandb=off."
            ) from error
        except Exception as error:  # no key, no network, no such mode
            raise InvalidRequest(
                f"Weights & Biases cannot start ({error}): log.wandb=offline keeps its files in "
                f"{folder} until 'wandb sync'."
            ) from error
    return tuple(found)
