"""One frame instead of two: a hint is drawn together with its colours."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OneFrame"]

_MOST_MS = 150


class OneFrame(QObject):
    """Keeps windows from drawing while their colours are about to change.

    Where a window is drawn in software, that takes as long as painting does and happens on the
    same cores; and a frame with the hint alone would be followed by one with its colours. Nothing
    waits for long: after 150 ms the windows draw what they have. A hand that drags wants to see
    where it is, so while a mouse button is down nothing is held back.

    Parameters
    ----------
    widget
        Its window is meant, and that which a floating window belongs to.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._windows: list[QWidget] = []
        self._owed: set[int] = set()
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(_MOST_MS)
        self._limit.timeout.connect(self.release)

    @property
    def held(self) -> bool:
        """Whether windows wait."""
        return bool(self._windows)

    def hold(self) -> None:
        """Let the windows wait, unless they do already."""
        if self._windows or QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return
        self._windows = list(_windows(self._widget))
        for window in self._windows:
            window.installEventFilter(self)
        self._limit.start()

    def release(self) -> None:
        """Let them draw, all at once, what has changed since; works when Qt was faster."""
        windows, self._windows = self._windows, []
        owed, self._owed = self._owed, set()
        with suppress(RuntimeError):
            self._limit.stop()
        for window in windows:
            with suppress(RuntimeError):  # one without this object has no filter any more
                window.removeEventFilter(self)
            with suppress(RuntimeError):
                if id(window) in owed:
                    QCoreApplication.postEvent(window, QEvent(QEvent.Type.UpdateRequest))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Keep requests to draw; Qt remembers what of the window is to be drawn."""
        if event is not None and event.type() == QEvent.Type.UpdateRequest and self._windows:
            self._owed.add(id(watched))
            return True
        return False


def _windows(widget: QWidget) -> Iterator[QWidget]:
    """Give the window of a widget, and those that it floats above."""
    window: QWidget | None = widget.window()
    while window is not None:
        yield window
        parent = window.parentWidget()
        window = None if parent is None else parent.window()
