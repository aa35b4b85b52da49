"""Where a hint would help most: the model's own doubt over the picture, and the best place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Vectors
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_abdiffuser.colorizer.protocols import with_guide
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.correct import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.panel import Context
    from napari_abdiffuser.widgets.session.workbench import Job, Opened

__all__ = ["HelpBar"]

# Per cent of pixels that stay dark, so that the overlay covers half of the picture at most, and
# that lie below full brightness, so that a few outliers do not set the scale.
_DARKEST, _BRIGHTEST = 50, 99.5
_MIN_RANGE = 1.0  # a* b* units: where samples agree everywhere, nothing glows


class HelpBar(QWidget):
    """Asks for the overlay, and takes it away.

    Parameters
    ----------
    context
        See `Context`.
    """

    failed = Signal(str)
    said = Signal(str)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._layers: list[Layer] = []
        self._of: Any = None
        self._job: Job | None = None
        self._connections = Connections()
        self._connections.connect(context.viewer.layers.events.removed, self._on_removed)
        self.ask_button = QPushButton(texts.HELP, self)
        self.ask_button.setObjectName("correct_help")
        self.ask_button.clicked.connect(lambda *_: self.ask())
        self.hide_button = QPushButton(texts.HELP_HIDE, self)
        self.hide_button.setObjectName("correct_help_hide")
        self.hide_button.setToolTip(texts.HELP_HIDE_TIP)
        self.hide_button.clicked.connect(lambda *_: self.hide_overlay())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.ask_button)
        column.addWidget(self.hide_button)
        context.bench.ready.connect(self._refresh)
        context.bench.lost.connect(self._on_lost)
        context.store.changed.connect(self._on_state)
        self._refresh()

    def cleanup(self) -> None:
        """Cut the connections to the viewer; without Qt."""
        self._connections.cleanup()
        self._layers.clear()
        self._job = None

    def ask(self) -> None:
        """Compare variations in a worker, then show where they differ; or stop doing so."""
        if self._job is not None:
            self._job.cancel()
            return
        opened, hints = self._context.bench.current, self._context.store.state.hints
        if opened is None:
            return

        def job(at: Opened, cancelled: Callable[[], bool]) -> Any:
            picture = with_guide(at.picture)
            doubt = picture.uncertainty(hints, cancel=cancelled)
            place = picture.suggest_place(hints, cancel=cancelled)
            low, top = (float(value) for value in np.percentile(doubt, (_DARKEST, _BRIGHTEST)))
            return at, at.source.restack(doubt), (low, max(top, low + _MIN_RANGE)), place

        def done(found: Any) -> None:
            self._job, self._of = None, hints
            self._show(*found)
            self._refresh()

        self.said.emit(texts.HELP_RUNNING)
        self._job = self._context.bench.run(
            job,
            done,
            key="help",
            label=texts.HELP,
            failed=self._on_failed,
            stopped=self._on_stopped,
        )
        self._refresh()

    def _on_failed(self, message: str) -> None:
        self._on_stopped()
        self.failed.emit(message)

    def _on_stopped(self) -> None:
        self._job = None
        self._refresh()

    def hide_overlay(self) -> None:
        """Take overlay and marker out of the layer list."""
        layers, self._layers = self._layers, []
        for layer in layers:
            if layer in self._context.viewer.layers:
                self._context.viewer.layers.remove(layer)
        self._refresh()

    def _show(
        self,
        opened: Opened,
        doubt: NDArray[np.float32],
        limits: tuple[float, float],
        place: tuple[int, int],
    ) -> None:
        self.hide_overlay()
        source, viewer = opened.source, self._context.viewer
        told = {PROVENANCE_KEY: {"uncertainty": {"place": list(place)}}}
        overlay = Image(
            doubt,
            name=texts.UNCERTAINTY.format(name=source.name),
            colormap="inferno",
            blending="additive",
            opacity=0.6,
            contrast_limits=limits,
            metadata=told,
            **source.placement.as_kwargs(),
        )
        marker = Vectors(
            _cross(source, place),
            name=texts.PLACE.format(name=source.name),
            edge_color="#35e0ff",
            edge_width=max(1.0, max(source.shape) / 250),
            vector_style="line",
            metadata=told,
            **source.placement.as_kwargs(),
        )
        active = viewer.layers.selection.active
        for layer in (overlay, marker):
            viewer.add_layer(layer)
        self._layers = [overlay, marker]
        if active is not None and active in viewer.layers:
            viewer.layers.selection.active = active
        self._look_at(marker, source, place)
        self.said.emit(texts.HELP_DONE.format(row=place[0], column=place[1]))

    def _look_at(self, layer: Layer, source: PictureSource, place: tuple[int, int]) -> None:
        """Bring the place into the middle of the canvas, at the same zoom."""
        dims = self._context.viewer.dims
        world = np.asarray(layer.data_to_world(_in_layer(source, place)), float)
        shown = [axis - dims.ndim for axis in dims.displayed]
        # napari 0.9 moved the camera.
        camera = getattr(self._context.viewer, "scene", self._context.viewer).camera
        centre = np.array(camera.center, float)
        for at, axis in enumerate(reversed(shown), start=1):
            if -axis <= len(world):
                centre[-at] = world[axis]
        camera.center = tuple(centre)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.hints is not old.hints:
            self._refresh()

    def _on_lost(self) -> None:
        """Take away what would mislead over another picture."""
        self.hide_overlay()

    def _on_removed(self, event: Any = None) -> None:
        left = [layer for layer in self._layers if layer in self._context.viewer.layers]
        if len(left) != len(self._layers):
            self._layers = left
            self._refresh()

    def _refresh(self, *_: object) -> None:
        opened, shown = self._context.bench.current is not None, bool(self._layers)
        self.ask_button.setEnabled(opened)
        image = self._context.sources.image
        why = texts.WHY_NO_IMAGE if image is None else texts.WHY_NOT_OPEN
        self.ask_button.setToolTip(texts.HELP_TIP if opened else why)
        stale = shown and self._of is not self._context.store.state.hints
        self.ask_button.setText(texts.HELP_AGAIN if stale else texts.HELP)
        if self._job is not None:
            self.ask_button.setText(texts.STOP)
            self.ask_button.setToolTip(texts.STOP_TIP)
        self.hide_button.setVisible(shown)


def _in_layer(source: PictureSource, place: tuple[int, int]) -> NDArray[np.float64]:
    """Give a pixel the coordinates that it has in a layer with the source's leading axes."""
    point = np.zeros(len(source.index))
    point[[axis for axis, at in enumerate(source.index) if at is None]] = place
    return point


def _cross(source: PictureSource, place: tuple[int, int]) -> NDArray[np.float64]:
    """Four strokes that point at a pixel and leave it free: (4, 2, D) starts and ways."""
    length = max(source.shape) / 22
    plane = [axis for axis, at in enumerate(source.index) if at is None]
    strokes = np.zeros((4, 2, len(source.index)))
    for stroke, way in zip(strokes, ((-1, 0), (1, 0), (0, -1), (0, 1)), strict=True):
        stroke[0, plane] = np.array(place) + np.array(way) * length * 1.4
        stroke[1, plane] = -np.array(way) * length
    return strokes
