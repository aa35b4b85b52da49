"""Presets: named sets of preferences to come back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_abdiffuser.widgets.settings import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["PresetRow"]


class PresetRow(QWidget):
    """A choice that can be typed into, and three buttons."""

    used = Signal(str)
    """Emitted with a preset's name; '' for the original settings."""
    saved = Signal(str)
    deleted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self.field = QComboBox(self)
        self.field.setObjectName("preset_field")
        self.field.setEditable(True)
        self.field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.field.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.field.setMinimumContentsLength(8)
        self.field.setToolTip(texts.PRESET_TIP)
        self.setToolTip(texts.PRESET_TIP)
        line = self.field.lineEdit()
        if line is not None:
            line.setPlaceholderText(texts.PRESET_HOLDER)
            line.setToolTip(texts.PRESET_TIP)
        self.use_button = self._button("preset_use", texts.USE, self._use)
        self.save_button = self._button("preset_save", texts.SAVE, self._save)
        self.delete_button = self._button("preset_delete", texts.DELETE, self._delete)
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in (self.use_button, self.save_button, self.delete_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addLayout(row)
        self.field.currentTextChanged.connect(self._refresh)
        self.show_names(())

    @property
    def name(self) -> str:
        """What is chosen or typed."""
        return str(self.field.currentText()).strip()

    def show_names(self, names: Sequence[str]) -> None:
        """Offer these presets, after the original settings; the text stays."""
        text = self.field.currentText() if self._names or self.field.count() else texts.ORIGINAL
        self._names = tuple(names)
        blocked = self.field.blockSignals(True)
        self.field.clear()
        self.field.addItems([texts.ORIGINAL, *names])
        self.field.setCurrentIndex(self.field.findText(text))
        self.field.setEditText(text)
        self.field.blockSignals(blocked)
        self._refresh()

    def _button(self, name: str, text: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setMinimumWidth(0)
        button.clicked.connect(lambda *_: action())
        return button

    def _refresh(self, _: object = None) -> None:
        """Switch the buttons on and off, and say why."""
        name = self.name
        original, known = name == texts.ORIGINAL, name in self._names
        why = "" if original or known else texts.WHY_NOT_SAVED if name else texts.WHY_NO_NAME
        _allow(self.use_button, texts.USE_TIP, why)
        why = texts.WHY_ORIGINAL if original else "" if name else texts.WHY_NO_NAME
        _allow(self.save_button, texts.SAVE_TIP, why)
        why = why or ("" if known else texts.WHY_NOT_SAVED)
        _allow(self.delete_button, texts.DELETE_TIP, why)

    def _use(self) -> None:
        self.used.emit("" if self.name == texts.ORIGINAL else self.name)

    def _save(self) -> None:
        self.saved.emit(self.name)

    def _delete(self) -> None:
        self.deleted.emit(self.name)
        self.field.setCurrentIndex(0)
        self.field.setEditText(texts.ORIGINAL)


def _allow(button: QPushButton, tip: str, why_not: str) -> None:
    button.setEnabled(not why_not)
    button.setToolTip(why_not or tip)
