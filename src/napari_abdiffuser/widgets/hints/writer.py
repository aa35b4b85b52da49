"""State → hint layers: what undo, the legend or a project has changed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.widgets.hints import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_abdiffuser.layers.hints.reading import Place
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.hints.events import HintEvents
    from napari_abdiffuser.widgets.hints.links import Links, MakeLayer
    from napari_abdiffuser.widgets.session.hint_pictures import HintPictures
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["HintWriter"]

# To write a slice takes some milliseconds: of more slices than these, those that are not on
# screen are written one by one, between other events.
_AT_ONCE = 8


_UNKNOWN = object()


class HintWriter(QObject):
    """Follows the store.

    Slices that are not on screen may be written a moment later; `flush` does it now.

    Parameters
    ----------
    store, pictures, links, events
        Of the sync that it belongs to.
    make
        Makes a layer of a kind where none has a slice.
    choose
        Chooses the layer whose hints are used beside those of the plugin's layers.
    """

    said = Signal(str)
    """Emitted with a sentence when hints of a user's own layer were copied to one of the plugin."""

    wrote = Signal(object)
    """Emitted with the index of a slice that has changed in the state and not in the layers."""

    def __init__(
        self,
        store: Store,
        pictures: HintPictures,
        links: Links,
        events: HintEvents,
        make: MakeLayer,
        choose: Callable[[Any], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._links = links
        self._events = events
        self._make = make
        self._choose = choose
        self._sentence = ""
        # After everybody has heard of the state, and said something about that.
        self._say = QTimer(self)
        self._say.setSingleShot(True)
        self._say.setInterval(0)
        self._say.timeout.connect(self._on_said)
        self._depth = 0
        self._known: Mapping[tuple[int, ...], Hints] = {}
        self._later: dict[tuple[int, ...], tuple[Place, Hints]] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._write_one)
        store.changed.connect(self._on_state)
        pictures.left.connect(self.flush)

    @property
    def busy(self) -> bool:
        """Whether layers are being written."""
        return self._depth > 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Take events of the layers for echoes."""
        self._depth += 1
        try:
            with self._events.blocked():
                yield
        finally:
            self._depth -= 1

    @contextmanager
    def knowing(self, read: Mapping[tuple[int, ...], Hints]) -> Iterator[None]:
        """Write no slice that has just been read and has these hints."""
        self._known = read
        try:
            yield
        finally:
            self._known = {}

    def flush(self, index: tuple[int, ...] | None = None) -> None:
        """Write all slices that wait, or one."""
        with self.writing():
            for at in list(self._later) if index is None else [index]:
                if at in self._later:
                    place, hints = self._later.pop(at)
                    self._links.write(place, hints, self._make, here=False)

    def cleanup(self) -> None:
        """Write nothing any more; works when Qt was faster."""
        self._later.clear()

    def _on_said(self) -> None:
        self.said.emit(self._sentence)

    def _write_one(self) -> None:
        if self._later:
            self.flush(next(iter(self._later)))
        else:
            self._timer.stop()

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.picture is None or old.picture is None or new.picture.key != old.picture.key:
            return
        before, after = old.document.slices, new.document.slices
        with self.writing():
            changed = [
                index
                for index in {*before, *after}
                if before.get(index) is not after.get(index)
                and (index == new.index or self._known.get(index, _UNKNOWN) != after.get(index))
            ]
            if self._copy_outgrown(changed, new):
                changed = [*{*changed, *after}]
            for index in changed:
                self._write(index, after.get(index, Hints()), new.index, len(changed))
            chosen = new.legend is not old.legend or new.active != old.active
            recolored = self._links.choose(new.legend, new.active) if chosen else []
        for link in recolored:  # by napari, as what is selected takes the colour in hand
            self._events.label = texts.CHANGED
            self._events.asked.emit(link, False)

    def _copy_outgrown(self, changed: list[tuple[int, ...]], new: StudioState) -> bool:
        """Take hints of a user's own layer over into one of the plugin before they change.

        What a user has made is never written: from now on the copy counts in its place.
        """
        slices = {i: new.document.hints(i) for i in changed if i not in self._known}
        place = self._pictures.place_at(new.index) if slices else None
        link = None if place is None else self._links.outgrown(place, slices)
        if link is None or place is None:
            return False
        self._links.release(link)
        copy = self._make("points", place)
        self._choose(copy)
        self._sentence = texts.COPIED.format(name=link.layer.name, copy=copy.name)
        self._say.start()
        return True

    def _write(
        self, index: tuple[int, ...], hints: Hints, shown: tuple[int, ...], count: int
    ) -> None:
        self._later.pop(index, None)
        here = index == shown
        if not here:
            self.wrote.emit(index)
        place = self._pictures.place_at(index)
        if place is None:
            return
        if here or count <= _AT_ONCE:
            self._links.write(place, hints, self._make, here=here)
        else:
            # Layers are made for the image at hand, and later this may be another.
            self._links.prepare(place, hints, self._make)
            self._later[index] = (place, hints)
            self._timer.start()
