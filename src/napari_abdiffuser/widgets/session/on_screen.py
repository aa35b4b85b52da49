"""The colouring on screen, as corrections and locks start from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_abdiffuser.jobs.corrections import Base
from napari_abdiffuser.jobs.locks import Screen
from napari_abdiffuser.layers.images import PictureSource, index_of
from napari_abdiffuser.options import Background

if TYPE_CHECKING:
    from napari_abdiffuser.widgets.session.panel import Context

__all__ = ["correction_base", "locked_screen"]


def correction_base(context: Context) -> Base:
    """Read what is shown, if it is of the slice at hand."""
    state, opened = context.store.state, context.bench.current
    number = state.gallery.shown
    shown = None if number is None else state.gallery[number]
    if number is None or shown is None or shown.rgb is None or context.preview.visible:
        return Base(None, None, {}, state)
    if opened is not None and shown.index != index_of(opened.source):
        return Base(None, None, {}, state)  # the sliders are on their way
    return Base(shown.rgb, number, shown.provenance, state)


def locked_screen(context: Context, picture: PictureSource) -> Screen | None:
    """Read what is on screen of a picture; None if it is another one or nothing is locked."""
    state, preview = context.store.state, context.preview
    legend = state.legend
    if index_of(picture) != state.index or not any(entry.locked for entry in legend):
        return None
    painted = preview.painted
    opened = context.bench.current
    here = opened is not None and index_of(opened.source) == state.index
    if here and preview.visible and painted is not None:
        return Screen(painted.plain, painted.hints, painted.background, legend)
    number = state.gallery.shown
    shown = None if number is None else state.gallery[number]
    if shown is None or shown.rgb is None:
        return None
    hints = state.hints if shown.hints is None else shown.hints
    background = Background.of(gray=shown.provenance.get("background") == Background.GRAY)
    return Screen(shown.rgb, hints, background, legend)
