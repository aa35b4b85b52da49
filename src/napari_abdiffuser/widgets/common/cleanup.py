"""What a widget leaves to be done when Qt has deleted it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_abdiffuser.widgets.common.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CleanupStack"]


class CleanupStack:
    """What is left to do when Qt has deleted the widget: plain Python, no Qt."""

    def __init__(self, *cleanups: Callable[[], object]) -> None:
        self.connections = Connections()
        # What the parts do in the end needs no Qt, so that it also works when Qt was faster.
        self._cleanups = list(cleanups)

    def add(self, cleanup: Callable[[], object]) -> None:
        """Remember one thing more to do."""
        self._cleanups.append(cleanup)

    def say(self, *_: object) -> None:
        """Stop work and cut all connections; a second time does nothing."""
        self.connections.cleanup()
        for cleanup in self._cleanups:
            cleanup()
