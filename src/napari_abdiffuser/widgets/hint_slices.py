"""Hints of slices that are not on screen: read where they are, and known to the state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakSet

from napari.layers import Labels
from napari.qt.threading import FunctionWorker
from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.layers.hint_slices import NoSlices, SliceReadings
from napari_abdiffuser.layers.joined_hints import together
from napari_abdiffuser.studio.found_hints import with_read_slices
from napari_abdiffuser.widgets import texts_legend as texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from napari_abdiffuser.layers.hint_reading import HintLink
    from napari_abdiffuser.layers.hint_slices import SlicesSource
    from napari_abdiffuser.studio.classes import Legend
    from napari_abdiffuser.widgets.hint_links import Links
    from napari_abdiffuser.widgets.hint_pictures import HintPictures
    from napari_abdiffuser.widgets.hint_writer import HintWriter
    from napari_abdiffuser.widgets.store import Store

__all__ = ["HintSlices"]

# More pixels than these take longer than the GUI thread may be away for.
_AT_ONCE = 3 * 2**20


class _Relay(QObject):
    """Carries readings from worker threads."""

    read = Signal(object)


@dataclass(frozen=True, eq=False)
class _Read:
    ticket: int
    links: Sequence[HintLink]
    readings: Sequence[SliceReadings]
    failure: str = ""


def _build(ticket: int, links: Sequence[HintLink], sources: Sequence[SlicesSource]) -> _Read:
    readings = []
    for link, source in zip(links, sources, strict=True):
        try:
            readings.append(source.build())
        except Exception as error:  # whatever it is, the GUI thread says it in words
            failure = texts.UNREADABLE.format(name=link.layer.name, error=error)
            return _Read(ticket, links, (), failure)
    return _Read(ticket, links, readings)


def _work(ticket: int, links: Any, sources: Any, relay: _Relay) -> None:
    relay.read.emit(_build(ticket, links, sources))


class HintSlices(QObject):
    """Lets the state know the hints of all slices, without anybody having to visit them.

    Parameters
    ----------
    store, pictures, links, writer
        Of the sync that it belongs to.
    """

    failed = Signal(str)
    """Emitted with a sentence when a layer could not be read."""

    def __init__(
        self,
        store: Store,
        pictures: HintPictures,
        links: Links,
        writer: HintWriter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._pictures = pictures
        self._links = links
        self._writer = writer
        self._numbers = count(1)
        self._ticket: int | None = None
        self._stale = self._due = False
        # To look for labels takes time: only where they may be.
        self._unscanned: WeakSet[Any] = WeakSet()
        self._newer: set[tuple[int, ...]] = set()
        self._legend: Legend | None = None
        self._waiting: list[Callable[[], object]] = []
        self._relay = _Relay()
        self._relay.read.connect(self._arrive)
        writer.wrote.connect(self.passed)

    @property
    def due(self) -> bool:
        """Whether slices were to be read when that was not possible."""
        return self._due

    @property
    def busy(self) -> bool:
        """Whether slices are being read."""
        return self._ticket is not None

    def changed(self, link: HintLink) -> None:
        """Read a layer again when it matters: it may have changed on any slice."""
        self._stale = True
        self._unscanned.add(link.layer)

    def passed(self, index: tuple[int, ...]) -> None:
        """Take what the state has of a slice for newer than what is being read."""
        self._newer.add(index)

    def forget(self) -> None:
        """Drop what is under way: the layers are no longer those of the picture."""
        self._ticket = self._legend = None
        self._stale = self._due = False
        self._unscanned.clear()

    def cleanup(self) -> None:
        """Call nobody back any more."""
        self.forget()
        self._waiting.clear()

    def when_read(self, then: Callable[[], object]) -> None:
        """Call back when the state knows the hints of all slices: now, if it does."""
        self._waiting.append(then)
        if self._stale and not self.busy:
            self.read()
        if not self.busy:
            self._end()

    def read(self) -> None:
        """Read all slices: small layers at once, others in a worker."""
        place = self._pictures.place()
        self._due = place is None
        if place is None:
            return  # the sliders move: soon
        self._stale = False
        state = self._store.state
        if state.picture is None or all(n == 1 for n in state.picture.leading):
            return
        # Layers that wait to be read have the colours of the classes of before.
        self._legend = place.legend if self._legend is None else self._legend
        place = replace(place, legend=self._legend)
        self._newer = {state.index}  # what is on screen is read as it changes
        self._writer.flush()
        links = list(self._links)
        sources: list[SlicesSource] = [
            NoSlices() if self._scanned(link) else link.slices(place) for link in links
        ]
        self._unscanned.clear()
        self._ticket = next(self._numbers)
        if sum(source.cost for source in sources) <= _AT_ONCE:
            self._arrive(_build(self._ticket, links, sources))
        else:
            FunctionWorker(_work, self._ticket, links, sources, self._relay).start()

    def _scanned(self, link: HintLink) -> bool:
        return isinstance(link.layer, Labels) and link.layer not in self._unscanned

    def _arrive(self, read: _Read) -> None:
        if read.ticket != self._ticket:
            return
        if self._stale:
            self._unscanned.update(link.layer for link in read.links)
            self.read()
            return
        self._ticket = self._legend = None
        if read.failure:
            self.failed.emit(read.failure)
        else:
            self._enter(read)
        self._end()

    def _enter(self, read: _Read) -> None:
        """Bring what was read into the state, but for slices that it knows better."""
        state = self._store.state
        indices = {index for readings in read.readings for index in readings.slices}
        known = {state.index, *self._newer}
        found = {}
        for index in sorted({*indices, *state.document.slices} - known):
            if state.has_slice(index):
                readings = [each.at(index) for each in read.readings]
                for link, reading in zip(read.links, readings, strict=True):
                    self._links.remember(link, reading)
                found[index] = together(readings)
        with self._writer.knowing(found):
            self._store.apply(lambda s: with_read_slices(s, found, texts.LAYERS_CHANGED))

    def _end(self) -> None:
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()
