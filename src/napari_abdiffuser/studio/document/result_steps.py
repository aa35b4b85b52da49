"""Undo steps of results that enter or leave the gallery.

A document says which colourings are discarded. Pixels of those that a step discards are held by
the document before it, where the budget of the history counts them; when that is used up the
oldest steps go, and their pixels with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from napari_abdiffuser.studio.document.document import Coloring, Document
from napari_abdiffuser.studio.document.history import History
from napari_abdiffuser.studio.gallery import Gallery

__all__ = ["discarded", "entered", "followed"]

Step = tuple[History[Document], Gallery]


def entered(
    history: History[Document], before: Gallery, after: Gallery, label: str, *, seen: bool = True
) -> Step:
    """Make a step of results that have come into the gallery, if they are shown.

    Parameters
    ----------
    history
        Up to now.
    before, after
        The gallery without and with them.
    label
        For the menu: 'Colorize'; empty for no step.
    seen
        Whether what `before` shows was seen; not under a live preview.
    """
    document, fixed = history.present, _with_fix(history.present, before, after)
    if not label or after.shown == before.shown:  # of another slice
        return (history if fixed is document else history.push(fixed, label)), after
    made, had = _shown(document, after), document.colouring
    new = replace(fixed, colouring=made)
    if had is not None and made is not None and had.index != made.index:
        return history.push(new, label), after  # what another slice shows is not forgotten
    old = replace(document, colouring=_shown(document, before) if seen else None)
    return history.amend(old).push(new, label), after


def discarded(history: History[Document], gallery: Gallery, numbers: Iterable[int]) -> Step:
    """Make a step that discards colourings; one that is left is shown.

    Raises
    ------
    InvalidRequest
        One of them is starred.
    """
    gone = tuple(gallery[number] for number in numbers if not gallery[number].discarded)
    if not gone:
        return history, gallery
    after = gallery
    for variation in gone:
        after = after.discard(variation.number)
    after = after.with_one_shown()
    document = history.present
    old = replace(document, spare=gone)
    new = replace(document, spare=(), discards=document.discards | {v.number for v in gone})
    if after.shown != gallery.shown:
        old = replace(old, colouring=_shown(document, gallery))
    kept = document.colouring
    if after.shown != gallery.shown or (kept and any(v.rgb is kept.rgb for v in gone)):
        new = replace(new, colouring=_shown(document, after))
    one = f"Discard {gallery.label(gone[0].number)}"
    label = one if len(gone) == 1 else f"Discard {len(gone)} colourings"
    return history.amend(old).push(new, label), after


def followed(gallery: Gallery, left: Document, now: Document) -> Gallery:
    """Bring colourings back, or discard them again, when undo or redo goes to another document."""
    gallery = gallery.restore(v for v in now.spare if v.number not in now.discards)
    for number in sorted(now.discards - left.discards):
        if not gallery[number].starred and not gallery[number].discarded:
            gallery = gallery.discard(number)
    return gallery


def _with_fix(document: Document, before: Gallery, after: Gallery) -> Document:
    """Take the region that the first of what has come changes for all colourings to come."""
    known = {v.number for v in before.variations}
    first = next((v for v in after.variations if v.number not in known), None)
    if first is None or first.fix is None:
        return document
    return document.with_fix(first.index, first.fix)


def _shown(document: Document, gallery: Gallery) -> Coloring | None:
    """Return what a gallery shows; the document's own where it is that."""
    shown = None if gallery.shown is None else gallery[gallery.shown]
    if shown is None or shown.rgb is None:
        return None
    had = document.colouring
    if had is not None and had.rgb is shown.rgb:
        return had
    return Coloring(shown.rgb, shown.index, shown.provenance)
