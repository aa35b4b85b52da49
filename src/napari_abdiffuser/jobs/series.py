"""Colouring of many pictures in a worker thread, one after another."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.errors import ABDiffuserError, Cancelled
from napari_abdiffuser.jobs import texts
from napari_abdiffuser.jobs.corrections import saturation_factors
from napari_abdiffuser.jobs.run import in_words
from napari_abdiffuser.layers.images import open_picture
from napari_abdiffuser.layers.outputs import image_layer
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.document.document import Corrections, Document, weigh
from napari_abdiffuser.studio.document.history import History
from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.studio.project.fitting import fitted
from napari_abdiffuser.studio.region_fix import RegionFix, with_fixes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.jobs.run import Models
    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["Colored", "Piece", "SeriesOptions", "Started", "color"]

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
    fixes
        Regions of it that were corrected.
    """

    source: PictureSource
    hints: Hints
    hinted: tuple[int, int]
    into: NDArray[np.uint8] | None = None
    fixes: tuple[RegionFix, ...] = ()


@dataclass(frozen=True, eq=False)
class SeriesOptions:
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
    options: SeriesOptions,
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
                rgb, provenance = _paint(piece, options, models, cancelled)
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
    piece: Piece, options: SeriesOptions, models: Models, cancelled: Callable[[], bool]
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    source = piece.source
    hints, left_out = fitted(piece.hints, piece.hinted, source.shape)
    colorizer = models.get(options.model, options.device)
    picture = open_picture(colorizer, source, source.load(), data_bar=options.data_bar)
    result = picture.paint(
        hints,
        n_outputs=0 if options.seed is None else 1,
        seed=options.seed or 0,
        background=options.background,
        progress=lambda done, total: None,
        cancel=cancelled,
    )
    rgb = result.best if options.seed is None else result.rgb[0]
    provenance = dict(result.provenance)
    provenance["output"] = "best" if options.seed is None else 1
    provenance["hints_left_out"] = left_out
    rgb = with_fixes(rgb, piece.fixes)
    if not options.corrections.neutral and picture.guided is not None:
        document = Document(options.legend, {(): hints}, options.corrections)
        state = StudioState(history=History.start(document, weigh=weigh))
        factors = saturation_factors(picture.guided, state, options.background)
        rgb = picture.guided.saturate(rgb, factors)
        provenance["corrections"] = options.corrections.to_dict()
    return rgb, provenance


def layer_tuple(piece: Piece, done: Colored) -> Any:
    """Return data, metadata and type of the layer for one coloured picture."""
    name = texts.SERIES_LAYER.format(name=piece.source.name)
    return image_layer(np.asarray(done.rgb), name, done.provenance, piece.source)
