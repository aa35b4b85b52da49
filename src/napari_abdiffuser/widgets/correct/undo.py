"""Undo and redo: two buttons whose tooltips say what they would take back or do again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_abdiffuser.widgets.correct import texts

if TYPE_CHECKING:
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["UndoBar"]


class UndoBar(QWidget):
    """Buttons for the history of hints, classes, corrections and results.

    Parameters
    ----------
    store
        Holds the history.
    """

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.undo_button = _symbol("correct_undo", "\N{ANTICLOCKWISE TOP SEMICIRCLE ARROW}", self)
        self.redo_button = _symbol("correct_redo", "\N{CLOCKWISE TOP SEMICIRCLE ARROW}", self)
        self.undo_button.clicked.connect(lambda *_: self.undo())
        self.redo_button.clicked.connect(lambda *_: self.redo())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.undo_button)
        row.addWidget(self.redo_button)
        store.changed.connect(self._on_state)
        self._refresh(store.state)

    def undo(self) -> None:
        """Take the last change back."""
        self._store.apply(lambda s: s.undo())

    def redo(self) -> None:
        """Do again what was taken back."""
        self._store.apply(lambda s: s.redo())

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.history is not old.history:
            self._refresh(new)

    def _refresh(self, state: StudioState) -> None:
        history, keys = state.history, QKeySequence.StandardKey
        for button, verb, what, possible, tip, why, key in (
            (self.undo_button, texts.UNDO, history.undo_label, history.can_undo,
             texts.UNDO_TIP, texts.WHY_NO_UNDO, keys.Undo),
            (self.redo_button, texts.REDO, history.redo_label, history.can_redo,
             texts.REDO_TIP, texts.WHY_NO_REDO, keys.Redo),
        ):  # fmt: skip
            button.setAccessibleName(f"{verb}: {what}" if possible and what else verb)
            button.setEnabled(possible)
            named = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
            button.setToolTip(tip.format(what=what or "a change", keys=named) if possible else why)


def _symbol(name: str, symbol: str, parent: QWidget) -> QPushButton:
    button = QPushButton(symbol, parent)
    button.setObjectName(name)
    button.setProperty("symbol", True)
    return button
