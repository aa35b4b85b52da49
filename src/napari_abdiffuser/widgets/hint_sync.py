"""Hint layers of the chosen image ↔ the studio's state."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.errors import ABDiffuserError, InvalidImage
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers import read_image
from napari_abdiffuser.layers.hint_reading import Place, Reading
from napari_abdiffuser.layers.hint_strokes import StrokesLink
from napari_abdiffuser.layers.hints import NoHints
from napari_abdiffuser.studio.found_hints import with_found_hints
from napari_abdiffuser.widgets import texts_legend as texts
from napari_abdiffuser.widgets.connections import Connections
from napari_abdiffuser.widgets.hint_layers import KINDS, Owners, make_layer
from napari_abdiffuser.widgets.hint_links import Links
from napari_abdiffuser.widgets.hint_reader import HintReader
from napari_abdiffuser.widgets.kept_states import KeptStates, index_of
from napari_abdiffuser.widgets.layer_combo import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from weakref import ReferenceType

    from napari.viewer import Viewer

    from napari_abdiffuser.layers.hint_reading import HintLink
    from napari_abdiffuser.layers.hints import HintSource
    from napari_abdiffuser.studio.state import StudioState
    from napari_abdiffuser.widgets.sources import Sources
    from napari_abdiffuser.widgets.store import Store

__all__ = ["HintSync"]

_QUIET_MS = 50


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

    def __init__(
        self, viewer: Viewer, sources: Sources, store: Store, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.size = 9.0
        self._viewer = viewer
        self._sources = sources
        self._store = store
        self._kept = KeptStates()
        self._image: ReferenceType[Any] | None = None
        self.owners = Owners()
        self.reader = HintReader(self.place, self)
        self.links = Links(self.reader, self)
        self._busy = 0
        self._finding = False
        self._waiting: list[Callable[[], object]] = []
        self._connections = Connections()
        self._of_image = Connections()
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET_MS)
        self._quiet.timeout.connect(self._look)
        self.reader.read.connect(self._on_read)
        self.reader.failed.connect(self.failed)
        self.links.chosen.connect(self._on_label)
        store.changed.connect(self._on_state)
        sources.image_chosen.connect(self._on_image)
        sources.hints_chosen.connect(self._on_layers)
        for signal in (viewer.layers.events.inserted, viewer.layers.events.removed):
            self._connections.connect(signal, self._on_layers)
        for signal in (viewer.dims.events.current_step, viewer.dims.events.order):
            self._connections.connect(signal, self._on_moved)
        self._on_image(sources.image)

    # --- what others ask ---

    @property
    def image(self) -> Any:
        """The image whose hints are kept in step; None if there is none."""
        return None if self._image is None else self._image()

    def hints(self) -> HintSource:
        """Return the hints of the picture for a run, with the number of those left out."""
        if self._sources.chose_automatic:
            return NoHints()
        return NoHints(self._store.state.hints, self.links.left_out())

    def place(self) -> Place | None:
        """Return what hints are read for, as it is now."""
        image = self.image
        if image is None or self._store.state.picture is None:
            return None
        try:
            picture = read_image(image, self._viewer.dims)
        except InvalidImage:
            return None
        if index_of(picture) != self._store.state.index:
            return None  # the sliders move: soon
        return Place(image, picture, self._viewer.dims, self._store.state.legend)

    def when_settled(self, then: Callable[[], object]) -> None:
        """Call back when everything that was drawn has entered the state: now, if it has."""
        if self._quiet.isActive():
            self._quiet.stop()
            self._look()
        self.reader.flush()
        if self.reader.busy:
            self._waiting.append(then)
        else:
            then()

    def start(self, kind: str) -> Any:
        """Let the user make hints: 'points', 'strokes' or 'lasso'.

        Returns
        -------
        The layer for them, which is active and has the right tool in hand; None without image.
        """
        layer = self.layer(kind)
        if layer is not None:
            self._viewer.layers.selection.active = layer
            layer.mode = KINDS[kind][1]
        return layer

    def layer(self, kind: str) -> Any:
        """Return the layer of a kind that hints of the image go to; made if there is none."""
        image = self.image
        found = self.links.first(KINDS[kind][0])
        if found is not None:
            return found.layer
        if image is None:
            return None
        picture = read_image(image, self._viewer.dims)
        color = self._store.state.legend[self._store.state.active].hex
        layer = make_layer(kind, image, picture, color, self.size)
        self.owners.set(layer, image)
        with self._kept_active():
            self._viewer.add_layer(layer)
        self._on_layers()
        return layer

    def cleanup(self) -> None:
        """Cut all connections; works when Qt was faster."""
        self._connections.cleanup()
        self._of_image.cleanup()
        self.links.cleanup()
        self._waiting.clear()

    # --- images and slices ---

    def _on_image(self, image: Any) -> None:
        image = unwrap(image)
        if image is self.image and (image is not None or self._image is None):
            return
        self._kept.keep(self.image, self._store.state)
        self._image = None if image is None else ref(image)
        self._of_image.cleanup()
        if image is not None:
            for name in ("scale", "translate", "rotate", "shear", "affine", "units", "data"):
                self._of_image.connect(getattr(image.events, name), self._on_moved)
        self.links.clear()
        self._look()

    def _on_moved(self, event: Any = None) -> None:
        self._quiet.start()

    def _look(self) -> None:
        """Open the picture that is on screen, or go to its slice, and read its hints."""
        image, state = self.image, self._store.state
        if image is None:
            if state.picture is not None:
                self._store.apply(self._kept.close)
            return
        try:
            picture = read_image(image, self._viewer.dims)
        except InvalidImage:
            return
        known = state.picture
        if known is None or known.key != self._kept.identity(image, picture).key:
            self._kept.keep(image if known is not None else None, state)
            self._store.apply(lambda s: self._kept.open(s, image, picture))
        elif state.index != index_of(picture):
            self._store.apply(lambda s: s.at(index_of(picture)))
        self._finding = True
        try:
            self._relink()
            for link in self.links:
                self.reader.ask(link)
        finally:
            self._finding = False

    def _on_layers(self, event: Any = None) -> None:
        if self.image is None:
            return
        new, lost = self._relink()
        if self._busy:
            return  # made for what is being written
        for link in new:
            self.reader.ask(link)
        if lost:
            self._push(texts.LAYERS_CHANGED)

    def _relink(self) -> tuple[list[HintLink], bool]:
        """Follow the layers that hold hints of the image."""
        image = self.image
        layers = [unwrap(layer) for layer in self._viewer.layers]
        images = self._sources.image_field.layers
        own = self.owners.of(image, layers, images)
        chosen = unwrap(self._sources.hints)
        foreign = [chosen] if chosen is not None and chosen not in own else []
        state = self._store.state
        new, lost = self.links.set([*own, *[f for f in foreign if self._counts(f)]], own)
        with self._writing():
            for link in new:
                link.choose(state.legend, state.active)
        return new, lost

    def _counts(self, layer: Any) -> bool:
        """Whether a layer that is not this image's own counts: when the user has chosen it."""
        return self.owners.get(layer) in (None, self.image) or self._sources.chose_hints

    # --- layers → state ---

    def _on_read(self, link: HintLink, reading: Reading) -> None:
        if self.links.take(link, reading):
            self._push(self.links.label, self.links.drag)
        if not self.reader.busy:
            self.settled.emit()
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()

    def _push(self, label: str, drag: Any = None) -> None:
        """Bring what the layers say into the state."""
        if self.place() is None:
            return
        if self._finding and not len(self._store.state.hints):
            self._store.apply(lambda s: with_found_hints(s, self.links.hints()))
        else:
            self._store.apply(lambda s: s.set_hints(self.links.hints(), label, drag))

    def _on_label(self, value: int, link: StrokesLink) -> None:
        """Follow napari's own controls: another label is another class."""
        name = link.class_of(value)
        if name is not None and not self._busy and name in self._store.state.legend:
            self._store.apply(lambda s: s.choose(name))

    # --- state → layers ---

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.picture is None or old.picture is None or new.picture.key != old.picture.key:
            return
        before, after = old.document.slices, new.document.slices
        changed = {
            index for index in {*before, *after} if before.get(index) is not after.get(index)
        }
        for index in changed:
            self._write(index, after.get(index, Hints()))
        if new.legend is not old.legend or new.active != old.active:
            with self._writing():
                self.links.choose(new.legend, new.active)

    def _write(self, index: tuple[int, ...], hints: Hints) -> None:
        """Make the layers hold the hints of a slice."""
        image, state = self.image, self._store.state
        here = index == state.index
        if image is None:
            return
        plane = state.picture.key[1] if state.picture is not None else ()  # type: ignore[index]
        at = iter(index)
        where = tuple(None if axis in plane else next(at) for axis in range(image.ndim))
        try:
            picture = read_image(image, index=where)
        except ABDiffuserError:
            return
        place = Place(image, picture, self._viewer.dims, state.legend)
        with self._writing():
            self.links.write(place, hints, self.layer, here=here)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Take events of the layers for echoes."""
        self._busy += 1
        try:
            with self.links.deaf():
                yield
        finally:
            self._busy -= 1

    @contextmanager
    def _kept_active(self) -> Iterator[None]:
        """Leave the active layer active, whatever is added."""
        layers = self._viewer.layers
        active = layers.selection.active
        yield
        if active is not None and active in layers:
            layers.selection.active = active
