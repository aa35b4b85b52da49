"""The run controller: starts a worker, hears its events in the GUI thread, cancels it."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from napari.utils import progress as activity
from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.jobs.events import Failed, Finished, Progress, Ready, RunRequest, Stopped
from napari_abdiffuser.jobs.run import Models, work
from napari_abdiffuser.options import RunOptions
from napari_abdiffuser.widgets.common import texts

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_abdiffuser.jobs.events import Event

__all__ = ["RunController"]


_ACTIVITY_EVERY_MS = 100


class _Relay(QObject):
    """Carries events from a worker thread to the GUI thread.

    Its own object without a parent: the worker keeps it alive, so that reporting to a window
    closed meanwhile does nothing instead of failing.
    """

    reported = Signal(object)


@dataclass(eq=False)
class _Run:
    """One worker and what belongs to it."""

    number: int
    relay: _Relay = field(default_factory=_Relay)
    stop: threading.Event = field(default_factory=threading.Event)
    worker: Any = None
    bar: Any = None
    latest: Progress | None = None

    def cancelled(self) -> bool:
        """Tell whether the user, or napari when its window closes, has asked to stop."""
        return self.stop.is_set() or (self.worker is not None and self.worker.abort_requested)

    def show_in_activity_dock(self) -> None:
        """Bring napari's activity dock up to date."""
        bar, event, self.latest = self.bar, self.latest, None
        if bar is None or event is None:
            return
        if bar.total != event.total:
            bar.total = event.total
        if event.done > bar.n:
            bar.update(event.done - bar.n)

    def close_bar(self) -> None:
        """Remove the bar from napari's activity dock."""
        bar, self.bar = self.bar, None
        if bar is not None:
            # The dock may be gone, with the window.
            with suppress(RuntimeError, KeyError):
                bar.close()


class RunController(QObject):
    """Runs requests one after another, off the GUI thread.

    Parameters
    ----------
    parent
        The widget that it serves.
    models
        Where colorizers come from.
    """

    happened = Signal(object)
    """Emitted in the GUI thread with each event of the current run, never of a cancelled one."""

    not_ready = Signal(str)
    """Emitted with the reason when a model could not be loaded ahead of a run."""

    loading_stopped = Signal()
    """Emitted when napari was told to stop the loading of a model ahead of a run."""

    def __init__(self, parent: QWidget | None = None, models: Models | None = None) -> None:
        super().__init__(parent)
        self._models = Models() if models is None else models
        self._numbers = count(1)
        self._current: _Run | None = None
        self._preparing: _Run | None = None
        # napari's activity bar runs the event loop when it is updated. Doing so while an event
        # is handled would let the next one overtake it.
        self._activity_timer = QTimer(self)
        self._activity_timer.setInterval(_ACTIVITY_EVERY_MS)
        self._activity_timer.timeout.connect(self._show_activity)

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return self._current is not None

    def start(self, request: RunRequest) -> None:
        """Start a run; the one before it is cancelled."""
        self.cancel()
        self._current = run = _Run(next(self._numbers))
        run.bar = activity(total=0, desc=texts.COLORIZE)
        if self._current is not run:  # cancelled while the bar ran the event loop
            run.close_bar()
            return
        self._launch(run, request)
        self._activity_timer.start()

    def prepare(self, model: str, device: str) -> None:
        """Load a model ahead of the first run, so that its device can be shown."""
        if self._preparing is not None:
            self._preparing.stop.set()
        self._preparing = run = _Run(next(self._numbers))
        self._launch(run, RunRequest(options=RunOptions(model=model, device=device)))

    def cancel(self) -> None:
        """Cancel the current run: from now on nothing of it is heard."""
        run = self._abandon_current()
        if run is not None:
            self.happened.emit(Stopped(run.number))

    def abandon(self) -> None:
        """Stop everything without a word; works even after Qt has deleted this object."""
        self._abandon_current()
        if self._preparing is not None:
            self._preparing.stop.set()
            self._preparing = None

    def _launch(self, run: _Run, request: RunRequest) -> None:
        run.relay.reported.connect(self._hear)
        run.worker = create_worker(
            work, request, run.number, self._models, run.cancelled, run.relay.reported.emit
        )
        run.worker.yielded.connect(self._hear)
        run.worker.aborted.connect(self._on_abort)
        run.worker.start()

    def _abandon_current(self) -> _Run | None:
        run, self._current = self._current, None
        if run is not None:
            run.stop.set()
            run.close_bar()
        return run

    def _hear(self, event: Event) -> None:
        """Pass an event on, in the GUI thread, if it is of a run that still counts."""
        if self._preparing is not None and event.run == self._preparing.number:
            if isinstance(event, Ready | Failed | Stopped):
                self._preparing = None
            if isinstance(event, Ready):
                self.happened.emit(event)
            elif isinstance(event, Failed):
                self.not_ready.emit(event.message)
            return
        run = self._current
        if run is None or event.run != run.number:
            return
        if isinstance(event, Progress):
            run.latest = event
        if isinstance(event, Finished | Failed | Stopped):
            self._current = None
            run.close_bar()
        self.happened.emit(event)

    def _show_activity(self) -> None:
        if self._current is None:
            self._activity_timer.stop()
        else:
            self._current.show_in_activity_dock()

    def _on_abort(self) -> None:
        """Hear that napari has told a worker to quit, as its task manager can."""
        if self._current is not None and self._current.worker.abort_requested:
            self.cancel()
        if self._preparing is not None and self._preparing.worker.abort_requested:
            self._preparing = None
            self.loading_stopped.emit()
