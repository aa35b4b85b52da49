"""State → hint layers: what undo, the legend or a project has changed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_abdiffuser.imaging.hints import Hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_abdiffuser.studio.state import StudioState
    from napari_abdiffuser.widgets.hint_events import HintEvents
    from napari_abdiffuser.widgets.hint_links import Links
    from napari_abdiffuser.widgets.hint_pictures import HintPictures
    from napari_abdiffuser.widgets.store import Store

__all__ = ["HintWriter"]


class HintWriter(QObject):
    """Follows the store.

    Parameters
    ----------
    store, pictures, links, events
        Of the sync that it belongs to.
    make
        Makes a layer of a kind where there is none.
    """

    def __init__(
        self,
        store: Store,
        pictures: HintPictures,
        links: Links,
        events: HintEvents,
        make: Callable[[str], Any],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._links = links
        self._events = events
        self._make = make
        self._depth = 0
        store.changed.connect(self._on_state)

    @property
    def busy(self) -> bool:
        """Whether layers are being written."""
        return self._depth > 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Take events of the layers for echoes."""
        self._depth += 1
        try:
            with self._events.deaf():
                yield
        finally:
            self._depth -= 1

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.picture is None or old.picture is None or new.picture.key != old.picture.key:
            return
        before, after = old.document.slices, new.document.slices
        with self.writing():
            for index in {*before, *after}:
                if before.get(index) is after.get(index):
                    continue
                place = self._pictures.place_at(index)
                if place is not None:
                    hints = after.get(index, Hints())
                    self._links.write(place, hints, self._make, here=index == new.index)
            if new.legend is not old.legend or new.active != old.active:
                self._links.choose(new.legend, new.active)
