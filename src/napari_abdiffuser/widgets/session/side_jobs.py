"""Small jobs in worker threads that need neither the model nor its turn."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari.qt.threading import FunctionWorker, create_worker
from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.errors import ABDiffuserError, Cancelled
from napari_abdiffuser.jobs.run import in_words
from napari_abdiffuser.widgets.session.one_shot import OneShot

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SideJobs"]

logger = logging.getLogger(__name__)


class _Relay(QObject):
    """Carries reports from worker threads; workers keep it alive, so a closed window is no harm."""

    reported = Signal(object)


@dataclass(eq=False)
class _Job:
    done: Callable[[Any], object]
    failed: Callable[[str], object]
    told: Callable[[Any], object] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    worker: Any = None


@dataclass(frozen=True, eq=False)
class _News:
    job: _Job
    value: Any


@dataclass(frozen=True, eq=False)
class _Outcome:
    job: _Job
    value: Any = None
    message: str | None = None


class SideJobs(QObject):
    """Runs jobs; of each key only the newest is heard."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[str, _Job] = {}
        self._relay = _Relay()
        self._relay.reported.connect(self._hear)

    def busy(self, key: str) -> bool:
        """Whether a job of this key is under way."""
        return key in self._jobs

    def run(
        self,
        key: str,
        work: Callable[..., Any],
        done: Callable[[Any], object],
        failed: Callable[[str], object],
        *,
        told: Callable[[Any], object] | None = None,
        title: str = "",
    ) -> None:
        """Run a job.

        Parameters
        ----------
        key
            A newer job of the same key supersedes this one.
        work
            ``work(cancelled)``, or ``work(cancelled, tell)`` with `told`; called in a worker
            thread.
        done, failed
            Called in the GUI thread with what `work` returned, or with a sentence.
        told
            Called in the GUI thread with whatever the work tells on its way.
        title
            What it is called in napari's list of tasks, where it then is: napari asks before it
            closes meanwhile.
        """
        self.cancel(key)
        job = self._jobs[key] = _Job(done, failed, told)
        make = create_worker if title else FunctionWorker
        job.worker = make(OneShot(title, _perform, job, work, self._relay.reported.emit))
        job.worker.start()

    def cancel(self, key: str) -> None:
        """Stop a job: nothing of it is heard any more."""
        job = self._jobs.pop(key, None)
        if job is not None:
            job.stop.set()

    def cleanup(self) -> None:
        """Stop everything, without a word; works when Qt was faster."""
        for key in list(self._jobs):
            self.cancel(key)

    def _hear(self, outcome: _Outcome | _News) -> None:
        key = next((k for k, job in self._jobs.items() if job is outcome.job), None)
        if key is None:
            return
        if isinstance(outcome, _News):
            if outcome.job.told is not None:
                outcome.job.told(outcome.value)
            return
        del self._jobs[key]
        if outcome.message is None:
            outcome.job.done(outcome.value)
        elif outcome.message:
            outcome.job.failed(outcome.message)


def _perform(
    job: _Job, work: Callable[..., Any], report: Callable[[_Outcome | _News], object]
) -> None:
    try:
        if job.told is None:
            value = work(job.stop.is_set)
        else:
            value = work(job.stop.is_set, lambda news: report(_News(job, news)))
        outcome = _Outcome(job, value)
    except Cancelled:
        outcome = _Outcome(job, message="")
    except ABDiffuserError as error:
        outcome = _Outcome(job, message=str(error))
    except Exception as error:  # a worker's error would end nowhere: it is told in words
        logger.exception("A job has failed.")
        outcome = _Outcome(job, message=in_words(error))
    report(outcome)
