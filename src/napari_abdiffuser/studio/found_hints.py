"""Hints that turn out to have been there all along, in layers that nobody had read yet."""

from __future__ import annotations

from dataclasses import replace

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.document import Document
from napari_abdiffuser.studio.state import StudioState

__all__ = ["with_found_hints"]


def with_found_hints(state: StudioState, hints: Hints) -> StudioState:
    """Add hints to those of the present slice without a step of undo.

    They are added to every step of the history: undoing what was done elsewhere must not take
    them away.
    """
    if not len(hints):
        return state
    index = state.index

    def entered(document: Document) -> Document:
        return document.set_hints(document.hints(index) + hints, index)

    history = state.history.each(entered)
    return replace(state, history=history, revision=state.revision + 1)
