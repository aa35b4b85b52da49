"""The size of a pixel: shown, typed, or measured with the bar in the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QLocale, QTimer
from qtpy.QtWidgets import QHBoxLayout, QInputDialog, QLabel, QLineEdit, QPushButton, QWidget

from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.rescaling import set_pixel_size
from napari_abdiffuser.layers.spatial import LayerTransform
from napari_abdiffuser.studio.figure.units import parse_length, symbol
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.layer_combo import unwrap
from napari_abdiffuser.widgets.scale import texts
from napari_abdiffuser.widgets.session.panel import Context, Panel

__all__ = ["PixelSize"]

if TYPE_CHECKING:
    from napari.layers import Image

_LINE = "#ffd54a"
_FLAT = 0.1  # a line that rises less is meant to be level, as the bars of microscopes are


class PixelSize(Panel):
    """A field that shows the size and takes another one, and a button that measures it.

    Parameters
    ----------
    context
        See `Context`.
    """

    title: ClassVar[str] = texts.PIXEL

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._of_image = Connections()
        self._image: Any = None
        self._layer: Shapes | None = None
        self.field = QLineEdit(self)
        self.field.setObjectName("pixel_size")
        self.field.setPlaceholderText(texts.UNKNOWN)
        self.field.setToolTip(texts.TIP)
        self.button = QPushButton(texts.MEASURE, self)
        self.button.setObjectName("measure_bar")
        self.button.setCheckable(True)
        label = QLabel(texts.PIXEL, self)
        label.setToolTip(texts.TIP)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(label)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        self.column.addLayout(row)
        # napari is still drawing when it tells of the line.
        self._drawn = QTimer(self)
        self._drawn.setSingleShot(True)
        self._drawn.setInterval(0)
        self._drawn.timeout.connect(self._ask)
        self.field.editingFinished.connect(self._on_typed)
        self.button.clicked.connect(self._on_button)
        context.sources.image_chosen.connect(self._on_image)
        self.connections.connect(context.viewer.layers.events.removed, self._on_removed)
        self._on_image(context.sources.image)

    def cleanup(self) -> None:
        """Cut all connections; a second time does nothing."""
        super().cleanup()
        self._of_image.cleanup()
        self._image = self._layer = None

    def set_size(self, size: float, unit: str) -> None:
        """Set the size of a pixel of the chosen image; what is in sight stays in sight."""
        image, viewer = self.context.sources.image, self.context.viewer
        if image is None:
            return
        before = LayerTransform.of(image)
        set_pixel_size(image, size, unit)
        after = LayerTransform.of(image)
        factor = float(after.scale[-1] / before.scale[-1])
        # napari 0.9 moved the camera.
        camera = getattr(viewer, "scene", viewer).camera
        camera.center = tuple(np.asarray(camera.center, float) * (1.0, factor, factor))
        camera.zoom /= factor
        self.said.emit(texts.DONE.format(name=image.name, size=_written(size, unit)))

    # --- what is shown ---

    def _on_image(self, image: Image | None) -> None:
        self._of_image.cleanup()
        if image is not self._image:
            self._end()
        self._image = image
        if image is not None:
            for name in ("scale", "units"):
                self._of_image.connect(getattr(image.events, name), self._show)
        self.field.setEnabled(image is not None)
        self.field.setToolTip(texts.TIP if image is not None else texts.WHY_NO_IMAGE)
        self.button.setEnabled(image is not None)
        self.button.setToolTip(texts.MEASURE_TIP if image is not None else texts.WHY_NO_IMAGE)
        self._show()

    def _show(self, event: Any = None) -> None:
        image = self.context.sources.image
        unit = None if image is None else symbol(str(image.units[-1]))
        if image is None or unit is None:
            self.field.clear()
        else:
            self.field.setText(_written(float(image.scale[-1]), unit))

    def _on_typed(self) -> None:
        text = self.field.text().strip()
        self._show()  # what is not taken does not stay
        if not text or text == self.field.text():
            return
        found = parse_length(text)
        if found is None:
            self.failed.emit(texts.UNREADABLE.format(text=text))
        else:
            self.set_size(*found)

    # --- measuring ---

    def _on_button(self, wanted: bool) -> None:
        if wanted:
            self._begin()
        else:
            self._end()

    def _begin(self) -> None:
        """Give the user a line to draw on a layer of our own."""
        image, viewer = self.context.sources.image, self.context.viewer
        if image is None:
            return
        layer = Shapes(
            ndim=image.ndim,
            name=texts.LAYER.format(name=image.name),
            edge_color=_LINE,
            edge_width=max(1.0, max(image.extent.data[1][-2:]) / 250),
            metadata={PROVENANCE_KEY: {"bar": True}},  # nobody takes it for a region
            **LayerTransform.of(image).as_kwargs(),
        )
        viewer.add_layer(layer)
        viewer.layers.selection.active = layer
        layer.mode = "add_line"
        layer.events.data.connect(self._on_data)
        self._layer = layer
        self.button.setChecked(True)
        self.said.emit(texts.DRAW)

    def _on_data(self, event: Any) -> None:
        action = str(getattr(event, "action", "")).rpartition(".")[2].lower()
        if action in ("added", "changed"):
            self._drawn.start()

    def _ask(self) -> None:
        pixels = self._pixels()
        if pixels is None:
            return
        if pixels < 1:
            self._end()
            self.failed.emit(texts.TOO_SHORT)
            return
        dialog = QInputDialog(self)
        dialog.setObjectName("measure_bar_dialog")
        dialog.setWindowTitle(texts.TITLE)
        dialog.setLabelText(texts.ASK.format(pixels=pixels))
        dialog.textValueSelected.connect(lambda text: self.take_length(text, pixels))
        dialog.finished.connect(self._end)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take_length(self, text: str, pixels: float) -> None:
        """Take what the bar says for so many pixels."""
        found = parse_length(text)
        if found is None:
            self.failed.emit(texts.UNREADABLE.format(text=text))
            return
        length, unit = found
        self.set_size(length / pixels, unit)

    def _pixels(self) -> float | None:
        """Return the length of the line in pixels of the picture."""
        layer = self._layer
        if layer is None or not len(layer.data):
            return None
        start, end = np.asarray(layer.data[-1], float)[[0, -1], -2:]
        rise, run = np.abs(end - start)
        return float(run if rise <= _FLAT * run else np.hypot(rise, run))

    def _end(self, _: object = None) -> None:
        """Put the line away."""
        layer, self._layer = self._layer, None
        self.button.setChecked(False)
        layers = self.context.viewer.layers
        if layer is not None and layer in layers:
            layers.remove(layer)
        if layer is not None and self._image is not None and self._image in layers:
            layers.selection.active = self._image

    def _on_removed(self, event: Any = None) -> None:
        if self._layer is not None and self._layer not in map(unwrap, self.context.viewer.layers):
            self._end()


def _written(size: float, unit: str) -> str:
    """Write a size with the decimal sign of the user's country."""
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    return f"{locale.toString(size, 'g', 6)} {unit}"
