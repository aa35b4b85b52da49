"""Colouring many pictures in a worker thread, one after another. No Qt."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.errors import ABDiffuserError, Cancelled
from napari_abdiffuser.jobs import texts
from napari_abdiffuser.jobs.corrections import saturation_factors
from napari_abdiffuser.jobs.run import in_words, open_picture
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.document.document import Corrections, Document, weigh
from napari_abdiffuser.studio.document.history import History
from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.studio.project.fitting import fitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.jobs.run import Models
    from napari_abdiffuser.layers import PictureSource
    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["Colored", "Manner", "Piece", "Started", "color"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Piece:
    """One picture to be coloured.

    Attributes
    ----------
    source
        The picture.
    hints
        Of a picture of the shape `hinted`.
    hinted
        (H, W).
    into
        Where the colouring is written, (H, W, 3); None to make an array for it.
    """

    source: PictureSource
    hints: Hints
    hinted: tuple[int, int]
    into: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class Manner:
    """How all pieces are coloured.

    Attributes
    ----------
    model, device, data_bar
        As pictures are opened.
    legend, corrections
        Of the work.
    seed
        Of the variation that is taken; None for the most probable colouring.
    """

    model: str
    device: str
    data_bar: bool
    legend: Legend
    corrections: Corrections
    seed: int | None

    @property
    def background(self) -> Background:
        """What pixels become that no hint claims."""
        return self.corrections.background


@dataclass(frozen=True)
class Started:
    """A piece is being coloured."""

    number: int


@dataclass(frozen=True, eq=False)
class Colored:
    """A piece is done, or could not be coloured: then there is a message."""

    number: int
    rgb: NDArray[np.uint8] | None = None
    provenance: Any = None
    message: str = ""


def color(
    pieces: tuple[Piece, ...],
    manner: Manner,
    models: Models,
    cancelled: Callable[[], bool],
    tell: Callable[[Started | Colored], object],
) -> None:
    """Colour pictures one after another; one that cannot be coloured does not stop the others.

    The model's turn is given back after each, so that the window stays usable.
    """
    for number, piece in enumerate(pieces):
        if cancelled():
            raise Cancelled("Cancelled.")
        tell(Started(number))
        try:
            models.acquire(cancelled, lambda: None)
            try:
                rgb, provenance = _paint(piece, manner, models, cancelled)
            finally:
                models.release()
            if piece.into is not None:
                piece.into[...] = rgb
                rgb = piece.into
        except Cancelled:
            raise
        except ABDiffuserError as error:
            logger.warning("'%s' could not be coloured: %s", piece.source.name, error)
            tell(Colored(number, message=str(error)))
            continue
        except Exception as error:  # a file that cannot be read, memory: the next may do
            logger.exception("'%s' could not be coloured.", piece.source.name)
            tell(Colored(number, message=in_words(error)))
            continue
        tell(Colored(number, rgb, provenance))


def _paint(
    piece: Piece, manner: Manner, models: Models, cancelled: Callable[[], bool]
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    source = piece.source
    hints, left_out = fitted(piece.hints, piece.hinted, source.shape)
    colorizer = models.get(manner.model, manner.device)
    picture = open_picture(colorizer, source, source.load(), data_bar=manner.data_bar)
    result = picture.paint(
        hints,
        n_outputs=0 if manner.seed is None else 1,
        seed=manner.seed or 0,
        background=manner.background,
        progress=lambda done, total: None,
        cancel=cancelled,
    )
    rgb = result.best if manner.seed is None else result.rgb[0]
    told = dict(result.provenance)
    told["output"] = "best" if manner.seed is None else 1
    told["hints_left_out"] = left_out
    if not manner.corrections.neutral and picture.guided is not None:
        document = Document(manner.legend, {(): hints}, manner.corrections)
        state = StudioState(history=History.start(document, weigh=weigh))
        factors = saturation_factors(picture.guided, state, manner.background)
        rgb = picture.guided.saturate(rgb, factors)
        told["corrections"] = manner.corrections.to_dict()
    return rgb, told


def layer_tuple(piece: Piece, done: Colored) -> Any:
    """Return data, metadata and type of the layer for one coloured picture."""
    source = piece.source
    told = {**done.provenance, "source": {"layer": source.name, "index": list(source.index)}}
    meta = {
        "name": texts.SERIES_LAYER.format(name=source.name),
        "rgb": True,
        "metadata": {PROVENANCE_KEY: told},
        **source.placement.as_kwargs(),
    }
    return source.restack(np.asarray(done.rgb)), meta, "image"
