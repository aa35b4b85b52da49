"""What the events of hint layers mean: which layer to read, and what to call the change."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari.layers import Labels, Points
from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.layers.hints.strokes import StrokesLink
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.hints import texts
from napari_abdiffuser.widgets.session import texts as session_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_abdiffuser.layers.hints.reading import HintLink

__all__ = ["HintEvents"]

_PLACED = ("scale", "translate", "rotate", "shear", "affine", "units")
# A selected point that is recoloured is told of by `current_face_color` alone.
_POINTS = ("features", "face_color", "current_face_color", "size", "current_size")
_SHAPES = ("features", "edge_color", "current_edge_color")
_LABELS = ("set_data", "labels_update", "data")


class HintEvents(QObject):
    """Listens to hint layers."""

    asked = Signal(object, bool)
    """Emitted with a link whose layer is to be read, and whether this may wait a moment."""

    elsewhere = Signal(object)
    """Emitted with a link whose layer may have changed on slices that are not on screen."""

    chosen = Signal(int, object)
    """Emitted with a label and its link when the user takes another label in hand."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.label = texts.CHANGED
        self.drag: Any = None
        self._links: dict[int, tuple[HintLink, Connections]] = {}
        self._deaf = 0
        self._ended = False

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """Take events for echoes of what is being written."""
        self._deaf += 1
        try:
            yield
        finally:
            self._deaf -= 1

    def listen(self, link: HintLink) -> None:
        """Listen to one more layer."""
        connections = Connections()
        self._links[id(link.layer)] = (link, connections)
        events = link.layer.events
        for name in _PLACED:
            connections.connect(getattr(events, name), self._on_event)
        if isinstance(link.layer, Labels):
            for name in _LABELS:
                connections.connect(getattr(events, name), self._on_painting)
            connections.connect(events.paint, self._on_painted)
            connections.connect(events.selected_label, self._on_label)
            if not link.own:
                connections.connect(events.colormap, self._on_event)
            return
        connections.connect(events.data, self._on_data)
        for name in _POINTS if isinstance(link.layer, Points) else _SHAPES:
            connections.connect(getattr(events, name), self._on_event)

    def leave(self, link: HintLink) -> None:
        """Listen to a layer no longer."""
        _, connections = self._links.pop(id(link.layer))
        connections.cleanup()

    def cleanup(self) -> None:
        """Listen to no layer; without Qt."""
        for _, connections in self._links.values():
            connections.cleanup()
        self._links.clear()

    def end(self) -> None:
        """Let what comes next be a step of undo of its own, if the brush was lifted."""
        if self._ended:
            self.drag, self._ended = None, False

    def _link(self, event: Any) -> HintLink | None:
        known = None if self._deaf else self._links.get(id(event.source))
        return None if known is None else known[0]

    def _ask(self, link: HintLink, label: str, *, soon: bool = False) -> None:
        self.label = label
        self.asked.emit(link, soon)

    def _on_event(self, event: Any) -> None:
        link = self._link(event)
        if link is not None:
            if not isinstance(link.layer, Labels):
                self.elsewhere.emit(link)
            self._ask(link, texts.CHANGED if self.drag is None else texts.MOVED)

    def _on_data(self, event: Any) -> None:
        link = self._link(event)
        action = str(getattr(event, "action", "")).rpartition(".")[2].lower()
        if link is None or action in ("adding", "removing"):
            return
        if action == "changing":
            self.drag = object()  # all that comes until it has changed is one step of undo
            return
        self.elsewhere.emit(link)
        labels = {"added": session_texts.ADDED, "removed": texts.REMOVED, "changed": texts.MOVED}
        self._ask(link, labels.get(action, texts.CHANGED))
        self.drag = None

    def _on_painting(self, event: Any) -> None:
        link = self._link(event)
        if link is not None:
            if event.type == "data" or link.layer.n_edit_dimensions > 2:
                self.elsewhere.emit(link)
            self.drag = object() if self.drag is None else self.drag
            self._ask(link, texts.PAINTED, soon=True)

    def _on_painted(self, event: Any) -> None:
        # napari says so at the end of a stroke, and before it changes pixels for a script: what
        # was painted is read a moment later in any case.
        link = self._link(event)
        if link is not None:
            self._on_painting(event)
            self._ended = True

    def _on_label(self, event: Any) -> None:
        link = self._link(event)
        if isinstance(link, StrokesLink) and link.own:
            self.chosen.emit(int(link.layer.selected_label), link)
