"""Corrections: undo, a region, gray around the hints, saturation, where a hint would help."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtWidgets import QCheckBox, QFrame, QWidget

from napari_abdiffuser.options import Background
from napari_abdiffuser.widgets.correct import texts
from napari_abdiffuser.widgets.correct.help import HelpBar
from napari_abdiffuser.widgets.correct.region import RegionBar
from napari_abdiffuser.widgets.correct.results import CorrectionResults
from napari_abdiffuser.widgets.correct.saturation import SaturationBar
from napari_abdiffuser.widgets.correct.shown import CorrectedView
from napari_abdiffuser.widgets.correct.undo import UndoBar
from napari_abdiffuser.widgets.session.panel import Context, Panel

if TYPE_CHECKING:
    from napari_abdiffuser.studio.document.state import StudioState

__all__ = ["CorrectPanel"]


class CorrectPanel(Panel):
    """What is done to colours that are there already.

    Parameters
    ----------
    context
        See `Context`.
    """

    title: ClassVar[str] = texts.TITLE

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.view = CorrectedView(context, self.failed.emit, self)
        self.results = CorrectionResults(context, self)
        self.undo_bar = UndoBar(context.store, self)
        self.region_bar = RegionBar(context, self.results, self)
        self.highlight_field = QCheckBox(texts.HIGHLIGHT, self)
        self.highlight_field.setObjectName("correct_highlight")
        self.highlight_field.setToolTip(texts.HIGHLIGHT_TIP)
        self.saturation_bar = SaturationBar(context.store, self)
        self.help_bar = HelpBar(context, self)
        parts: tuple[QWidget, ...] = (
            self.undo_bar,
            _line(),
            self.region_bar,
            _line(),
            self.highlight_field,
            self.saturation_bar,
            _line(),
            self.help_bar,
        )
        for part in parts:
            self.column.addWidget(part)
        for bar in (self.region_bar, self.help_bar):
            bar.failed.connect(self.failed)
            bar.said.connect(self.said)
        self.highlight_field.toggled.connect(self._on_highlight)
        context.store.changed.connect(self._on_state)
        self._on_state(context.store.state, context.store.state)

    def cleanup(self) -> None:
        """Cut all connections; a second time does nothing."""
        super().cleanup()
        self.region_bar.cleanup()
        self.help_bar.cleanup()

    def _on_highlight(self, on: bool) -> None:
        background = Background.of(gray=on)
        if background != self.context.store.state.corrections.background:
            self.context.store.apply(lambda s: s.set_background(background))

    def _on_state(self, new: StudioState, _old: StudioState) -> None:
        self.highlight_field.setChecked(new.corrections.background.gray)


def _line() -> QFrame:
    line = QFrame()
    line.setObjectName("abdiffuser_line")
    line.setFixedHeight(1)
    return line
