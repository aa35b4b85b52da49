"""Connections of a widget and other work, undone when the widget goes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CleanupStack", "Connections"]


class Connections:
    """Connections of bound methods to napari's events. Methods are held weakly."""

    def __init__(self) -> None:
        self._items: list[tuple[Any, WeakMethod[Callable[..., Any]]]] = []

    def __len__(self) -> int:
        return len(self._items)

    def connect(self, signal: Any, callback: Callable[..., Any]) -> None:
        """Connect a bound method to a signal and remember it."""
        signal.connect(callback)
        self._items.append((signal, WeakMethod(callback)))

    def cleanup(self) -> None:
        """Disconnect everything; a second time does nothing."""
        items, self._items = self._items, []
        for signal, reference in items:
            callback = reference()
            if callback is not None:
                # Layers drop their connections themselves when napari tears them down.
                with suppress(ValueError, RuntimeError, TypeError, KeyError):
                    signal.disconnect(callback)


class CleanupStack:
    """Connections to cut and functions to call when Qt has deleted a widget.

    Parameters
    ----------
    *cleanups
        Called in this order; none of them may need Qt, which may have deleted its objects.
    """

    def __init__(self, *cleanups: Callable[[], object]) -> None:
        self.connections = Connections()
        self._cleanups = list(cleanups)

    def add(self, cleanup: Callable[[], object]) -> None:
        """Add a function to call."""
        self._cleanups.append(cleanup)

    def close(self, *_: object) -> None:
        """Cut all connections, then call all functions."""
        self.connections.cleanup()
        for cleanup in self._cleanups:
            cleanup()
