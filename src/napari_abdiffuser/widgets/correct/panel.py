"""Corrections of colours that are there: inside a region, and of their saturation."""

from __future__ import annotations

from typing import ClassVar

from qtpy.QtWidgets import QWidget

from napari_abdiffuser.widgets.common.form import heading
from napari_abdiffuser.widgets.common.look import line
from napari_abdiffuser.widgets.correct import texts
from napari_abdiffuser.widgets.correct.region import RegionBar
from napari_abdiffuser.widgets.correct.results import CorrectionResults
from napari_abdiffuser.widgets.correct.saturation import SaturationBar
from napari_abdiffuser.widgets.correct.shown import CorrectedView
from napari_abdiffuser.widgets.session.panel import Context, Panel

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
        self.region_bar = RegionBar(context, self.results, self)
        self.saturation_bar = SaturationBar(context.store, self)
        for part in (heading(texts.FIX), self.region_bar, line(), self.saturation_bar):
            self.column.addWidget(part)
        self.region_bar.failed.connect(self.failed)
        self.region_bar.said.connect(self.said)

    def cleanup(self) -> None:
        """Cut all connections; a second time does nothing."""
        super().cleanup()
        self.region_bar.cleanup()
