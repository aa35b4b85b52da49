"""Colour and patch size of the next hints, in step with the chosen Points layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Points
from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_abdiffuser.layers import set_current_color, set_current_size
from napari_abdiffuser.layers.new_hints import deselect_new
from napari_abdiffuser.widgets import texts
from napari_abdiffuser.widgets.connections import Connections
from napari_abdiffuser.widgets.options import form, spin_box
from napari_abdiffuser.widgets.palette import Palette

__all__ = ["HintTools"]

MAX_PATCH = 999


class HintTools(QWidget):
    """The palette and the patch size.

    Both are kept while no Points layer is chosen and given to the next one that is made.
    """

    changed = Signal()
    """Emitted when the number of hints or of their colours may have changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Points | None = None
        self._size_is_set = False
        self._connections = Connections()
        heading = QLabel(texts.COLOR, self)
        heading.setObjectName("abdiffuser_heading")
        self.palette_ = Palette(self)
        self.size_field = spin_box(1, MAX_PATCH, 9, texts.PATCH_SIZE_TIP, texts.PIXELS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(heading)
        layout.addWidget(self.palette_)
        layout.addLayout(form([(texts.PATCH_SIZE, self.size_field)]))
        # After napari has finished adding a point: the selection comes after the event.
        self._deselect = QTimer(self)
        self._deselect.setSingleShot(True)
        self._deselect.setInterval(0)
        self._deselect.timeout.connect(self._deselect_new)
        self.palette_.picked.connect(self._on_color)
        self.size_field.valueChanged.connect(self._on_size)

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

    def counts(self) -> tuple[int, int] | None:
        """Return the number of hints and of their colours; None without a Points layer."""
        if self._layer is None:
            return None
        return len(self._layer.data), len(np.unique(np.asarray(self._layer.face_color), axis=0))

    def set_layer(self, layer: Any) -> None:
        """Serve this Points layer; None, and layers of other kinds, are not served."""
        self.cleanup()
        self._layer = layer if isinstance(layer, Points) else None
        if self._layer is not None:
            events = self._layer.events
            self._connections.connect(events.data, self._on_data)
            # napari reports a recoloured hint by any of these two.
            self._connections.connect(events.face_color, self._on_layer_color)
            self._connections.connect(events.current_face_color, self._on_layer_color)
            self._connections.connect(events.current_size, self._show_size)
            self._show_color()
            self._show_size()
        self.changed.emit()

    def cleanup(self) -> None:
        """Cut all connections to the layer."""
        self._connections.cleanup()
        self._layer = None

    def _on_color(self, color: str) -> None:
        if self._layer is not None:
            set_current_color(self._layer, color)

    def _on_size(self, size: int) -> None:
        self._size_is_set = True
        if self._layer is not None:
            set_current_size(self._layer, size)

    def _on_data(self, event: Any = None) -> None:
        self._deselect.start()
        self.changed.emit()

    def _on_layer_color(self, event: Any = None) -> None:
        self._show_color()
        self.changed.emit()

    def _deselect_new(self) -> None:
        if self._layer is not None:
            deselect_new(self._layer)

    def _show_color(self) -> None:
        if self._layer is not None:
            self.palette_.set_color(QColor(str(self._layer.current_face_color)[:7]).name())

    def _show_size(self, event: Any = None) -> None:
        if self._layer is not None:
            blocked = self.size_field.blockSignals(True)
            self.size_field.setValue(round(float(self._layer.current_size)))
            self.size_field.blockSignals(blocked)
