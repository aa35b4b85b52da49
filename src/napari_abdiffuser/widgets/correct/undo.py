"""Undo and redo: two buttons that say what they would take back or do again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from napari_abdiffuser.widgets.correct import texts

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

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
        self.undo_button = _Elided("correct_undo", self)
        self.redo_button = _Elided("correct_redo", self)
        self.undo_button.clicked.connect(lambda *_: self.undo())
        self.redo_button.clicked.connect(lambda *_: self.redo())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.undo_button, 1)
        row.addWidget(self.redo_button, 1)
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
            button.say(f"{verb}: {what}" if possible and what else verb)
            button.setEnabled(possible)
            named = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
            button.setToolTip(tip.format(what=what or "a change", keys=named) if possible else why)


class _Elided(QPushButton):
    """A button whose text is cut where there is no room, and says all of it to screen readers."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._said = ""

    def say(self, text: str) -> None:
        """Set the text."""
        self._said = text
        self.setAccessibleName(text)
        self._cut()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Cut the text anew."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = max(self.width() - 22, 40)
        self.setText(self.fontMetrics().elidedText(self._said, Qt.TextElideMode.ElideRight, room))
