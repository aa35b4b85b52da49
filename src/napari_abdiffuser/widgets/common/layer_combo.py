"""A combo box of layers that keeps its choice while layers come, go and change names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy, QWidget

from napari_abdiffuser.layers.shown import unwrap

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LayerCombo", "unwrap"]


class LayerCombo(QComboBox):
    """Chooses among layers, found by identity and never by name.

    Parameters
    ----------
    nothing
        Text of an entry that stands for no layer.
    always
        Whether that entry is there also when there are layers.
    """

    chosen = Signal(object)
    """Emitted with the layer, or None, when the choice changes for whatever reason."""

    def __init__(self, nothing: str, *, always: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._nothing = nothing
        self._always = always
        self._layers: list[Any] = []
        self._last: Any = None
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentIndexChanged.connect(self._announce)
        self.set_layers([])

    @property
    def layer(self) -> Any:
        """The chosen layer or None."""
        index = self.currentIndex()
        return self._layers[index] if 0 <= index < len(self._layers) else None

    @property
    def layers(self) -> list[Any]:
        """The layers that are offered."""
        return [layer for layer in self._layers if layer is not None]

    def set_layers(self, layers: Sequence[Any]) -> None:
        """Offer these layers. The choice stays if it can; else it is the first entry."""
        before = self.layer
        offered = [unwrap(layer) for layer in layers]
        entries = [None, *offered] if self._always or not offered else offered
        names = [self._nothing if layer is None else str(layer.name) for layer in entries]
        blocked = self.blockSignals(True)
        try:
            self.clear()
            self._layers = entries
            self.addItems(names)
            self.setCurrentIndex(self._position(before, default=0))
        finally:
            self.blockSignals(blocked)
        self._announce()

    def choose(self, layer: Any) -> None:
        """Choose a layer, or None, among those offered."""
        position = self._position(unwrap(layer), default=-1)
        if position >= 0:
            self.setCurrentIndex(position)

    def _position(self, layer: Any, default: int) -> int:
        return next((at for at, other in enumerate(self._layers) if other is layer), default)

    def _announce(self, _index: int = 0) -> None:
        # Not the index but the layer decides: entries move when layers come and go.
        layer = self.layer
        if layer is not self._last:
            self._last = layer
            self.chosen.emit(layer)
