"""Colours that the model finds likely at a place that the user clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_abdiffuser.colorizer.protocols import with_guide
from napari_abdiffuser.imaging.colors import parse_color, to_hex
from napari_abdiffuser.imaging.hints import Hints, PointHint
from napari_abdiffuser.studio.legend.color_names import plain_name
from napari_abdiffuser.widgets.common.palette import Swatch
from napari_abdiffuser.widgets.legend import texts
from napari_abdiffuser.widgets.session import texts as session_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.panel import Context

__all__ = ["SuggestRow"]

_N = 5


class SuggestRow(QWidget):
    """A button, and the colours that came of the last click.

    Parameters
    ----------
    context
        Its bench computes.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._layer: Any = None
        self._mode = ""
        self._place: tuple[float, float] | None = None
        self._clicks: Any = None
        self.swatches: list[Swatch] = []
        self.button = QPushButton(texts.SUGGEST, self)
        self.button.setObjectName("suggest_colors")
        self.button.setCheckable(True)
        self._row = QHBoxLayout()
        self._row.setSpacing(2)
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.button)
        column.addLayout(self._row)
        self.button.toggled.connect(self._on_toggled)
        context.bench.ready.connect(self._refresh)
        context.bench.lost.connect(self._on_lost)
        self._refresh()

    def suggest(self, y: float, x: float) -> None:
        """Ask for colours that suit a place, in pixels of the picture."""
        hints = self._context.store.state.hints
        opened = self._context.bench.current
        if opened is None:
            return
        height, width = opened.source.shape
        if not (-0.5 <= y < height - 0.5 and -0.5 <= x < width - 0.5):
            self.failed.emit(texts.SUGGEST_NONE)
            return

        def job(at: Any, _cancelled: Callable[[], bool]) -> Any:
            return with_guide(at.picture).suggest_colors(y, x, _N, hints)

        self.said.emit(texts.SUGGEST_RUNNING)
        self._context.bench.run(
            job,
            lambda colors: self._offer(colors, y, x),
            key="suggest",
            label=texts.SUGGEST,
            failed=self.failed.emit,
        )

    def cleanup(self) -> None:
        """Let go of the viewer's clicks; without Qt."""
        self._stop_listening()

    # --- the click ---

    def _on_toggled(self, wanted: bool) -> None:
        """Wait for a click, with napari's tools out of hand meanwhile."""
        viewer = self._context.viewer
        if not wanted:
            self._stop_listening()
            return
        self._layer = viewer.layers.selection.active
        if self._layer is not None:
            self._mode = str(self._layer.mode)
            self._layer.mode = "pan_zoom"
        self._clicks = self._on_click
        viewer.mouse_drag_callbacks.append(self._clicks)
        self.said.emit(texts.SUGGEST_CLICK)

    def _stop_listening(self) -> None:
        clicks, self._clicks = self._clicks, None
        if clicks is None:
            return
        callbacks = self._context.viewer.mouse_drag_callbacks
        if clicks in callbacks:
            callbacks.remove(clicks)
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._context.viewer.layers:
            layer.mode = self._mode

    def _on_click(self, viewer: Any, event: Any) -> Iterator[None]:
        """Take a click; a drag moves the picture as always."""
        position, moved = event.position, False
        yield
        while event.type == "mouse_move":
            moved = True
            yield
        if moved:
            return
        opened = self._context.bench.current
        self.button.setChecked(False)
        if opened is not None:
            image = opened.image
            at = np.asarray(image.world_to_data(position), float)[-image.ndim :]
            plane = [axis for axis, fixed in enumerate(opened.index) if fixed is None]
            self.suggest(*(float(v) for v in at[plane]))

    # --- the colours ---

    def _offer(self, colors: Any, y: float, x: float) -> None:
        self._clear()
        self._place = (y, x)
        for at, color in enumerate(colors):
            value = to_hex(color)
            swatch = Swatch(plain_name(parse_color(value)), value, self)
            swatch.setObjectName(f"suggestion_{at}")
            swatch.setToolTip(texts.SWATCH_HERE.format(name=swatch.accessibleName()))
            swatch.clicked.connect(lambda *_, v=value: self._take(v))
            self._row.insertWidget(at, swatch)
            self.swatches.append(swatch)
        self.said.emit(texts.SUGGEST_DONE.format(y=round(y), x=round(x)))

    def _take(self, color: str) -> None:
        """Place a hint of a suggested colour where the suggestion was asked for."""
        if self._place is None:
            return
        y, x = self._place
        size = max(1, round(self._context.hints.size))
        rgb = parse_color(color)

        def place(state: StudioState) -> StudioState:
            others = state.hints
            # Another suggestion for the same place takes the place of the one before.
            points = tuple(p for p in others.points if (p.y, p.x) != (y, x))
            new = Hints((*points, PointHint(y, x, size, rgb)), others.regions, others.extra)
            placed = state.set_hints(new, session_texts.ADDED)
            name = placed.hints.points[-1].class_name
            return placed if name is None else placed.choose(name)

        self._context.store.apply(place)

    def _clear(self) -> None:
        for swatch in self.swatches:
            self._row.removeWidget(swatch)
            swatch.deleteLater()
        self.swatches.clear()

    def _on_lost(self) -> None:
        self._clear()
        self.button.setChecked(False)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        opened = self._context.bench.current
        able = opened is not None and opened.picture.guided is not None
        self.button.setEnabled(able)
        self.button.setToolTip(texts.SUGGEST_TIP if able else texts.WHY_NOT_OPEN)
