"""Which slices of a stack, and which colouring of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_abdiffuser.widgets.common.form import form, number_field, spin_box
from napari_abdiffuser.widgets.series import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SliceFields"]


class SliceFields(QWidget):
    """Fields for a range of slices, and for the colouring that is taken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind_field = _combo("series_kind", texts.KINDS, texts.KINDS_TIP)
        self.seed_field = number_field("seed", "series_seed")
        self.seed_field.setToolTip(texts.SEED_TIP)
        self.which_field = _combo("series_which", texts.WHICH, texts.WHICH_TIP)
        self.first_field = spin_box(0, 0, 0, texts.FIRST_TIP)
        self.first_field.setObjectName("series_first")
        self.last_field = spin_box(0, 0, 0, texts.LAST_TIP)
        self.last_field.setObjectName("series_last")
        colors = _row(self.kind_field, self.seed_field)
        colors.setToolTip(texts.KINDS_TIP)
        self.range = _row(self.first_field, self.last_field)
        self.of_stack = QWidget(self)
        rows = form([(texts.SLICES, self.which_field)])
        rows.addRow("", self.range)
        self.of_stack.setLayout(rows)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(form([(texts.COLORS, colors)]))
        layout.addWidget(self.of_stack)
        self.kind_field.currentIndexChanged.connect(self._refresh)
        self.which_field.currentIndexChanged.connect(self._refresh)
        self._length: int | None = None
        self.follow(None)

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

    @property
    def only_view(self) -> bool:
        """Whether only the slice in view is meant, whatever other axes the stack has."""
        return bool(self.which_field.currentData() == "current")

    def follow(self, length: int | None) -> None:
        """Offer the slices of a stack of this length; None for a single picture."""
        if length != self._length:
            self._length = length
            last = 0 if length is None else length - 1
            for field in (self.first_field, self.last_field):
                field.setRange(0, last)
            self.first_field.setValue(0)
            self.last_field.setValue(last)
        self._refresh()

    def span(self, at: int) -> tuple[int, int]:
        """Return first and last slice; `at` is the one in view."""
        which = self.which_field.currentData()
        if self.only_view or self._length is None:
            return at, at
        if which == "all":
            return 0, self._length - 1
        first, last = int(self.first_field.value()), int(self.last_field.value())
        return min(first, last), max(first, last)

    def _refresh(self, _: Any = None) -> None:
        self.seed_field.setVisible(self.kind_field.currentData() == "seed")
        self.of_stack.setVisible(self._length is not None)
        self.range.setVisible(self.which_field.currentData() == "range")


def _row(*fields: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for field in fields:
        layout.addWidget(field, 1)
    return row


def _combo(name: str, entries: Mapping[str, str], tip: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for value, text in entries.items():
        box.addItem(text, value)
    box.setToolTip(tip)
    return box
