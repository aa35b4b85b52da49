"""Corrections inside a region: draw it, recolour it, erase it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels, Shapes
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.jobs.corrections import erased, recolored
from napari_abdiffuser.layers.hints.drawn_region import REGION_KEY, new_region_layer, read_region
from napari_abdiffuser.layers.hints.new import HINTS_KEY
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.form import allow, form, push_button, spin_box
from napari_abdiffuser.widgets.common.layer_combo import LayerCombo, unwrap
from napari_abdiffuser.widgets.correct import texts
from napari_abdiffuser.widgets.session.on_screen import correction_base

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.jobs.events import Outputs
    from napari_abdiffuser.layers.hints.drawn_region import RegionSource
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.correct.results import CorrectionResults
    from napari_abdiffuser.widgets.session.panel import Context
    from napari_abdiffuser.widgets.session.workbench import Job

__all__ = ["RegionBar"]

_LASSO = "add_polygon_lasso"


class RegionBar(QWidget):
    """Which region, and what happens in it.

    Parameters
    ----------
    context
        See `Context`.
    results
        Where corrected colourings go.
    """

    failed = Signal(str)
    said = Signal(str)

    def __init__(
        self, context: Context, results: CorrectionResults, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._results = results
        self._connections = Connections()
        self._of_layer = Connections()
        self._job: Job | None = None
        self._news = ""
        self.region_field = LayerCombo(texts.NO_REGION, always=True, parent=self)
        self.region_field.setObjectName("correct_region")
        self.region_field.setToolTip(texts.REGION_TIP)
        self.draw_button = push_button("correct_draw", texts.DRAW, self.draw)
        self.only_label = QCheckBox(self)
        self.only_label.setObjectName("correct_only_label")
        self.only_label.setToolTip(texts.ONLY_LABEL_TIP)
        self.count_field = spin_box(0, 16, 3, texts.HOW_MANY_TIP)
        self.count_field.setObjectName("correct_count")
        self.recolor_button = push_button("correct_recolor", texts.RECOLOR, self.recolor)
        self.erase_button = push_button("correct_erase", texts.ERASE, self.erase)
        self.unfix_button = push_button("correct_remove_fixes", texts.UNFIX, self.remove_fixes)
        self._lay_out()
        layers = context.viewer.layers.events
        for signal in (layers.inserted, layers.removed, layers.moved):
            self._connections.connect(signal, self._on_layers)
        self.region_field.chosen.connect(self._on_region)
        context.sources.image_chosen.connect(self._refresh)
        context.bench.ready.connect(self._refresh)
        context.bench.lost.connect(self._refresh)
        context.results.delivered.connect(self._on_delivered)
        context.store.changed.connect(self._on_state)
        self._on_layers()

    def cleanup(self) -> None:
        """Cut the connections to the viewer; without Qt."""
        self._connections.cleanup()
        self._of_layer.cleanup()
        self._job = None

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(form([(texts.REGION, self.region_field)]))
        column.addWidget(self.only_label)
        row = QHBoxLayout()
        row.addWidget(self.draw_button, 1)
        row.addWidget(self.erase_button, 1)
        column.addLayout(row)
        column.addLayout(form([(texts.HOW_MANY, self.count_field)]))
        column.addWidget(self.recolor_button)
        column.addWidget(self.unfix_button)

    # --- what is chosen ---

    def _on_layers(self, event: Any = None) -> None:
        """Offer the layers that can mark a region; none is taken for one unasked."""
        layers = [unwrap(layer) for layer in self._context.viewer.layers]
        self.region_field.set_layers([layer for layer in layers if _marks_regions(layer)])
        self._on_region()

    def _on_region(self, _: Any = None) -> None:
        self._of_layer.cleanup()
        layer = self.region_field.layer
        if layer is not None:
            self._of_layer.connect(layer.events.name, self._on_layers)
        if isinstance(layer, Labels):
            self._of_layer.connect(layer.events.selected_label, self._refresh)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        """Switch buttons on and off, and say why."""
        image, opened = self._context.sources.image, self._context.bench.current
        layer = self.region_field.layer
        self.draw_button.setEnabled(image is not None)
        self.draw_button.setToolTip(texts.WHY_NO_IMAGE if image is None else texts.DRAW_TIP)
        self.only_label.setVisible(isinstance(layer, Labels))
        if isinstance(layer, Labels):
            self.only_label.setText(texts.ONLY_LABEL.format(label=layer.selected_label))
        why = ""
        if image is None:
            why = texts.WHY_NO_IMAGE
        elif layer is None:
            why = texts.WHY_NO_REGION
        elif opened is None:
            why = texts.WHY_NOT_OPEN
        self.region_field.setEnabled(bool(self.region_field.layers))
        for button, tip in (
            (self.recolor_button, texts.RECOLOR_TIP),
            (self.erase_button, texts.ERASE_TIP),
        ):
            button.setEnabled(not why)
            button.setToolTip(why or tip)
        fixes = len(self._context.store.state.fixes)
        allow(self.unfix_button, fixes > 0, texts.UNFIX_TIP.format(n=fixes), texts.WHY_NO_FIXES)
        self.recolor_button.setText(texts.RECOLOR if self._job is None else texts.STOP)
        if self._job is not None:
            self.recolor_button.setEnabled(True)
            self.recolor_button.setToolTip(texts.STOP_TIP)
            self.erase_button.setEnabled(False)
            self.erase_button.setToolTip(texts.WHY_BUSY)

    def _region(self) -> RegionSource | None:
        """Read the region, here in the GUI thread; says why it cannot."""
        layer, opened = self.region_field.layer, self._context.bench.current
        if layer is None or opened is None:
            return None
        label = None
        if isinstance(layer, Labels) and self.only_label.isChecked():
            label = int(layer.selected_label)
        try:
            return read_region(
                layer, opened.image, opened.source, self._context.viewer.dims, label=label
            )
        except ABDiffuserError as error:
            self.failed.emit(str(error))
            return None

    # --- what the user does ---

    def draw(self) -> None:
        """Let the user draw a region with napari's lasso, on a layer of our own."""
        image, viewer = self._context.sources.image, self._context.viewer
        if image is None:
            return
        layers = [unwrap(layer) for layer in viewer.layers]
        mine = [x for x in layers if isinstance(x, Shapes) and x.metadata.get(REGION_KEY)]
        layer = mine[-1] if mine else None
        if layer is not None and layer.ndim == image.ndim:
            layer.data = []
        else:
            layer = new_region_layer(image)
            viewer.add_layer(layer)
        self.region_field.choose(layer)
        viewer.layers.selection.active = layer
        layer.visible = True
        layer.mode = _LASSO

    def recolor(self) -> None:
        """Colour the region anew, in variations; or stop what is under way."""
        if self._job is not None:
            self._job.cancel()
            return
        region, base, count = (
            self._region(),
            correction_base(self._context),
            self.count_field.value(),
        )
        if region is not None:
            self._start(
                lambda at, cancelled, report: recolored(at, base, region, count, cancelled, report),
                (texts.RECOLOR, texts.RECOLOR_RUNNING, texts.RECOLOR_DONE),
            )

    def erase(self) -> None:
        """Make the region gray."""
        region, base = self._region(), correction_base(self._context)
        if region is not None:
            self._start(
                lambda at, _: erased(at, base, region),
                (texts.ERASE, texts.ERASE_RUNNING, texts.ERASE_DONE),
            )

    def remove_fixes(self) -> None:
        """Let colourings be as they come: without what was changed in regions."""
        self._context.store.apply(lambda s: s.remove_fixes())
        self.said.emit(texts.UNFIXED)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        """Say of a hint why it changes nothing."""
        if new.fixes is not old.fixes:
            self._refresh()
        if new.index == old.index and len(new.hints.points) > len(old.hints.points):
            last = new.hints.points[-1]
            if any(fix.covers(last.y, last.x) for fix in new.fixes):
                self.said.emit(texts.HINT_IN_FIX)

    def _start(self, work: Callable[..., Outputs], said: tuple[str, str, str]) -> None:
        """Do it in a worker; `said` are its name and what is said before and after."""
        opened, (label, running, news) = self._context.bench.current, said
        if opened is None:
            return
        image = opened.image

        def done(outputs: Outputs) -> None:
            self._end(news)
            self._results.deliver(outputs, image, label)

        self.said.emit(running)
        self._job = self._context.bench.run(
            work, done, key="region", label=label, failed=self._on_failed, stopped=self._on_stopped
        )
        self._refresh()

    def _end(self, news: str) -> None:
        """Be ready for the next correction; `news` are told when the layers are there."""
        self._job, self._news = None, news
        self._refresh()

    def _on_delivered(self) -> None:
        # Only now: layers that come have the window say that a run can start.
        news, self._news = self._news, ""
        if news:
            self.said.emit(news)

    def _on_failed(self, message: str) -> None:
        self._end("")
        self.failed.emit(message)

    def _on_stopped(self) -> None:
        self._end("")
        self.said.emit(texts.STOPPED)


def _marks_regions(layer: Any) -> bool:
    """Tell whether a layer can mark a region; what the plugin made for hints is not offered."""
    return isinstance(layer, Shapes | Labels) and not layer.metadata.get(HINTS_KEY)
