"""What a figure has: the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_abdiffuser.studio.figure.options import FigureOptions
from napari_abdiffuser.studio.settings.settings import MAX_DPI, load_settings
from napari_abdiffuser.widgets.common.form import form, spin_box
from napari_abdiffuser.widgets.figure import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_abdiffuser.layers.shown import Shown

__all__ = ["FigureControls"]


class FigureControls(QWidget):
    """Fields for the options of a figure."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legend_field = self._combo("figure_legend", texts.LEGENDS, texts.LEGEND_TIP)
        self.bar_field = self._combo("figure_scale_bar", texts.SCALE_BARS, texts.SCALE_BAR_TIP)
        self.corner_field = self._combo("figure_corner", texts.CORNERS, texts.CORNER_TIP)
        self.ground_field = self._combo("figure_background", texts.GROUNDS, texts.GROUND_TIP)
        self.dpi_field = spin_box(0, MAX_DPI, 300, texts.DPI_TIP, texts.DPI_SUFFIX)
        self.dpi_field.setSpecialValueText(texts.DPI_FIJI)
        self.dpi_field.setObjectName("figure_dpi")
        self.original_field = QCheckBox(texts.ORIGINAL, self)
        self.original_field.setObjectName("figure_original")
        self.letters_field = QCheckBox(texts.LETTERS, self)
        self.letters_field.setObjectName("figure_letters")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(
            form(
                [
                    (texts.LEGEND, self.legend_field),
                    (texts.SCALE_BAR, _pair(self.bar_field, self.corner_field)),
                    (texts.GROUND, self.ground_field),
                    (texts.DPI, self.dpi_field),
                ]
            )
        )
        beside = QHBoxLayout()
        beside.addWidget(self.original_field)
        beside.addWidget(self.letters_field)
        beside.addStretch(1)
        layout.addLayout(beside)
        self._prefer()
        for combo in (self.legend_field, self.bar_field, self.corner_field, self.ground_field):
            combo.currentIndexChanged.connect(self._on_change)
        for box in (self.original_field, self.letters_field):
            box.toggled.connect(self._on_change)
        self.dpi_field.valueChanged.connect(self._on_change)
        self._shown: Shown | None = None
        self._original = True
        self.follow(None)

    @property
    def options(self) -> FigureOptions:
        """The options, without what there is nothing for."""
        there = self._shown is not None and self._original
        original = there and bool(self.original_field.isChecked())
        return FigureOptions(
            legend=self.legend_field.currentData(),
            scale_bar=self.bar_field.currentData(),
            corner=self.corner_field.currentData(),
            original=original,
            letters=original and bool(self.letters_field.isChecked()),
            background=self.ground_field.currentData(),
            dpi=int(self.dpi_field.value()),
        )

    def follow(self, shown: Shown | None, *, original: bool = True) -> None:
        """Switch controls on and off for a colouring, and say why.

        Parameters
        ----------
        shown
            The colouring.
        original
            Whether the picture that it was made of is open.
        """
        self._shown, self._original = shown, original
        sized = shown is None or shown.pixel_size is not None
        _allow(self.bar_field, sized, texts.SCALE_BAR_TIP, texts.WHY_NO_BAR)
        inside = sized and self.bar_field.currentData() == "inside"
        why = texts.WHY_NO_CORNER if sized else texts.WHY_NO_BAR
        _allow(self.corner_field, inside, texts.CORNER_TIP, why)
        there = shown is None or original
        why = texts.WHY_NO_ORIGINAL.format(name="" if shown is None else shown.name)
        _allow(self.original_field, there, texts.ORIGINAL_TIP, why)
        two = there and bool(self.original_field.isChecked())
        _allow(self.letters_field, two, texts.LETTERS_TIP, texts.WHY_NO_LETTERS)

    def _prefer(self) -> None:
        """Begin with what the user prefers."""
        wanted = load_settings()[0].preferences
        self.dpi_field.setValue(wanted.figure_dpi)
        for field, on in ((self.legend_field, wanted.legend), (self.bar_field, wanted.scale_bar)):
            field.setCurrentIndex(0 if on else field.findData("none"))
        self.original_field.setChecked(wanted.original)
        self.letters_field.setChecked(wanted.letters)

    def _on_change(self, _: Any = None) -> None:
        self.follow(self._shown, original=self._original)
        self.changed.emit()

    def _combo(self, name: str, entries: Mapping[str, str], tip: str) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        for value, text in entries.items():
            box.addItem(text, value)
        box.setToolTip(tip)
        return box


def _pair(left: QWidget, right: QWidget) -> QWidget:
    """Put two fields into one row."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for field in (left, right):
        if isinstance(field, QComboBox):
            field.setMinimumContentsLength(4)
        layout.addWidget(field, 1)
    return row


def _allow(widget: QWidget, allowed: bool, tip: str, why_not: str) -> None:
    widget.setEnabled(allowed)
    widget.setToolTip(tip if allowed else why_not)
