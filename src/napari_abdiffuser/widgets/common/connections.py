"""All connections of a widget in one list, to be cut at once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Connections"]


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
