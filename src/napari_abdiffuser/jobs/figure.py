"""Figures made in a worker thread: small previews, and whole ones for files."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from skimage.transform import resize

from napari_abdiffuser._version import version
from napari_abdiffuser.errors import ABDiffuserError, Cancelled, InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.jobs.figure_original import Originals, edited
from napari_abdiffuser.layers.shown import load
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.figure.caption import caption
from napari_abdiffuser.studio.figure.compose import compose
from napari_abdiffuser.studio.figure.export import export
from napari_abdiffuser.studio.figure.provenance import figure_provenance
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.legend.hints import adopt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_abdiffuser.jobs.figure_original import Original
    from napari_abdiffuser.layers.shown import Shown
    from napari_abdiffuser.studio.figure.options import Figure, FigureOptions

__all__ = ["Look", "look", "write"]

_LOOK_SIDE = 640
_SQUARE = 1e-3  # difference of sides that nobody sees
_MAX_RATIO = 16.0


@dataclass(frozen=True, eq=False)
class Look:
    """A figure, and the sentence under it.

    Attributes
    ----------
    figure
        Small, or whole.
    caption
        Declares the colouring.
    legend
        Classes of the hints that made the colouring, in their colours at that time.
    size
        (height, width) of the whole figure in pixels, about.
    has_original
        Whether the picture that was colorized is open.
    """

    figure: Figure
    caption: str
    legend: Legend
    size: tuple[int, int]
    has_original: bool


def look(
    shown: Shown, options: FigureOptions, originals: Originals, cancelled: Callable[[], bool]
) -> Look:
    """Make a small figure that looks as the whole one will."""
    rgb = load(shown.rgb)
    step = max(1, -(-max(rgb.shape[:2]) // _LOOK_SIDE))
    original = originals.find(shown, rgb)
    _stop_if(cancelled)
    keep_clear = _bar_rows(original) // step
    rgb = np.ascontiguousarray(rgb[::step, ::step])
    if original is not None:
        original = replace(original, pixels=original.pixels[::step, ::step])
    return _made(shown, replace(options, keep_clear=keep_clear), rgb, original, step)


def write(
    path: Path, shown: Shown, options: FigureOptions, cancelled: Callable[[], bool]
) -> tuple[Path, Look]:
    """Make the whole figure and its file: completely, or not at all.

    Returns
    -------
    Where it is, and the figure.

    Raises
    ------
    ABDiffuserError
        It cannot be written.
    """
    rgb = load(shown.rgb)
    # Looked at afresh: what is declared in the file has to be so.
    original = Originals().find(shown, rgb)
    _stop_if(cancelled)
    clear = replace(options, keep_clear=_bar_rows(original))
    made = _made(shown, clear, rgb, original, 1)
    _stop_if(cancelled)
    provenance = dict(shown.provenance)
    side = None
    if shown.pixel_size is not None:
        # The figure's pixels are square, whatever those of the picture are.
        side = min(shown.pixel_size)
        shape = list(made.figure.pixels.shape[:2])
        provenance["pixel"] = {"size": [side, side], "unit": shown.unit, "shape": shape}
    about = figure_provenance(provenance, made.figure, made.legend, made.caption, shown.name)
    return export(path, made.figure, about, side, shown.unit), made


def _made(
    shown: Shown,
    options: FigureOptions,
    rgb: NDArray[Any],
    original: Original | None,
    step: int,
) -> Look:
    """Put a figure together; `step` pixels of the picture are one of `rgb`."""
    legend = _legend(shown)
    entries = [entry for entry in legend if len(set(entry.color)) > 1]
    # What cannot be checked is not claimed.
    is_edited = original is None or edited(rgb, original)
    size = shown.pixel_size
    if size is not None and not math.isclose(*size, rel_tol=_SQUARE):
        rgb, options = _with_square_pixels(rgb, size), _stretched(options, size)
        if original is not None:
            original = replace(original, pixels=_with_square_pixels(original.pixels, size))
    if original is None:
        options = replace(options, original=False, letters=False)
    figure = compose(
        rgb,
        options,
        entries,
        None if original is None else original.pixels,
        None if original is None else original.limits,
        None if size is None else min(size) * step,
        shown.unit,
    )
    letters = ("a", "b") if options.letters and figure.original is not None else ()
    provenance = shown.provenance
    model = provenance.get("model")
    sentence = caption(
        entries,
        version(),
        model=str(model.get("name") or "") if isinstance(model, dict) else "",
        guessed=provenance.get("background") != Background.GRAY,
        edited=is_edited,
        scale_bar="" if figure.bar is None else figure.bar.text,
        letters=letters,
    )
    height, width = figure.pixels.shape[:2]
    return Look(figure, sentence, legend, (height * step, width * step), original is not None)


def _with_square_pixels(pixels: NDArray[Any], size: tuple[float, float]) -> NDArray[Any]:
    """Enlarge a picture along the longer side of its pixels, which then is as the shorter one.

    Raises
    ------
    InvalidRequest
        The figure would be many times as large as the picture.
    """
    ratio = max(size) / min(size)
    if ratio > _MAX_RATIO:
        raise InvalidRequest(
            f"A pixel is {ratio:.3g} times as long as wide: a figure with one true scale would be "
            "as many times larger. Check the layer's scale, or resample the picture first."
        )
    height, width = pixels.shape[:2]
    shape = round(height * size[0] / min(size)), round(width * size[1] / min(size))
    enlarged = np.asarray(
        resize(pixels, shape, order=1, preserve_range=True, anti_aliasing=False, mode="edge")  # type: ignore[no-untyped-call]
    )
    whole = np.issubdtype(pixels.dtype, np.integer)
    return (np.rint(enlarged) if whole else enlarged).astype(pixels.dtype)


def _stretched(options: FigureOptions, size: tuple[float, float]) -> FigureOptions:
    return replace(options, keep_clear=round(options.keep_clear * size[0] / min(size)))


def _legend(shown: Shown) -> Legend:
    """Return the classes of the hints that the colouring was made with."""
    hints = shown.provenance.get("hints")
    try:
        return adopt(Legend(), Hints.from_dict(hints) if isinstance(hints, dict) else Hints())[0]
    except ABDiffuserError:
        return Legend()


def _bar_rows(original: Original | None) -> int:
    """Return how many rows at the foot are the instrument's data bar."""
    if original is None:
        return 0
    mask = original.source.data_bar_mask(original.pixels)
    return 0 if mask is None else int(mask.any(1).sum())


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("Cancelled.")
