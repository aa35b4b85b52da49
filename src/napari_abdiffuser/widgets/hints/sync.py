"""Hint layers of the chosen image ↔ the studio's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.errors import OutOfMemory
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.hints.reading import Reading
from napari_abdiffuser.layers.hints.sources import ReadyHints
from napari_abdiffuser.layers.stacking import top_of_pictures
from napari_abdiffuser.studio.document.found_hints import difference, with_found_hints
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.layer_combo import unwrap
from napari_abdiffuser.widgets.hints import texts
from napari_abdiffuser.widgets.hints.events import HintEvents
from napari_abdiffuser.widgets.hints.hands import HintHands
from napari_abdiffuser.widgets.hints.keys import bind_keys
from napari_abdiffuser.widgets.hints.layers import KINDS, Owners, is_own, make_layer
from napari_abdiffuser.widgets.hints.links import Links
from napari_abdiffuser.widgets.hints.reader import HintReader
from napari_abdiffuser.widgets.hints.slices import HintSlices
from napari_abdiffuser.widgets.hints.writer import HintWriter
from napari_abdiffuser.widgets.session.hint_pictures import HintPictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_abdiffuser.layers.hints.reading import HintLink, Place
    from napari_abdiffuser.layers.hints.sources import HintSource
    from napari_abdiffuser.layers.hints.strokes import StrokesLink
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.sources import Sources
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["HintSync"]


class HintSync(QObject):
    """Keeps the hints of the state and those of the layers the same.

    All layers of the plugin that hold hints of the chosen image count together, and beside them
    the layer chosen by the user. What is drawn enters the state as a step of undo; what undo,
    the legend or a project change in the state is written back to the layers.

    Parameters
    ----------
    viewer
        Holds the layers.
    sources
        Say which image, and which layer of the user's, is meant.
    store
        Holds the state.
    """

    settled = Signal()
    """Emitted when everything that was drawn has entered the state."""

    failed = Signal(str)
    """Emitted with a sentence when a layer could not be read."""

    said = Signal(str)
    """Emitted with a sentence when hints have moved to another layer."""

    run_asked = Signal()
    """Emitted when a key on the picture asks for a run."""

    linked = Signal()
    """Emitted when other layers than before hold the hints."""

    def __init__(
        self, viewer: Viewer, sources: Sources, store: Store, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.size = 9.0
        """Of the hints to come, in pixels."""
        self.viewer = self._viewer = viewer
        self._sources = sources
        self._store = store
        self.pictures = HintPictures(viewer, sources, store, self)
        self.hands = HintHands(viewer, store)
        self.owners = Owners()
        self.events = HintEvents(self)
        self.reader = HintReader(self.pictures.place, self)
        self.links = Links(self.reader, self.events)
        self.writer = HintWriter(
            store,
            self.pictures,
            self.links,
            self.events,
            self.layer,
            sources.hints_field.choose,
            self,
        )
        self.slices = HintSlices(store, self.pictures, self.links, self.writer, self)
        self._new: set[int] = set()
        self._at: tuple[int, ...] = ()
        self._empty: Any = None
        self._first = False
        self._waiting: list[Callable[[], object]] = []
        self._connections = Connections()
        self.reader.read.connect(self._on_read)
        self.reader.failed.connect(self.failed)
        self.slices.failed.connect(self.failed)
        self.writer.said.connect(self.said)
        self.events.elsewhere.connect(self.slices.changed)
        self.pictures.left.connect(self.slices.forget)
        self.events.asked.connect(self._on_asked)
        self.events.chosen.connect(self._on_label)
        self.pictures.left.connect(self.links.clear)
        self.pictures.came.connect(self._on_picture)
        sources.hints_chosen.connect(self._on_layers)
        sources.activated.connect(self._on_active)
        for signal in (viewer.layers.events.inserted, viewer.layers.events.removed):
            self._connections.connect(signal, self._on_layers)
        self.pictures.begin()

    # --- what others ask ---

    @property
    def image(self) -> Any:
        """The image whose hints are kept in step; None if there is none."""
        return self.pictures.image

    def set_size(self, size: float) -> None:
        """Choose the size, in pixels, of the hints to come, whatever they are made with."""
        self.size = float(size)
        self.links.set_size(size)

    def hints(self) -> HintSource:
        """Return the hints of the picture for a run, with the number of those left out."""
        if self._sources.chose_automatic:
            return ReadyHints()
        return ReadyHints(self._store.state.hints, self.links.left_out())

    def when_settled(self, then: Callable[[], object]) -> None:
        """Call back when everything that was drawn has entered the state: now, if it has."""
        self.pictures.catch_up()
        self.reader.flush()
        if self.reader.busy:
            self._waiting.append(then)
        else:
            then()

    def when_all_known(self, then: Callable[[], object]) -> None:
        """Call back when the hints of all slices have entered the state, as `when_settled`.

        Never if another picture is chosen meanwhile: what was asked for was of this one.
        """
        same = self.pictures.only_here(then)
        self.when_settled(lambda: self.slices.when_read(same))

    def start(self, kind: str) -> Any:
        """Let the user make hints: 'points', 'strokes' or 'lasso'.

        Returns
        -------
        The layer for them, which is active and has the right tool in hand; None without image, or
        without room for it.
        """
        try:
            layer = self.layer(kind)
        except OutOfMemory as error:
            self.failed.emit(str(error))
            return None
        if layer is not None:
            self._show(layer)
            self._viewer.layers.selection.active = layer
            layer.mode = KINDS[kind][1]
        return layer

    def _show(self, layer: Any) -> None:
        """Let a layer be seen that hints are to be made on: napari makes none on a hidden one."""
        layer.visible = True
        layer.opacity = layer.opacity or 1.0
        layers = self._viewer.layers
        if layers.index(layer) < top_of_pictures(layers):
            layers.move(layers.index(layer), len(layers))

    def layer(self, kind: str, place: Place | None = None) -> Any:
        """Return the layer of a kind that hints of a slice go to; made if none has the slice."""
        image = self.image
        found = self.links.first(KINDS[kind][0], place or self.pictures.place())
        if found is not None or image is None:
            return None if found is None else found.layer
        color = self._store.state.legend[self._store.state.active].hex
        layer = make_layer(kind, image, color, self.size)
        self.owners.set(layer, image)
        self._empty = layer
        layers = self._viewer.layers
        active = layers.selection.active
        self._viewer.add_layer(layer)
        self._empty = None
        if active is not None and active in layers:
            layers.selection.active = active
        return layer

    # --- keys on the picture ---

    def press(self, key: int) -> None:
        """Choose a class by its number key."""
        self._store.apply(lambda s: s.press(key))

    def undo(self) -> None:
        """Take the last change back."""
        self.when_settled(self._undo)

    def redo(self) -> None:
        """Do again what was taken back."""
        self.when_settled(self._redo)

    def _undo(self) -> None:
        if not self._store.state.history.can_undo:
            self.said.emit(texts.NOTHING_TO_UNDO)
        self._store.apply(lambda s: s.undo())

    def _redo(self) -> None:
        if not self._store.state.history.can_redo:
            self.said.emit(texts.NOTHING_TO_REDO)
        self._store.apply(lambda s: s.redo())

    def ask_run(self) -> None:
        """Ask for the picture to be colorized."""
        self.run_asked.emit()

    def erase_under_mouse(self) -> None:
        """Remove the hint under the mouse."""
        if not self.hands.erase(self.links):
            self.said.emit(texts.NO_HINT_THERE)

    def hide_hints(self) -> None:
        """Hide all hints of the picture, or show them again."""
        self.hands.hide(self.links)

    def place_hint(self) -> None:
        """Place a hint of the chosen class in the middle of the view."""
        place = self.pictures.place()
        if place is not None and not self.hands.place(place, round(self.size)):
            self.said.emit(texts.MIDDLE_OUTSIDE)

    def move_hint(self, down: int, right: int) -> None:
        """Move the latest click by steps of half its size."""
        place = self.pictures.place()
        if place is not None:
            self.hands.move(place, down, right)

    def cleanup(self) -> None:
        """Cut all connections; works when Qt was faster."""
        self._connections.cleanup()
        self.pictures.cleanup()
        self.links.cleanup()
        self.writer.cleanup()
        self.slices.cleanup()
        self._waiting.clear()

    # --- which layers ---

    def _on_active(self, layer: Any) -> None:
        """Turn to the image whose hints the user has chosen in the layer list."""
        owner = self.owners.get(layer)
        if owner is not None and owner is not self.image:
            self._sources.image_field.choose(owner)

    def _on_picture(self) -> None:
        """Read all hints of the picture, or slice, that has come."""
        index = self._store.state.index
        for at in (self._at, index):
            self.writer.flush(at)
        self.slices.passed(index)
        if index != self._at and any(self.reader.waits(link) for link in self.links):
            self.slices.left(self._at)
        self._at = index
        self.links.unread()
        new, _ = self._relink()
        self.slices.follow(new)
        self._new.clear()
        self._first = True
        for link in self.links:
            self.reader.ask(link)
        self.linked.emit()
        self._name_hints()
        active, place = unwrap(self._viewer.layers.selection.active), self.pictures.place()
        if place is not None and self.links.paints_nothing(active, place):
            self.said.emit(texts.NO_SUCH_SLICE.format(name=active.name))

    def _on_layers(self, event: Any = None) -> None:
        if self.image is None:
            return
        before = list(self.links)
        new, lost = self._relink()
        if not self.writer.busy and any(link not in list(self.links) for link in before):
            # Hints that it held on other slices are gone too.
            for index in self._store.state.document.slices:
                self.slices.left(index)
        for link in new:
            if self.writer.busy:
                self.links.take(link, Reading())  # made for what is being written
            else:
                self._new.add(id(link))
                self.reader.ask(link)
        if not self.writer.busy:
            self.slices.follow([link for link in new if link.layer is not self._empty])
        if lost and not self.writer.busy:
            self._push(texts.LAYERS_CHANGED)
        if new or lost:
            self.linked.emit()
        self._name_hints()

    def _name_hints(self) -> None:
        """Let the choice of hints name a layer of this image, unless the user has chosen."""
        sources = self._sources
        own = [link.layer for link in self.links if link.own]
        if sources.chose_hints or sources.chose_automatic or unwrap(sources.hints) in own:
            return
        if sources.hints is None or is_own(unwrap(sources.hints)):
            sources.hints_field.choose(next(iter(own), None))

    def _relink(self) -> tuple[list[HintLink], bool]:
        """Follow the layers that hold hints of the image."""
        image, state = self.image, self._store.state
        layers = [unwrap(layer) for layer in self._viewer.layers]
        own = self.owners.of(image, layers, self._sources.image_field.layers)
        chosen = unwrap(self._sources.hints)
        # Hints of another image count where the user has chosen them by hand.
        ours = self.owners.get(chosen) in (None, image) or self._sources.chose_hints
        others = [chosen] if chosen is not None and chosen not in own and ours else []
        new, lost = self.links.set([*own, *others], own)
        with self.writer.writing():
            for link in new:
                link.choose(state.legend, state.active)
                if link.own:
                    bind_keys(link.layer, self)
        return new, lost

    # --- layers → state ---

    def _on_asked(self, link: HintLink, soon: bool) -> None:
        self.reader.ask(link, soon=soon)

    def _on_read(self, link: HintLink, reading: Reading) -> None:
        known = self.links.holds(link, reading)
        self.links.take(link, reading)
        if id(link) in self._new:
            # What a layer holds when it comes was there all along: undo does not take it away.
            self._new.discard(id(link))
            found = Hints(reading.points, reading.regions)
            self._store.apply(lambda s: with_found_hints(s, found))
        if known:
            self._store.apply(self.links.with_color_in_hand)
        else:
            self._push(self.events.label, self.events.drag)
        self.events.end()
        if not self.reader.busy:
            self.settled.emit()
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()

    def _push(self, label: str, drag: Any = None) -> None:
        """Bring what the layers say into the state."""
        if not self.links.complete or self.pictures.place() is None:
            return
        self._store.apply(lambda s: self._with_hints(s, label, drag))

    def _with_hints(self, state: StudioState, label: str, drag: Any) -> StudioState:
        hints, first = self.links.hints(), self._first
        self._first = False
        if first:
            told = difference(state.document, state.index, hints)
            if not (told.points_gone or told.regions_differ):
                return with_found_hints(state, told.found)  # no step of undo: they were there
        return self.links.with_color_in_hand(state.set_hints(hints, label, drag))

    def _on_label(self, value: int, link: StrokesLink) -> None:
        """Follow napari's own controls: another label is another class."""
        name = link.class_of(value)
        if name is not None and name in self._store.state.legend:
            self._store.apply(lambda s: s.choose(name))
