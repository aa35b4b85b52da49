"""Which image is colorized and which layer holds its hints, following the viewer's layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from napari.layers import Image, Labels, Points
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.layers.hints.new import HINTS_KEY, new_hints_layer
from napari_abdiffuser.layers.images import read_image
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.widgets.common import texts
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.common.form import form
from napari_abdiffuser.widgets.common.layer_combo import LayerCombo, unwrap

if TYPE_CHECKING:
    from weakref import ReferenceType

    from napari.viewer import Viewer

__all__ = ["Sources"]


class Sources(QWidget):
    """The choice of the image and of its hints.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    """

    image_chosen = Signal(object)
    hints_chosen = Signal(object)
    activated = Signal(object)
    """Emitted with a layer when it has become napari's active one, and stayed so."""

    def __init__(self, viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._connections = Connections()
        self._names = Connections()
        self.image_field = LayerCombo(texts.NO_IMAGE, always=False)
        self.image_field.setObjectName("image_field")
        self.image_field.setToolTip(texts.IMAGE_TIP)
        self.hints_field = LayerCombo(texts.NO_HINTS, always=True)
        self.hints_field.setObjectName("hints_field")
        self.hints_field.setToolTip(texts.HINTS_TIP)
        self.info = Sentence("abdiffuser_info", self)
        self.new_button = QPushButton(texts.NEW_HINTS, self)
        self.new_button.setObjectName("new_hints_button")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.image_field)
        layout.addWidget(self.info)
        self.of_hints = QWidget(self)
        """The choice of the hints, to be put where there is room for it."""
        rows = form([(texts.HINTS, self.hints_field)])
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addRow("", self.new_button)
        self.of_hints.setLayout(rows)
        self._chose_automatic = self._chose_hints = False

        self.image_field.chosen.connect(self._on_image)
        self.hints_field.chosen.connect(self.hints_chosen)
        self.hints_field.activated.connect(self._on_hints_activated)
        layers = viewer.layers.events
        for signal in (layers.inserted, layers.removed, layers.moved):
            self._connections.connect(signal, self._on_layers)
        for signal in (viewer.dims.events.current_step, viewer.dims.events.order):
            self._connections.connect(signal, self._on_slice)
        self._connections.connect(viewer.layers.selection.events.active, self._on_active)
        # Later, as the plugin itself makes its layers active for a moment when it adds them.
        self._active: ReferenceType[Any] | None = None
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(0)
        self._look.timeout.connect(self._see_active)
        self._on_layers()
        self._see_active()

    @property
    def image(self) -> Image | None:
        """The image to colorize."""
        return self.image_field.layer

    @property
    def hints(self) -> Points | Labels | None:
        """The layer that holds hints; None for an automatic run."""
        return self.hints_field.layer

    @property
    def chose_automatic(self) -> bool:
        """Whether the user wants no hints."""
        return self._chose_automatic and self.hints is None

    @property
    def chose_hints(self) -> bool:
        """Whether the user has chosen a layer of hints by hand."""
        return self._chose_hints

    def add_hints_layer(self, color: str, size: float) -> Points | None:
        """Put a new hints layer on the image, ready for clicks, and choose it."""
        if self.image is None:
            return None
        layer = new_hints_layer(self.image, color, size)
        self._viewer.add_layer(layer)
        self.hints_field.choose(layer)
        self._viewer.layers.selection.active = layer
        layer.mode = "add"
        return layer

    def cleanup(self) -> None:
        """Cut all connections to the viewer."""
        self._connections.cleanup()
        self._names.cleanup()

    def _on_layers(self, event: Any = None) -> None:
        """Offer the layers that there are now."""
        layers = [unwrap(layer) for layer in self._viewer.layers]
        self._names.cleanup()
        for layer in layers:
            self._names.connect(layer.events.name, self._on_layers)
        images = [layer for layer in layers if _is_source(layer)]
        hints = [layer for layer in layers if isinstance(layer, Points | Labels)]
        self.image_field.set_layers(images)
        self.hints_field.set_layers(hints)
        if self.hints is None and not self._chose_automatic:
            # Hints that come with the sample, or that this plugin made, are meant to be used.
            made = [layer for layer in hints if layer.metadata.get(HINTS_KEY)]
            self.hints_field.choose(made[-1] if made else None)
        self._on_image(self.image)

    def _on_active(self, event: Any = None) -> None:
        self._look.start()

    def _see_active(self) -> None:
        """Take the image that the user has opened, or chosen in the layer list."""
        active = unwrap(self._viewer.layers.selection.active)
        before = self._active and self._active()
        self._active = None if active is None else ref(active)
        if active is None or active is before:
            return
        if _is_source(active):
            self.image_field.choose(active)
        self.activated.emit(active)

    def _on_image(self, image: Image | None) -> None:
        has_image = image is not None
        self.image_field.setEnabled(has_image)
        self.new_button.setEnabled(has_image)
        self.new_button.setToolTip(texts.NEW_HINTS_TIP if has_image else texts.WHY_NO_IMAGE)
        self._on_slice()
        self.image_chosen.emit(image)

    def _on_hints_activated(self, _index: int) -> None:
        self._chose_automatic = self.hints is None
        self._chose_hints = not self._chose_automatic

    def _on_slice(self, event: Any = None) -> None:
        """Say which picture would be colorized."""
        self.info.setText(self._describe())
        self.info.setVisible(bool(self.info.text()))

    def _describe(self) -> str:
        image = self.image
        if image is None:
            return ""
        try:
            picture = read_image(image, self._viewer.dims)
        except InvalidImage as error:
            return str(error)
        kind = "RGB" if picture.rgb else str(picture.array.dtype)
        return texts.image_info(picture.shape, kind, picture.index)


def _is_source(layer: Any) -> bool:
    """Tell whether a layer can be colorized; what this plugin made is not offered again."""
    return isinstance(layer, Image) and PROVENANCE_KEY not in layer.metadata
