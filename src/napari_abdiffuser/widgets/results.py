"""Outputs of runs on their way into the layer list and the gallery, and back out of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.widgets.connections import Connections

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_abdiffuser.studio.state import StudioState
    from napari_abdiffuser.studio.variations import Gallery
    from napari_abdiffuser.widgets.events import Outputs
    from napari_abdiffuser.widgets.store import Store

__all__ = ["Results"]


@dataclass(eq=False)
class _Entry:
    """What is known of a variation: how to make its layer, and the layer while there is one."""

    made: Any
    name: str
    source: ReferenceType[Any] | None
    layer: Layer | None = None

    def untouched(self) -> bool:
        """Whether the user has made the layer nothing of their own."""
        return self.layer is not None and self.layer.name == self.name


class Results(QObject):
    """Adds outputs as layers, one for each turn of the event loop, and enters them in the gallery.

    The latest outputs are layers, all but the shown one hidden. When others come, those that were
    neither starred nor renamed leave the layer list; the gallery keeps all.

    Parameters
    ----------
    viewer
        Whose layers are added to.
    store
        Holds the gallery.
    """

    delivered = Signal()
    """Emitted when all layers of a delivery are there."""

    def __init__(self, viewer: Viewer, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._store = store
        self._entries: dict[tuple[Any, int], _Entry] = {}
        self._pending: deque[tuple[Any, int]] = deque()
        self._connections = Connections()
        self._connections.connect(viewer.layers.events.removed, self._on_removed)
        store.changed.connect(self._on_state)
        # One layer for each turn of the event loop: showing a large one takes napari a while.
        self._adder = QTimer(self)
        self._adder.setInterval(0)
        self._adder.timeout.connect(self._add_next)

    @property
    def busy(self) -> bool:
        """Whether layers are still being added."""
        return bool(self._pending)

    def deliver(self, outputs: Outputs, source: Any) -> None:
        """Take the outputs of a run.

        Parameters
        ----------
        outputs
            From `work`.
        source
            The image that was colorized; may be deleted meanwhile.
        """
        key = _picture_key(self._store.state)
        old = [k for k in self._entries if k[0] == key]
        self._store.apply(lambda state: state.with_gallery(lambda g: _add(g, outputs)))
        gallery = self._store.state.gallery
        numbers = [v.number for v in gallery.variations[-len(outputs.pictures) :]]
        self._retire(old)
        for number, made in zip(numbers, outputs.layers, strict=True):
            place = None if source is None else ref(source)
            self._entries[key, number] = _Entry(made, made[1]["name"], place)
            self._pending.append((key, number))
        self._adder.start()

    def stop(self) -> bool:
        """Add no further layers; whether some were still to come."""
        waited = bool(self._pending)
        self._pending.clear()
        self._adder.stop()
        return waited

    def cleanup(self) -> None:
        """Cut the connections to the viewer; without Qt."""
        self._pending.clear()
        self._connections.cleanup()

    def layer_of(self, number: int) -> Layer | None:
        """Return the layer of a variation of the picture at hand, if it has one."""
        entry = self._entries.get((_picture_key(self._store.state), number))
        return None if entry is None else entry.layer

    def _add_next(self) -> None:
        if self._pending:
            key = self._pending.popleft()
            shown = self._store.state.gallery.shown
            self._make(key, visible=key == (_picture_key(self._store.state), shown))
        if not self._pending:
            self._adder.stop()
            self.delivered.emit()

    def _make(self, key: tuple[Any, int], *, visible: bool) -> None:
        entry = self._entries[key]
        layer = Layer.create(*entry.made)
        entry.layer = layer
        self._insert(layer, entry.source and entry.source())
        # Hidden only now: of a layer that was never visible napari makes no thumbnail.
        layer.visible = visible

    def _insert(self, layer: Layer, source: Any) -> None:
        """Add a layer above its source and below the hints, leaving the active layer active."""
        layers = self._viewer.layers
        active = layers.selection.active
        # The source may have been deleted meanwhile: then the result goes on top.
        above = layers.index(source) + 1 if source in layers else len(layers)
        layers.insert(above, layer)
        if active is not None and active in layers:
            layers.selection.active = active

    def _retire(self, keys: list[tuple[Any, int]]) -> None:
        """Take layers out of the list that nobody wants to keep; the gallery keeps the pictures."""
        starred = {v.number for v in self._store.state.gallery.kept}
        for key in keys:
            entry = self._entries[key]
            if key[1] in starred or not entry.untouched():
                continue
            layer, entry.layer = entry.layer, None
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        """Follow the gallery: show what is shown, drop what was discarded."""
        if new.gallery is old.gallery or _picture_key(new) != _picture_key(old):
            return
        key = _picture_key(new)
        gone = {v.number for v in new.gallery.variations if v.discarded}
        self._retire([k for k in self._entries if k[0] == key and k[1] in gone])
        for k in [k for k in self._entries if k[0] == key and k[1] in gone]:
            del self._entries[k]
        if new.gallery.shown != old.gallery.shown:
            self._show(key, new.gallery.shown)

    def _show(self, key: Any, number: int | None) -> None:
        for (picture, other), entry in self._entries.items():
            if picture == key and other != number and entry.layer is not None:
                entry.layer.visible = False
        wanted = None if number is None else self._entries.get((key, number))
        if number is None or wanted is None or (key, number) in self._pending:
            return
        if wanted.layer is None:
            self._make((key, number), visible=True)
        elif isinstance(wanted.layer, Image):
            wanted.layer.visible = True

    def _on_removed(self, event: Any = None) -> None:
        """Forget layers that the user has removed; the gallery can bring them back."""
        for entry in self._entries.values():
            if entry.layer is not None and entry.layer not in self._viewer.layers:
                entry.layer = None


def _picture_key(state: StudioState) -> Any:
    return None if state.picture is None else state.picture.key


def _add(gallery: Gallery, outputs: Outputs) -> Gallery:
    pictures = list(outputs.pictures)
    best = pictures.pop(0) if outputs.has_best else None
    added = gallery.add(
        pictures,
        outputs.seed,
        best=best,
        parent=outputs.parent,
        provenance=outputs.provenance,
        thumbnails=outputs.thumbnails,
    )
    return added.show(added.variations[-len(outputs.pictures)].number)
