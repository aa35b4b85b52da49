"""What the button colours: the picture in view, slices of its stack, or other open images."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_abdiffuser.widgets.common.form import combo, form, number_field, spin_box
from napari_abdiffuser.widgets.series import texts

__all__ = ["ScopeFields"]

THIS, ALL, RANGE, CURRENT, OTHERS = "this", "all", "range", "current", "others"


class ScopeFields(QWidget):
    """The choice of what is coloured, and of the colouring that slices and other images get."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.which_field = combo()
        self.which_field.setObjectName("series_which")
        self.which_field.setToolTip(texts.WHICH_TIP)
        self.kind_field = combo()
        self.kind_field.setObjectName("series_kind")
        self.kind_field.setToolTip(texts.KINDS_TIP)
        for data, text in texts.KINDS.items():
            self.kind_field.addItem(text, data)
        self.seed_field = number_field("seed", "series_seed")
        self.seed_field.setToolTip(texts.SEED_TIP)
        self.first_field = spin_box(0, 0, 0, texts.FIRST_TIP)
        self.first_field.setObjectName("series_first")
        self.last_field = spin_box(0, 0, 0, texts.LAST_TIP)
        self.last_field.setObjectName("series_last")
        self.range = _row(self.first_field, self.last_field)
        self.colors = QWidget(self)
        self.colors.setLayout(form([(texts.COLORS, _row(self.kind_field, self.seed_field))]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for part in (self.which_field, self.range, self.colors):
            layout.addWidget(part)
        self._length: int | None = None
        self._entries: dict[str, str] = {}
        for box in (self.which_field, self.kind_field):
            box.currentIndexChanged.connect(self._refresh)
        for field in (self.first_field, self.last_field):
            field.valueChanged.connect(self._refresh)
        self.follow(None, 0)

    @property
    def which(self) -> str:
        """What is to be coloured: a key of `texts.WHICH`."""
        return str(self.which_field.currentData())

    @property
    def seed(self) -> int | None:
        """Of the variation that is taken; None for the most probable colouring."""
        return int(self.seed_field.value()) if self.kind_field.currentData() == "seed" else None

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self.kind_field.setCurrentIndex(
            self.kind_field.findData("best" if seed is None else "seed")
        )
        if seed is not None:
            self.seed_field.setValue(seed)

    def follow(self, length: int | None, others: int) -> None:
        """Offer what there is.

        Parameters
        ----------
        length
            Slices of the stack; None for a single picture.
        others
            Other open images.
        """
        if length != self._length:
            self._length = length
            last = 0 if length is None else length - 1
            for field, value in ((self.first_field, 0), (self.last_field, last)):
                with QSignalBlocker(field):
                    field.setRange(0, last)
                    field.setValue(value)
        keys = [THIS, *((ALL, RANGE, CURRENT) if length is not None else ())]
        keys += [OTHERS] if others else []
        entries = {key: texts.which(key, length, others) for key in keys}
        if entries != self._entries:
            self._entries = entries
            chosen = self.which_field.currentData()
            with QSignalBlocker(self.which_field):
                self.which_field.clear()
                for key, text in entries.items():
                    self.which_field.addItem(text, key)
                self.which_field.setCurrentIndex(max(0, self.which_field.findData(chosen)))
        self._refresh()

    def choose(self, which: str) -> None:
        """Choose what is to be coloured."""
        self.which_field.setCurrentIndex(self.which_field.findData(which))

    def span(self, at: int) -> tuple[int, int]:
        """Return first and last slice; `at` is the one in view."""
        if self._length is None or self.which == CURRENT:
            return at, at
        if self.which != RANGE:
            return 0, self._length - 1
        first, last = int(self.first_field.value()), int(self.last_field.value())
        return min(first, last), max(first, last)

    def _refresh(self, _: Any = None) -> None:
        self.which_field.setVisible(len(self._entries) > 1)
        self.seed_field.setVisible(self.kind_field.currentData() == "seed")
        self.range.setVisible(self.which == RANGE)
        self.colors.setVisible(self.which != THIS)
        self.changed.emit()


def _row(*fields: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for field in fields:
        layout.addWidget(field, 1)
    return row
