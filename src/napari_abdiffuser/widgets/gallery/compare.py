"""Two colourings seen as one picture: with a border that is moved, or side by side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from napari_abdiffuser.jobs.compare import Pair, Sides
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.stacking import bring_up, insert_keeping_active, top_of_pictures
from napari_abdiffuser.studio.gallery import side_by_side, swiped
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.gallery import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.gallery import Comparison
    from napari_abdiffuser.widgets.session.panel import Context

__all__ = ["CompareBar"]

_STEPS = 200
_EVERY_MS = 30
_KEY = "compare"


class CompareBar(QWidget):
    """Starts and ends a comparison, chooses its kind and moves its border.

    Parameters
    ----------
    context
        See `Context`.
    chosen
        Gives the numbers of the selected colourings.
    failed
        Told why the pictures could not be made.
    """

    def __init__(
        self,
        context: Context,
        chosen: Callable[[], tuple[int, ...]],
        failed: Callable[[str], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._chosen = chosen
        self._failed = failed
        self._pair: Pair | None = None
        self._sides: Sides | None = None
        self._layer: Layer | None = None
        self.button = QPushButton(texts.COMPARE, self)
        self.button.setObjectName("gallery_compare")
        self.button.clicked.connect(lambda *_: self._toggle())
        self.mode = QComboBox(self)
        self.mode.setObjectName("gallery_compare_mode")
        self.mode.addItem(texts.SWIPE, "swipe")
        self.mode.addItem(texts.SIDE_BY_SIDE, "side by side")
        self.mode.setToolTip(texts.MODE_TIP)
        self.mode.activated.connect(lambda *_: self._compare())
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName("gallery_swipe")
        self.slider.setRange(0, _STEPS)
        self.slider.setValue(_STEPS // 2)
        self.slider.setToolTip(texts.SWIPE_TIP)
        self.slider.valueChanged.connect(self._on_slider)
        row = QHBoxLayout()
        row.addWidget(self.button, 1)
        row.addWidget(self.mode, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.slider)
        # A drag gives more positions than napari can show.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._draw)
        self._connections = Connections()
        self._connections.connect(context.viewer.layers.events.removed, self._on_removed)
        context.store.changed.connect(self._on_state)
        self.slider.hide()

    def cleanup(self) -> None:
        """Cut the connections to the viewer; without Qt."""
        self._connections.cleanup()
        self._layer = self._pair = self._sides = None

    def refresh(self) -> None:
        """Switch the button on and off, and say why."""
        comparing = self._context.store.state.gallery.comparison is not None
        self.button.setText(texts.COMPARE_END if comparing else texts.COMPARE)
        possible = comparing or bool(self._chosen())
        self.button.setEnabled(possible)
        self.button.setToolTip(texts.COMPARE_TIP if possible else texts.WHY_NONE)
        self.mode.setEnabled(possible)
        self.mode.setToolTip(texts.MODE_TIP if possible else texts.WHY_NONE)
        self.slider.setVisible(comparing and self.mode.currentData() == "swipe")

    def _toggle(self) -> None:
        if self._context.store.state.gallery.comparison is None:
            self._compare()
        else:
            self._context.store.apply(lambda s: s.with_gallery(lambda g: g.end_comparison()))

    def _compare(self) -> None:
        """Compare the two selected colourings, or the one selected with the gray original."""
        before = self._context.store.state.gallery.comparison
        chosen = self._chosen()
        if before is not None:
            left, right = before.left, before.right
        elif chosen:
            left, right = (chosen[1], chosen[0]) if len(chosen) > 1 else (0, chosen[0])
        else:
            return
        mode = self.mode.currentData()
        self._context.store.apply(lambda s: s.with_gallery(lambda g: g.compare(left, right, mode)))

    def _on_slider(self, value: int) -> None:
        position = value / _STEPS
        self._context.store.apply(lambda s: s.with_gallery(lambda g: g.swipe(position)))

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        changed = new.gallery.comparison is not old.gallery.comparison
        if changed:
            self.refresh()
        pair = Pair.of(new)
        if changed or (pair is not None and not pair.same(self._pair)):
            self._timer.start()

    def _draw(self) -> None:
        comparison = self._context.store.state.gallery.comparison
        if comparison is None:
            self._forget()
            return
        pixels = self._pixels(comparison)
        if pixels is None:
            return
        layer, like = self._layer, self._like(comparison)
        if layer is not None and layer.data.shape[-3:] == pixels.shape:
            layer.data = pixels.reshape(layer.data.shape)
            return
        self._remove()
        image = self._context.sources.image
        if like is None or image is None:
            return
        leading = like.data.shape[:-3]
        keys = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
        self._layer = Image(
            pixels.reshape(*leading, *pixels.shape),
            rgb=True,
            name=texts.COMPARISON.format(name=image.name),
            # Marked as the plugin's own, so that it is not offered as a picture to colorize.
            metadata={PROVENANCE_KEY: {"comparison": [comparison.left, comparison.right]}},
            **{key: getattr(like, key) for key in keys},
        )
        layers = self._context.viewer.layers
        insert_keeping_active(layers, top_of_pictures(layers), self._layer)
        bring_up(layers, self._layer)

    def _like(self, comparison: Comparison) -> Layer | None:
        """Return a layer that lies where the comparison belongs."""
        for number in (comparison.right, comparison.left):
            layer = self._context.results.layer_of(number) if number else None
            if layer is not None:
                return layer
        return None

    def _pixels(self, comparison: Comparison) -> NDArray[np.uint8] | None:
        """Return both pictures as one; None while they are being made."""
        self._follow()
        if self._sides is None:
            return None
        left, right = self._sides
        if comparison.mode == "swipe":
            return swiped(left, right, comparison.position)
        return side_by_side(left, right)

    def _follow(self) -> None:
        """Have the pictures made in a worker, unless they are there or on their way."""
        pair, had = Pair.of(self._context.store.state), self._pair
        if pair is None or pair.same(had):
            return
        self._pair = pair
        if pair.ready is not None or not pair.same_pictures(had):
            self._sides = pair.ready  # else those of before are seen for a moment longer
        if pair.ready is None:
            self._context.bench.run(
                pair.work,
                partial(self._take, pair),
                key=_KEY,
                failed=self._failed,
                stopped=partial(self._stopped, pair),
            )

    def _stopped(self, pair: Pair) -> None:
        """Make the pictures anew when somebody looks: another model or device stops the work."""
        if pair is self._pair:
            self._pair = None
            self._timer.start()

    def _take(self, pair: Pair, sides: Sides) -> None:
        if pair is self._pair:
            self._sides = sides
            self._draw()

    def _forget(self) -> None:
        """Compare nothing; what was made for it goes."""
        self._pair = self._sides = None
        self._remove()

    def _remove(self) -> None:
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._context.viewer.layers:
            self._context.viewer.layers.remove(layer)

    def _on_removed(self, event: Any = None) -> None:
        if self._layer is not None and self._layer not in self._context.viewer.layers:
            self._layer = None
