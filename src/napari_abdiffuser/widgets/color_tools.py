"""The tab where hints are placed: tools, palette, classes, and the model's advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Points
from napari.qt.threading import FunctionWorker
from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_abdiffuser.layers.hints.new import deselect_new
from napari_abdiffuser.layers.hints.strokes import prepare
from napari_abdiffuser.widgets.common import texts
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.form import form, spin_box
from napari_abdiffuser.widgets.correct.help import HelpBar
from napari_abdiffuser.widgets.hints.layers import color_pictures, is_own
from napari_abdiffuser.widgets.hints.regions import RegionsMenu
from napari_abdiffuser.widgets.hints.tool_buttons import ToolButtons
from napari_abdiffuser.widgets.legend.panel import Legend
from napari_abdiffuser.widgets.legend.suggest import SuggestRow

if TYPE_CHECKING:
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.hints.sync import HintSync
    from napari_abdiffuser.widgets.session.panel import Context
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["HintTools"]

MAX_PATCH = 999


class HintTools(QWidget):
    """Tools and patch size in a row, palette and classes, and what the model advises.

    Parameters
    ----------
    store
        Holds the classes.
    sync
        Makes the layers that the tools work on.
    background
        The switch for what no hint claims.
    """

    changed = Signal()
    """Emitted when the number of hints or of their colours may have changed."""

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self, store: Store, sync: HintSync, background: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._sync = sync
        self._layer: Points | None = None
        self._size_is_set = False
        self._connections = Connections()
        self.tools = ToolButtons(sync, self)
        self.legend = Legend(store, lambda: color_pictures(sync.viewer.layers), self)
        self.palette_ = self.legend.swatches
        self.suggest: SuggestRow | None = None
        self.regions: RegionsMenu | None = None
        self.help_bar: HelpBar | None = None
        self.size_field = spin_box(1, MAX_PATCH, 9, texts.PATCH_SIZE_TIP, texts.PIXELS)
        self.size_field.setObjectName("patch_size_field")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.tools)
        layout.addWidget(self.legend)
        layout.addLayout(form([(texts.WHERE_NO_HINT, background)]))
        self._layout = layout
        # After napari has finished adding a point: the selection comes after the event.
        self._deselect = QTimer(self)
        self._deselect.setSingleShot(True)
        self._deselect.setInterval(0)
        self._deselect.timeout.connect(self._deselect_new)
        self.legend.said.connect(self.said)
        self.legend.failed.connect(self.failed)
        sync.failed.connect(self.failed)
        sync.said.connect(self.said)
        self.size_field.valueChanged.connect(self._on_size)
        store.changed.connect(self._on_state)
        sync.settled.connect(self.changed)
        sync.linked.connect(self._on_linked)
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
        colors = {h.color for h in hints.points} | {h.color for h in hints.regions}
        return len(hints), len(colors)

    def set_image(self, image: Any) -> None:
        """Allow the tools where there is an image."""
        why = "" if image is not None else texts.WHY_NO_IMAGE
        self.tools.allow(why)
        if self.regions is not None:
            self.regions.allow(why)

    def serve(self, context: Context) -> None:
        """Offer what needs an open picture, too."""
        FunctionWorker(prepare).start()  # not when the first tool is taken in hand
        self.suggest = SuggestRow(context, self)
        self.suggest.said.connect(self.said)
        self.suggest.failed.connect(self.failed)
        self.help_bar = HelpBar(context, self)
        self.help_bar.said.connect(self.said)
        self.help_bar.failed.connect(self.failed)
        palettes = self.legend.palettes
        self.regions = RegionsMenu(
            context.viewer, self._store, self._sync, lambda: palettes.palette_at_hand, self
        )
        self.regions.said.connect(self.said)
        self.regions.failed.connect(self.failed)
        self.regions.button.setProperty("slim", True)
        self.tools.add_control(self.regions.button)
        self.tools.add_control(self.size_field)
        for part in (self.regions.hard_switch, self.suggest, self.help_bar):
            self._layout.addWidget(part)
        self.set_image(self._sync.image)

    def set_layer(self, layer: Any) -> None:
        """Show the patch size of the Points layer that clicks go to, this one if it is one."""
        if not (isinstance(layer, Points) and is_own(layer)):
            link = self._sync.links.first(Points)
            layer = None if link is None else link.layer
        self._connections.cleanup()
        self._layer = layer
        if self._layer is not None:
            events = self._layer.events
            self._connections.connect(events.data, self._on_data)
            self._connections.connect(events.current_face_color, self._on_layer_color)
            self._connections.connect(events.current_size, self._show_size)
            self._show_size()
        self.changed.emit()

    def cleanup(self) -> None:
        """Cut all connections and stop work; without Qt."""
        self._connections.cleanup()
        self._layer = None
        self.tools.cleanup()
        self.legend.cleanup()
        for part in (self.suggest, self.regions, self.help_bar):
            if part is not None:
                part.cleanup()

    def _on_size(self, size: int) -> None:
        self._size_is_set = True
        self._sync.set_size(size)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.hints is not old.hints:
            self.changed.emit()

    def _on_linked(self) -> None:
        self.set_layer(self._layer if self._layer in [k.layer for k in self._sync.links] else None)

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
