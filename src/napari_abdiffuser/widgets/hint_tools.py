"""What hints are made with: tools, colours and the patch size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Points
from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_abdiffuser.imaging.colors import parse_color
from napari_abdiffuser.layers.new_hints import deselect_new, set_current_size
from napari_abdiffuser.widgets import texts, texts_legend
from napari_abdiffuser.widgets.connections import Connections
from napari_abdiffuser.widgets.options import form, spin_box
from napari_abdiffuser.widgets.palette import Palette

if TYPE_CHECKING:
    from napari_abdiffuser.studio.state import StudioState
    from napari_abdiffuser.widgets.hint_sync import HintSync
    from napari_abdiffuser.widgets.store import Store

__all__ = ["HintTools"]

MAX_PATCH = 999
_TOOLS = {
    "points": (texts_legend.CLICK, texts_legend.CLICK_TIP),
    "strokes": (texts_legend.BRUSH, texts_legend.BRUSH_TIP),
    "lasso": (texts_legend.LASSO, texts_legend.LASSO_TIP),
}


class HintTools(QWidget):
    """Three tools, a palette and the patch size.

    Parameters
    ----------
    store
        Holds the classes.
    sync
        Makes the layers that the tools work on.
    """

    changed = Signal()
    """Emitted when the number of hints or of their colours may have changed."""

    def __init__(self, store: Store, sync: HintSync, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._sync = sync
        self._layer: Points | None = None
        self._size_is_set = False
        self._connections = Connections()
        self.buttons = {kind: self._button(kind) for kind in _TOOLS}
        self.palette_ = Palette(self)
        self.size_field = spin_box(1, MAX_PATCH, 9, texts.PATCH_SIZE_TIP, texts.PIXELS)
        self.size_field.setObjectName("patch_size_field")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in self.buttons.values():
            row.addWidget(button)
        layout.addLayout(row)
        layout.addWidget(self.palette_)
        layout.addLayout(form([(texts.PATCH_SIZE, self.size_field)]))
        # After napari has finished adding a point: the selection comes after the event.
        self._deselect = QTimer(self)
        self._deselect.setSingleShot(True)
        self._deselect.setInterval(0)
        self._deselect.timeout.connect(self._deselect_new)
        self.palette_.picked.connect(self._on_color)
        self.size_field.valueChanged.connect(self._on_size)
        store.changed.connect(self._on_state)
        sync.settled.connect(self.changed)
        self.set_image(sync.image)

    @property
    def color(self) -> str:
        """Colour of the next hint, '#rrggbb'."""
        return self.palette_.color

    @property
    def patch_size(self) -> int:
        """Patch size of the next hint in px."""
        return int(self.size_field.value())

    def suggest_size(self, size: int) -> None:
        """Set a patch size that suits an image, unless the user or a layer has set one."""
        if self._layer is None and not self._size_is_set:
            blocked = self.size_field.blockSignals(True)
            self.size_field.setValue(size)
            self.size_field.blockSignals(blocked)
            self._sync.size = float(size)

    def counts(self) -> tuple[int, int] | None:
        """Return the number of hints and of their colours; None without a hint layer."""
        if not len(self._sync.links):
            return None
        hints = self._store.state.hints
        return len(hints), len({h.color for h in (*hints.points, *hints.regions)})

    def set_image(self, image: Any) -> None:
        """Allow the tools where there is an image."""
        for kind, button in self.buttons.items():
            button.setEnabled(image is not None)
            button.setToolTip(_TOOLS[kind][1] if image is not None else texts.WHY_NO_IMAGE)

    def set_layer(self, layer: Any) -> None:
        """Show the patch size of this Points layer; other layers, and None, have none."""
        self.cleanup()
        self._layer = layer if isinstance(layer, Points) else None
        if self._layer is not None:
            events = self._layer.events
            self._connections.connect(events.data, self._on_data)
            self._connections.connect(events.current_face_color, self._on_layer_color)
            self._connections.connect(events.current_size, self._show_size)
            self._show_size()
        self.changed.emit()

    def cleanup(self) -> None:
        """Cut all connections to the layer."""
        self._connections.cleanup()
        self._layer = None

    def _button(self, kind: str) -> QPushButton:
        text, tip = _TOOLS[kind]
        button = QPushButton(text, self)
        button.setObjectName(f"tool_{kind}")
        button.setToolTip(tip)
        button.clicked.connect(lambda *_: self._sync.start(kind))
        return button

    def _on_color(self, color: str) -> None:
        """Choose the class of a colour; make one where there is none."""

        def choose(state: StudioState) -> StudioState:
            known = state.legend.with_color(parse_color(color))
            if known is not None:
                return state.choose(known.name)
            return state.add_class(self.palette_.name_of(color), color)

        self._store.apply(choose)

    def _on_size(self, size: int) -> None:
        self._size_is_set = True
        self._sync.size = float(size)
        if self._layer is not None:
            set_current_size(self._layer, size)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.active != old.active or new.legend is not old.legend:
            self.palette_.set_color(new.legend[new.active].hex)
        if new.hints is not old.hints:
            self.changed.emit()

    def _on_data(self, event: Any = None) -> None:
        self._deselect.start()

    def _deselect_new(self) -> None:
        if self._layer is not None:
            deselect_new(self._layer)

    def _on_layer_color(self, event: Any = None) -> None:
        """Follow napari's own colour control."""
        if self._layer is not None:
            self.palette_.set_color(QColor(str(self._layer.current_face_color)[:7]).name())

    def _show_size(self, event: Any = None) -> None:
        if self._layer is not None:
            blocked = self.size_field.blockSignals(True)
            self.size_field.setValue(round(float(self._layer.current_size)))
            self.size_field.blockSignals(blocked)
