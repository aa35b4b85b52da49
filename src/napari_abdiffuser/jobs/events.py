"""Requests and events of a run: frozen, so that threads may share them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.jobs import texts
from napari_abdiffuser.options import RunOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_abdiffuser.colorizer.protocols import Picture
    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.jobs.locks import Screen
    from napari_abdiffuser.layers.hints.reading import LeftOut
    from napari_abdiffuser.layers.hints.sources import HintSource
    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.studio.gallery import Variation
    from napari_abdiffuser.studio.region_fix import RegionFix

__all__ = ["Event", "Failed", "Finished", "Outputs", "Progress", "Ready", "RunRequest", "Stopped"]


@dataclass(frozen=True, eq=False)
class RunRequest:
    """One press of the button, with everything read from layers and controls.

    Attributes
    ----------
    picture, hints
        What to colorize and by what; None loads the model and does nothing else.
    options
        How to colorize it, with which model, and where.
    keep
        What is on screen, where locked classes keep their pixels; None if nothing is locked.
    fixes
        Regions that were corrected.
    opened
        The picture where it is encoded already, by this model; else None.
    """

    picture: PictureSource | None = None
    hints: HintSource | None = None
    options: RunOptions = field(default_factory=RunOptions)
    keep: Screen | None = None
    fixes: tuple[RegionFix, ...] = ()
    opened: Picture | None = None


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
    model: str = "default"


@dataclass(frozen=True, eq=False)
class Finished:
    """A run has ended well: what to show of it, and what could not be used."""

    run: int
    outputs: Outputs
    left_out: LeftOut


@dataclass(frozen=True, eq=False)
class Outputs:
    """Pictures of one run, made ready in a worker for the layer list and the gallery.

    Attributes
    ----------
    layers
        Data, metadata and type of each layer, the most probable colouring first.
    pictures
        (H, W, 3) uint8 each, in the same order.
    thumbnails
        Small pictures in the same order.
    seed
        Of the run.
    provenance
        How they were made.
    parent
        Number of the variation that they are meant to be like.
    has_best
        Whether the most probable colouring is the first.
    picture
        What was coloured: decides whose gallery they enter, and of which slice they are.
    hints
        All hints of the picture when they were made: where its classes are.
    fixes
        What a correction of a region changed in each picture; empty for other outputs.
    kept
        Of a colouring that a project kept: all that is known of it.
    label
        What was done, for undo.
    lead
        Place of the picture that is shown first.
    """

    layers: tuple[Any, ...]
    pictures: tuple[Any, ...]
    thumbnails: tuple[Any, ...]
    seed: int = 0
    provenance: Mapping[str, Any] = field(default_factory=dict)
    parent: int | None = None
    has_best: bool = True
    picture: PictureSource | None = None
    hints: Hints | None = None
    fixes: tuple[RegionFix, ...] = ()
    kept: Variation | None = None
    label: str = texts.COLORIZE
    lead: int = 0


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
