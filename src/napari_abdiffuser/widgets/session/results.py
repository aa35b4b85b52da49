"""Outputs of runs on their way into the layer list and the gallery, and back out of it."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.layers.images import index_of
from napari_abdiffuser.layers.spatial import LayerTransform
from napari_abdiffuser.layers.stacking import bring_up, insert_keeping_active, top_of_pictures
from napari_abdiffuser.studio.gallery import Gallery
from napari_abdiffuser.studio.legend.present_names import CLASSES_KEY, identities
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.layer_combo import unwrap
from napari_abdiffuser.widgets.session import texts

if TYPE_CHECKING:
    from weakref import ReferenceType

    from napari.viewer import Viewer

    from napari_abdiffuser.jobs.events import Outputs
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.gallery import Pixels
    from napari_abdiffuser.studio.slices import Index
    from napari_abdiffuser.widgets.session.hint_pictures import HintPictures
    from napari_abdiffuser.widgets.session.preview_layer import PreviewLayer
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["Entry", "Results"]


@dataclass(eq=False)
class Entry:
    """How to make the layer of a variation, and the layer while there is one.

    Attributes
    ----------
    made
        Data, metadata and type of the layer; data are None once it was put away.
    name
        That it is given.
    source
        The image that it was made from.
    index
        The slice that it is of.
    at
        The same with None on the picture's two axes.
    leads
        Whether it is the first of its delivery.
    layer
        None while there is none.
    shape
        Of the data.
    """

    made: Any
    name: str
    source: ReferenceType[Any] | None
    index: Index = ()
    at: tuple[int | None, ...] | None = None
    leads: bool = False
    layer: Layer | None = None
    shape: tuple[int, ...] = ()

    def untouched(self) -> bool:
        """Whether the user has made the layer nothing of their own."""
        return self.layer is not None and self.layer.name == self.name

    @property
    def away(self) -> bool:
        """Whether the variation was discarded."""
        return self.made[0] is None

    def put_away(self) -> None:
        """Drop pixels and layer; the gallery restores the pixels."""
        data, *rest = self.made
        self.shape, self.made, self.layer = data.shape, (None, *rest), None

    def bring_back(self, rgb: Pixels) -> None:
        """Restore the pixels."""
        self.made = (rgb.reshape(self.shape), *self.made[1:])


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
    pictures
        Know the galleries of the images that are not at hand.
    preview
        Tells whether the live preview lies over what the gallery shows.
    """

    delivered = Signal()
    """Emitted when all layers of a delivery are there."""

    def __init__(
        self,
        viewer: Viewer,
        store: Store,
        pictures: HintPictures,
        preview: PreviewLayer,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._store = store
        self._pictures = pictures
        self._preview = preview
        self._away: set[Any] = set()
        self._entries: dict[tuple[Any, int], Entry] = {}
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

    def deliver(self, outputs: Outputs, source: Any) -> str:
        """Take the outputs of a run into the gallery of the picture that they were made from.

        Parameters
        ----------
        outputs
            From `work`.
        source
            The image that was colorized; may be deleted or no longer be the chosen one.

        Returns
        -------
        str
            Where they are, in a sentence, if they are not of the picture on screen; else ''.
        """
        source = unwrap(source)
        self._forget_lost()
        key, gallery, index = self._enter(outputs, source)
        numbers = [v.number for v in gallery.variations[-len(outputs.pictures) :]]
        old = [k for k, entry in self._entries.items() if k[0] == key and entry.index == index]
        self._pending = deque(k for k in self._pending if k not in old)
        self._retire(old, gallery)
        place = None if source is None else ref(source)
        at = None if outputs.picture is None else tuple(outputs.picture.index)
        classes = identities(self._store.state.legend, outputs.hints)
        for number, (data, meta, kind) in zip(numbers, outputs.layers, strict=True):
            meta = {**meta, "metadata": {**meta.get("metadata", {}), CLASSES_KEY: classes}}
            name = _layer_name(meta["name"], gallery.label(number))
            made = (data, {**meta, "name": name}, kind)
            leads = number == numbers[outputs.lead]
            self._entries[key, number] = Entry(made, name, place, index, at, leads)
            self._pending.append((key, number))
        self._adder.start()
        if key == _picture_key(self._store.state):
            return "" if index == gallery.index else texts.of_slice(index)
        there = source in self._viewer.layers
        return texts.with_image(str(getattr(source, "name", "")), there=there)

    def bring_up(self) -> None:
        """Let the colouring that the gallery shows be seen, whatever hides it."""
        self._preview.hide()
        self._show(_picture_key(self._store.state), self._store.state.gallery)

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

    def source_of(self, layer: Any) -> Any:
        """Return the image that a layer was made from; None if it is no output, or gone."""
        found = (entry for entry in self._entries.values() if entry.layer is layer)
        source = next(found, Entry(None, "", None)).source
        return None if source is None else source()

    def layer_of(self, number: int) -> Layer | None:
        """Return the layer of a variation of the picture at hand, if it has one."""
        entry = self._entries.get((_picture_key(self._store.state), number))
        return None if entry is None else entry.layer

    def _add_next(self) -> None:
        if self._pending:
            key = self._pending.popleft()
            entry = self._entries.get(key)
            if entry is not None and not entry.away:  # not discarded meanwhile
                self._make(key, visible=self._is_shown(*key))
        if not self._pending:
            self._adder.stop()
            self.delivered.emit()

    def _enter(self, outputs: Outputs, source: Any) -> tuple[Any, Gallery, Index]:
        """Enter outputs in the gallery that they belong to; return its key, it, and the slice."""
        key, index = self._place(outputs, source)

        here = key == _picture_key(self._store.state)
        seen = not (here and self._preview.visible)

        def enter(state: StudioState) -> StudioState:
            return state.deliver(lambda g: _add(g, outputs, index), outputs.label, seen=seen)

        if here:
            self._store.apply(enter)
            return key, self._store.state.gallery, index
        self._away.add(key)
        kept = self._pictures.change(source, key, enter)
        if kept is not None:
            return key, kept.gallery, index
        # The image is gone, and its gallery with it: what was made is not, it becomes layers.
        return object(), _add(Gallery(index=index), outputs, index), index

    def _place(self, outputs: Outputs, source: Any) -> tuple[Any, Index]:
        """Return the picture that outputs were made from, and their slice."""
        state = self._store.state
        if outputs.picture is None or source is None:
            return _picture_key(state), state.index
        return self._pictures.key_of(source, outputs.picture), index_of(outputs.picture)

    def _is_shown(self, key: Any, number: int) -> bool:
        """Whether a new layer is to be seen: not over another image, unless its own is gone."""
        entry, state = self._entries[key, number], self._store.state
        if key == _picture_key(state):
            return state.gallery.shown_at.get(entry.index) == number
        source = None if entry.source is None else entry.source()
        return entry.leads and source not in self._viewer.layers

    def _make(self, key: tuple[Any, int], *, visible: bool) -> None:
        """Add a layer: one to be seen above all pictures, others right above their source."""
        entry, layers = self._entries[key], self._viewer.layers
        source = entry.source and entry.source()
        data, meta, kind = entry.made
        if source in layers and entry.at is not None:
            # The image may lie elsewhere than when it was coloured.
            meta = {**meta, **LayerTransform.of(source, entry.at).as_kwargs()}
        layer = Layer.create(data, meta, kind)
        entry.layer = layer
        hidden = not visible and source in layers
        at = layers.index(source) + 1 if hidden else top_of_pictures(layers)
        insert_keeping_active(layers, at, layer)
        # Hidden only now: of a layer that was never visible napari makes no thumbnail.
        layer.visible = visible
        if visible:
            bring_up(layers, layer)

    def _retire(self, keys: list[tuple[Any, int]], gallery: Gallery) -> None:
        """Take layers out of the list that nobody wants to keep; the gallery keeps the pictures."""
        starred = {v.number for v in gallery.kept}
        for key in keys:
            entry = self._entries[key]
            if key[1] in starred or not entry.untouched():
                continue
            layer, entry.layer = entry.layer, None
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        """Follow the gallery: show what is shown, drop what was discarded."""
        key = _picture_key(new)
        if key != _picture_key(old):
            if key in self._away:  # came while another image was at hand
                self._away.discard(key)
                self._show(key, new.gallery)
            return
        if new.gallery is old.gallery:
            return
        self._follow_discards(key, new.gallery)
        if new.gallery.shown != old.gallery.shown:
            self._show(key, new.gallery)

    def _follow_discards(self, key: Any, gallery: Gallery) -> None:
        """Let go of what was discarded, and know again what undo has brought back."""
        for variation in gallery.variations:
            entry = self._entries.get((key, variation.number))
            if entry is None or entry.away == variation.discarded:
                continue
            if variation.rgb is None:
                self._retire([(key, variation.number)], gallery)
                entry.put_away()
            else:
                entry.bring_back(variation.rgb)

    def _show(self, key: Any, gallery: Gallery) -> None:
        """Show what a gallery shows of its slice; what lies on other slices stays as it is."""
        number = gallery.shown
        for (picture, other), entry in self._entries.items():
            mine = picture == key and entry.index == gallery.index
            if mine and other != number and entry.layer is not None:
                entry.layer.visible = False
        wanted = None if number is None else self._entries.get((key, number))
        if number is None or wanted is None or wanted.away or (key, number) in self._pending:
            return
        if wanted.layer is None:
            self._make((key, number), visible=True)
        elif isinstance(wanted.layer, Image):
            wanted.layer.visible = True
            bring_up(self._viewer.layers, wanted.layer)

    def _forget_lost(self) -> None:
        """Let go of the pictures of images that are gone: their galleries are, too."""
        for key, entry in list(self._entries.items()):
            if entry.source is not None and entry.source() is None and key not in self._pending:
                del self._entries[key]

    def _on_removed(self, event: Any = None) -> None:
        """Forget layers that the user has removed; the gallery can bring them back."""
        for entry in self._entries.values():
            if entry.layer is not None and entry.layer not in self._viewer.layers:
                entry.layer = None


def _picture_key(state: StudioState) -> Any:
    return None if state.picture is None else state.picture.key


def _layer_name(name: str, label: str) -> str:
    """Name a layer as the gallery does: 'pollen colorized', 'pollen variation 2'."""
    stem = re.sub(r" \d+$", "", name) if label.isdecimal() else name
    return f"{stem} {label.removeprefix('best').strip()}".strip()


def _add(gallery: Gallery, outputs: Outputs, index: Index) -> Gallery:
    if outputs.kept is not None:
        added = gallery.enter(outputs.kept)
        return added.show(added.variations[-1].number)
    pictures = list(outputs.pictures)
    best = pictures.pop(0) if outputs.has_best else None
    added = gallery.add(
        pictures,
        outputs.seed,
        best=best,
        parent=outputs.parent,
        provenance=outputs.provenance,
        thumbnails=outputs.thumbnails,
        index=index,
        hints=outputs.hints,
        fixes=outputs.fixes,
    )
    return added.show(added.variations[outputs.lead - len(outputs.pictures)].number)
