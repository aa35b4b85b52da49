"""The one place in the window that holds the studio's state and tells everybody of its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.studio.document.state import StudioState

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Store"]


class Store(QObject):
    """Holds a `StudioState`; widgets read it, and replace it by transitions.

    Parameters
    ----------
    state
        To begin with.
    """

    changed = Signal(object, object)
    """Emitted with the new state and the one before it, after every transition that changed it."""

    refused = Signal(str)
    """Emitted with a sentence for the user when a transition was not possible."""

    def __init__(self, state: StudioState | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = StudioState() if state is None else state
        self._telling = False
        self._waiting: list[Callable[[StudioState], StudioState]] = []

    @property
    def state(self) -> StudioState:
        """The present state."""
        return self._state

    def apply(self, transition: Callable[[StudioState], StudioState]) -> bool:
        """Replace the state by what a transition makes of it: ``apply(lambda s: s.undo())``.

        A transition asked for while others are still told of the last one comes after that, so
        that all of them hear of changes in one order.

        Returns
        -------
        bool
            Whether it was possible; if not, `refused` says why.
        """
        self._waiting.append(transition)
        if self._telling:
            return True
        possible = True
        self._telling = True
        try:
            while self._waiting:
                possible &= self._step(self._waiting.pop(0))
        finally:
            self._telling = False
            self._waiting.clear()
        return possible

    def _step(self, transition: Callable[[StudioState], StudioState]) -> bool:
        before = self._state
        try:
            self._state = transition(before)
        except ABDiffuserError as error:
            self.refused.emit(str(error))
            return False
        if self._state is not before:
            self.changed.emit(self._state, before)
        return True
