"""Hints that turn out to have been there all along, in layers that nobody had read yet."""

from __future__ import annotations

from dataclasses import replace

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.document import Document
from napari_abdiffuser.studio.state import StudioState

__all__ = ["with_found_hints"]


def with_found_hints(state: StudioState, hints: Hints) -> StudioState:
    """Enter hints of the present slice without a step of undo.

    They enter every step of the history that has none for this slice: undoing what was done
    elsewhere must not take them away.
    """
    if not len(hints) or len(state.hints):
        return state if not len(hints) else state.set_hints(hints)
    history, index = state.history, state.index

    def entered(document: Document) -> Document:
        return document if len(document.hints(index)) else document.set_hints(hints, index)

    history = history.each(entered)
    return replace(state, history=history, revision=state.revision + 1)
