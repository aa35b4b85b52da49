"""A bar in napari's activity dock for work that lasts."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from napari.utils import progress
from qtpy.QtCore import QObject, QTimer

__all__ = ["ActivityBar"]

_EVERY_MS = 100


class ActivityBar(QObject):
    """Shows one piece of work at a time; work that is over at once is not shown.

    napari's bar runs the event loop when it appears or moves, so it does so in events of its own:
    within the handling of another event, the next one could overtake that.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._label = ""
        self._bar: Any = None
        self._steps: tuple[int, int] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._tick)

    def begin(self, label: str) -> None:
        """Announce work by its name."""
        self.end()
        self._label = label
        self._timer.start()

    def show(self, done: int, total: int) -> None:
        """Say how far it is."""
        self._steps = (done, total)

    def end(self) -> None:
        """Take the bar away; works when Qt was faster."""
        self._label, self._steps = "", None
        bar, self._bar = self._bar, None
        if bar is not None:
            with suppress(RuntimeError, KeyError):  # the dock may be gone, with the window
                bar.close()

    def _tick(self) -> None:
        if not self._label:
            self._timer.stop()
            return
        if self._bar is None:
            label = self._label
            bar = progress(total=0, desc=label)
            if self._label != label:  # over while the bar appeared
                bar.close()
                return
            self._bar = bar
        bar, steps, self._steps = self._bar, self._steps, None
        if steps is not None:
            bar.total = steps[1]
            bar.update(steps[0] - bar.n)
