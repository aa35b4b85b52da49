"""What a run is asked for, and what it tells the window: frozen, so that threads may share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_abdiffuser.layers import HintSource, LeftOut, PictureSource

__all__ = ["Event", "Failed", "Finished", "Progress", "Ready", "Request", "Stopped"]


@dataclass(frozen=True, eq=False)
class Request:
    """One press of the button, with everything read from layers and controls.

    Attributes
    ----------
    picture, hints
        What to colorize and by what; None loads the model and does nothing else.
    n_outputs, steps, seed, background
        As `napari_abdiffuser.Colorizer` takes them.
    model, device
        As `napari_abdiffuser.Colorizer.load` takes them.
    """

    picture: PictureSource | None = None
    hints: HintSource | None = None
    n_outputs: int = 0
    steps: int | None = None
    seed: int = 0
    background: str = "auto"
    model: str = "default"
    device: str = "auto"


@dataclass(frozen=True)
class Progress:
    """A run goes on: ``done`` of ``total`` steps, or an unknown number where total is 0."""

    run: int
    text: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Ready:
    """The model is loaded."""

    run: int
    device: str
    reason: str
    default_steps: int


@dataclass(frozen=True, eq=False)
class Finished:
    """A run has ended well: the layers to add, the most probable colouring first."""

    run: int
    layers: tuple[Any, ...]
    left_out: LeftOut


@dataclass(frozen=True)
class Failed:
    """A run has ended without a result; ``message`` says why and what to do."""

    run: int
    message: str


@dataclass(frozen=True)
class Stopped:
    """A run was cancelled."""

    run: int


Event = Progress | Ready | Finished | Failed | Stopped
