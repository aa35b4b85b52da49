"""Hints of slices that are not on screen: read where they are, and known to the state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakSet

import numpy as np
from napari.layers import Labels
from napari.qt.threading import FunctionWorker
from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.layers.hints.reading import SliceReadings, merge_readings
from napari_abdiffuser.layers.hints.slices import SliceSources
from napari_abdiffuser.studio.document.found_hints import with_read_slices
from napari_abdiffuser.widgets.hints import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from napari_abdiffuser.layers.hints.reading import HintLink, Place, SlicesSource
    from napari_abdiffuser.studio.legend.classes import Legend
    from napari_abdiffuser.studio.slices import Index
    from napari_abdiffuser.widgets.hints.links import Links
    from napari_abdiffuser.widgets.hints.writer import HintWriter
    from napari_abdiffuser.widgets.session.hint_pictures import HintPictures
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["HintSlices"]

# More pixels than these take longer than the GUI thread may be away for.
_AT_ONCE = 3 * 2**20


class _Relay(QObject):
    """Carries readings from worker threads."""

    read = Signal(object)


@dataclass(frozen=True, eq=False)
class _Job:
    links: Sequence[HintLink]
    sources: Sequence[SlicesSource]
    scanned: Sequence[Any]
    left: frozenset[Index]


@dataclass(frozen=True, eq=False)
class _Read:
    job: _Job
    readings: Sequence[SliceReadings]
    failure: str = ""


def _build(job: _Job) -> _Read:
    readings = []
    for link, source in zip(job.links, job.sources, strict=True):
        try:
            readings.append(source.build())
        except Exception as error:  # whatever it is, the GUI thread says it in words
            return _Read(job, (), texts.UNREADABLE.format(name=link.layer.name, error=error))
    return _Read(job, readings)


def _work(job: _Job, relay: _Relay) -> None:
    relay.read.emit(_build(job))


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
        self._job: _Job | None = None
        self._stale = self._due = False
        # To look for labels takes time: only where they may be.
        self._unscanned: WeakSet[Any] = WeakSet()
        self._left: set[Index] = set()
        self._newer: set[Index] = set()
        self._legend: Legend | None = None
        self._waiting: list[Callable[[], object]] = []
        self._relay = _Relay()
        self._relay.read.connect(self._arrive)
        writer.wrote.connect(self.passed)

    @property
    def busy(self) -> bool:
        """Whether slices are being read."""
        return self._job is not None

    def follow(self, new: Sequence[HintLink]) -> None:
        """Read layers that have come, and what could not be read before."""
        for link in new:
            self.changed(link)
        if (new or self._due) and not self.busy:
            self.read()
        self.settle()

    def changed(self, link: HintLink) -> None:
        """Read a layer again when it matters: it may have changed on any slice."""
        self._stale = True
        self._unscanned.add(link.layer)

    def left(self, index: Index) -> None:
        """Read a slice that was left before it was read."""
        self._left.add(index)
        self._due = True

    def passed(self, index: Index) -> None:
        """Take what the state has of a slice for newer than what is being read."""
        self._newer.add(index)

    def forget(self) -> None:
        """Drop what is under way: the layers are no longer those of the picture."""
        self._job = self._legend = None
        self._stale = self._due = False
        self._unscanned.clear()
        self._left.clear()

    def cleanup(self) -> None:
        """Call nobody back any more."""
        self.forget()
        self._waiting.clear()

    def when_read(self, then: Callable[[], object]) -> None:
        """Call back when the state knows the hints of all slices: now, if it does."""
        self._waiting.append(then)
        if (self._stale or self._due) and not self.busy:
            self.read()
        self.settle()

    def settle(self) -> None:
        """Call back whoever waits, unless slices are being read."""
        if not self.busy:
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()

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
        sources = [self._source(link, place) for link in links]
        job = self._job = _Job(links, sources, list(self._unscanned), frozenset(self._left))
        self._unscanned.clear()
        self._left.clear()
        if sum(source.cost for source in sources) <= _AT_ONCE:
            self._arrive(_build(job))
        else:
            FunctionWorker(_work, job, self._relay).start()

    def _source(self, link: HintLink, place: Place) -> SlicesSource:
        scanned = not link.own or link.layer not in self._unscanned
        if isinstance(link.layer, Labels) and scanned:
            cost = len(self._left) * int(np.prod(place.picture.shape))
            return SliceSources({i: link.source(place.at(i)) for i in self._left}, cost)
        return link.slices(place)

    def _arrive(self, read: _Read) -> None:
        if read.job is not self._job:
            return
        self._job = None
        if self._stale or self._due:
            self._unscanned.update(read.job.scanned)
            self._left.update(read.job.left)
            self.read()
            return
        self._legend = None
        if read.failure:
            self.failed.emit(read.failure)
        else:
            self._enter(read)
        self.settle()

    def _enter(self, read: _Read) -> None:
        """Bring what was read into the state, but for slices that it knows better."""
        state = self._store.state
        indices = {index for readings in read.readings for index in readings.slices}
        known = {state.index, *self._newer}
        found = {}
        for index in sorted({*indices, *state.document.slices} - known):
            if state.has_slice(index):
                readings = [each.at(index) for each in read.readings]
                for link, reading in zip(read.job.links, readings, strict=True):
                    self._links.remember(link, reading)
                found[index] = merge_readings(readings)
        with self._writer.knowing(found):
            label = texts.LAYERS_CHANGED
            self._store.apply(lambda s: with_read_slices(s, found, label, edited=read.job.left))
