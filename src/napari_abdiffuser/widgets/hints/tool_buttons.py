"""The tools that hints are made and erased with; the one in hand stays pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Shapes
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_abdiffuser.layers.hints.drawn_region import REGION_KEY
from napari_abdiffuser.layers.hints.new import HINTS_KEY
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.layer_combo import unwrap
from napari_abdiffuser.widgets.hints import texts as texts_legend
from napari_abdiffuser.widgets.hints.eraser import EraserButton
from napari_abdiffuser.widgets.hints.layers import KINDS
from napari_abdiffuser.widgets.hints.links import reaches

if TYPE_CHECKING:
    from napari_abdiffuser.widgets.hints.sync import HintSync

__all__ = ["ToolButtons"]

_TOOLS = {
    "points": (texts_legend.CLICK, texts_legend.CLICK_TIP),
    "strokes": (texts_legend.BRUSH, texts_legend.BRUSH_TIP),
    "lasso": (texts_legend.LASSO, texts_legend.LASSO_TIP),
}
_NO_TOOL = "pan_zoom"


class ToolButtons(QWidget):
    """Takes napari's tools in hand, and shows which one is.

    What was drawn with a lasso of the plugin is let go of: the handles of a selected outline would
    hide what lies below.

    Parameters
    ----------
    sync
        Makes the layers that the tools work on.
    """

    def __init__(self, sync: HintSync, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sync = sync
        self._viewer_events = Connections()
        self._of_layer = Connections()
        self.buttons = {kind: self._button(kind) for kind in _TOOLS}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.eraser = EraserButton(sync, self)
        for button in (*self.buttons.values(), self.eraser):
            row.addWidget(button, 1)
        self._row = row
        self._let_go = QTimer(self)  # napari selects after the event
        self._let_go.setSingleShot(True)
        self._let_go.setInterval(0)
        self._let_go.timeout.connect(self._deselect)
        active = sync.viewer.layers.selection.events.active
        self._viewer_events.connect(active, self._on_active)
        sync.linked.connect(self._refresh)
        self._on_active()

    def add_control(self, control: QWidget) -> None:
        """Put another control into the row."""
        self._row.addWidget(control, 1)

    def allow(self, why_not: str = "") -> None:
        """Switch the tools on, or off for a reason."""
        for kind, button in self.buttons.items():
            button.setEnabled(not why_not)
            button.setToolTip(why_not or _TOOLS[kind][1])
        self.eraser.setEnabled(not why_not)
        self.eraser.setToolTip(why_not or texts_legend.ERASE_TIP)

    def cleanup(self) -> None:
        """Cut all connections; without Qt."""
        self._viewer_events.cleanup()
        self._of_layer.cleanup()
        self.eraser.cleanup()

    def _button(self, kind: str) -> QPushButton:
        button = QPushButton(_TOOLS[kind][0], self)
        button.setObjectName(f"tool_{kind}")
        button.setCheckable(True)
        button.setProperty("slim", True)
        button.clicked.connect(lambda on: self._on_click(kind, on))
        return button

    def _on_click(self, kind: str, on: bool) -> None:
        """Take a tool in hand, or put it down."""
        if on:
            self._sync.start(kind)
        else:
            self._active().mode = _NO_TOOL
        self._refresh()

    def _active(self) -> Any:
        return unwrap(self._sync.viewer.layers.selection.active)

    def _on_active(self, _: Any = None) -> None:
        self._of_layer.cleanup()
        layer = self._active()
        if layer is not None:
            self._of_layer.connect(layer.events.mode, self._refresh)
            self._of_layer.connect(layer.events.visible, self._on_visible)
        if isinstance(layer, Shapes) and {HINTS_KEY, REGION_KEY} & set(layer.metadata):
            self._of_layer.connect(layer.events.data, self._on_drawn)
        self._refresh()

    def _refresh(self, _: Any = None) -> None:
        """Show the tool in hand, whoever took it."""
        layer = self._active()
        place = self._sync.pictures.place()
        mine = [unwrap(link.layer) for link in self._sync.links if reaches(link, place)]
        for kind, button in self.buttons.items():
            of_kind, mode = KINDS[kind]
            here = isinstance(layer, of_kind) and any(layer is one for one in mine)
            button.setChecked(here and str(layer.mode) == mode)
        if layer is not None and str(layer.mode) != _NO_TOOL:
            self.eraser.setChecked(False)

    def _on_visible(self, _: Any = None) -> None:
        """Say why clicks do nothing: napari makes no hints on a hidden layer."""
        layer = self._active()
        if any(button.isChecked() for button in self.buttons.values()) and not layer.visible:
            self._sync.said.emit(texts_legend.HIDDEN.format(name=layer.name))

    def _on_drawn(self, _: Any = None) -> None:
        self._let_go.start()

    def _deselect(self) -> None:
        layer = self._active()
        drawing = isinstance(layer, Shapes) and str(layer.mode).startswith("add_")
        if drawing and layer.selected_data and not getattr(layer, "_is_creating", False):
            layer.selected_data = set()
