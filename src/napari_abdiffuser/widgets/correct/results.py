"""Corrections as results: into the gallery, and back out by undo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_abdiffuser.errors import Cancelled
from napari_abdiffuser.jobs.corrections import Base, single
from napari_abdiffuser.layers.images import index_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.jobs.events import Outputs
    from napari_abdiffuser.studio.document.document import Coloring
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.gallery import Gallery
    from napari_abdiffuser.studio.slices import Index
    from napari_abdiffuser.widgets.session.panel import Context

__all__ = ["CorrectionResults"]


class CorrectionResults(QObject):
    """Enters corrected colourings into the gallery and the document, and follows undo.

    A correction becomes an entry of the gallery that descends from the one it was made of, and
    one step of undo. Undo shows the one before again; the corrected one stays in the gallery.

    Parameters
    ----------
    context
        See `Context`.
    """

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        context.store.changed.connect(self._on_state)

    def deliver(self, outputs: Outputs, source: Any, label: str) -> None:
        """Show corrected colourings, the first of them; `label` is for undo."""
        self._context.results.deliver(replace(outputs, label=label), source)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        """Show what undo or redo went to."""
        kept, before = new.document.colouring, old.document.colouring
        same = new.picture is not None and old.picture is not None
        same = same and new.picture.key == old.picture.key  # type: ignore[union-attr]
        came = kept is not None and kept.index == new.index != old.index
        if not same or (kept is before and not came):
            return
        # What is undone may be of another slice than the one on screen.
        undone = kept or before
        index = new.index if undone is None else undone.index
        number = _parent(new.gallery, before) if kept is None else _number(new.gallery, kept)
        if kept is not None and number is None:
            if kept.index == new.index:
                self._bring_back(kept)
        elif kept is not before and number != new.gallery.shown_at.get(index):
            self._context.store.apply(lambda s: s.with_gallery(lambda g: _shown(g, number, index)))

    def _bring_back(self, kept: Coloring) -> None:
        """Enter a colouring again that was discarded from the gallery meanwhile."""
        context = self._context
        image, base = context.sources.image, Base(None, None, {}, context.store.state)

        def job(at: Any, _cancelled: Callable[[], bool]) -> Outputs:
            if at.image is not image or index_of(at.source) != kept.index:
                raise Cancelled("Another picture was opened meanwhile.")
            return single(at, kept.rgb, dict(kept.provenance), f"{at.source.name} kept", base)

        context.bench.run(job, lambda made: self.deliver(made, image, ""), key="bring back")


def _shown(gallery: Gallery, number: int | None, index: Index) -> Gallery:
    return gallery.hide(index) if number is None else gallery.show(number)


def _number(gallery: Gallery, kept: Coloring) -> int | None:
    return next((v.number for v in gallery.variations if v.rgb is kept.rgb), None)


def _parent(gallery: Gallery, kept: Coloring | None) -> int | None:
    """Return the number of what a colouring was made of, if it can still be shown."""
    number = None if kept is None else _number(gallery, kept)
    parent = None if number is None else gallery[number].parent
    return None if parent is None or gallery[parent].discarded else parent
