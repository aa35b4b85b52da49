"""Reads hint layers: small pictures at once, large ones in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from napari.qt.threading import FunctionWorker
from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.layers.hints.reading import Place, Reading
from napari_abdiffuser.layers.hints.strokes import StrokesLink
from napari_abdiffuser.widgets.hints import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.layers.hints.reading import HintLink, LinkSource

__all__ = ["HintReader"]

# A brush moves many times a second, and reading what it painted takes some milliseconds.
_BRUSH_MS = 30
# Regions of larger pictures take more than the GUI thread may be away for.
_AT_ONCE = 3 * 2**20
# Nothing is known of the labels in a user's layer, and to look for them takes longer.
_FOREIGN_AT_ONCE = 2**18


class _Relay(QObject):
    """Carries readings from worker threads."""

    read = Signal(object)


def _build(source: LinkSource) -> Reading | Exception:
    try:
        return source.build()
    except Exception as error:  # whatever it is, the GUI thread says it in words
        return error


@dataclass(frozen=True, eq=False)
class _Read:
    link: HintLink
    ticket: int
    place: Place
    reading: Reading | Exception


def _work(source: LinkSource, relay: _Relay, link: HintLink, ticket: int, place: Place) -> None:
    relay.read.emit(_Read(link, ticket, place, _build(source)))


class HintReader(QObject):
    """Turns layers that have changed into readings, the latest only.

    Parameters
    ----------
    place
        Gives what is to be read for, or None while there is nothing.
    """

    read = Signal(object, object)
    """Emitted with a link and its `Reading`."""

    failed = Signal(str)
    """Emitted with a sentence when a layer could not be read."""

    def __init__(self, place: Callable[[], Place | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._place = place
        # No two readings have the same ticket, whatever was forgotten between them.
        self._numbers = count(1)
        self._tickets: dict[int, int] = {}
        self._dirty: dict[int, HintLink] = {}
        self._relay = _Relay()
        self._relay.read.connect(self._arrive)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_BRUSH_MS)
        self._timer.timeout.connect(self.flush)

    @property
    def busy(self) -> bool:
        """Whether something has changed and is not read yet."""
        return bool(self._dirty or self._tickets)

    def waits(self, link: HintLink) -> bool:
        """Whether a layer has changed and is not read yet."""
        return id(link) in self._dirty or id(link) in self._tickets

    def ask(self, link: HintLink, *, soon: bool = False) -> None:
        """Read a layer: now, or a little later where it changes many times a second."""
        self._dirty[id(link)] = link
        if not soon:
            self.flush()
        elif not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Read everything that waits."""
        dirty, self._dirty = list(self._dirty.values()), {}
        for link in dirty:
            self._start(link)

    def forget(self) -> None:
        """Drop whatever is under way: the layers are no longer those of the picture."""
        self._dirty.clear()
        self._tickets.clear()

    def _start(self, link: HintLink) -> None:
        place = self._place()
        if place is None:
            return
        source = link.source(place)
        height, width = place.picture.shape
        if height * width <= _most(link) or not _has_regions(link):
            self._tickets.pop(id(link), None)
            self._tell(link, _build(source))
            return
        ticket = self._tickets[id(link)] = next(self._numbers)
        FunctionWorker(_work, source, self._relay, link, ticket, place).start()

    def _arrive(self, read: _Read) -> None:
        link = read.link
        if self._tickets.get(id(link)) != read.ticket:
            return
        del self._tickets[id(link)]
        if _same(read.place, self._place()):
            self._tell(link, read.reading)
        else:  # it is of a slice that was left: what is on screen now counts
            self._dirty[id(link)] = link
            self.flush()

    def _tell(self, link: HintLink, reading: Reading | Exception) -> None:
        if isinstance(reading, Exception):
            self.failed.emit(texts.UNREADABLE.format(name=link.layer.name, error=reading))
            reading = Reading()
        self.read.emit(link, reading)


def _most(link: Any) -> int:
    return _FOREIGN_AT_ONCE if isinstance(link, StrokesLink) and not link.own else _AT_ONCE


def _has_regions(link: Any) -> bool:
    return isinstance(link, StrokesLink) or hasattr(link, "cached")


def _same(one: Place, other: Place | None) -> bool:
    """Whether two places are the same picture of the same image."""
    if other is None or one.image is not other.image:
        return False
    return one.picture.index == other.picture.index and one.picture.shape == other.picture.shape
