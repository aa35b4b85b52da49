"""Jobs of the workbench, and their outcome in a worker thread."""

from __future__ import annotations

import inspect
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.errors import ABDiffuserError, Cancelled
from napari_abdiffuser.jobs.run import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from napari.layers import Image

    from napari_abdiffuser.colorizer.protocols import Picture
    from napari_abdiffuser.jobs.run import Models
    from napari_abdiffuser.layers.images import PictureSource

    Report = Callable[[int, int], object]

__all__ = ["Job", "Opened", "Outcome", "Steps", "perform", "with_report"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Opened:
    """The picture on the bench.

    Attributes
    ----------
    picture
        Encoded by a colorizer.
    source
        Where it came from, and where its results belong.
    image
        The layer; it may have been deleted meanwhile.
    index
        The slice of it: one entry a dimension, None on the picture's two axes.
    """

    picture: Picture
    source: PictureSource
    image: Image
    index: tuple[int | None, ...]


@dataclass(eq=False)
class Job:
    """One piece of work; made by `Workbench.run`.

    Attributes
    ----------
    work
        ``work(opened, cancelled, report)``, called in a worker thread.
    done
        Called in the GUI thread with what `work` returned.
    failed
        Called in the GUI thread with a sentence, when it raised.
    stopped
        Called in the GUI thread when it was cancelled, superseded or its picture is gone.
    key
        A newer job of the same key supersedes this one.
    label
        What napari's activity dock calls it; empty to show nothing there.
    ended
        Whether it is over, in whatever way.
    """

    work: Callable[[Any, Callable[[], bool], Report], Any]
    done: Callable[[Any], object]
    failed: Callable[[str], object] | None = None
    stopped: Callable[[], object] | None = None
    key: Hashable = None
    label: str = ""
    ended: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _dropped: Callable[[Job], object] | None = None

    def cancelled(self) -> bool:
        """Whether it should stop; asked from the worker thread."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Tell the work to stop, and nobody else."""
        self._stop.set()

    def forget(self) -> None:
        """Stop it and let go of everybody who waits for it."""
        self.stop()
        self.ended = True
        self.done = lambda _: None
        self.failed = self.stopped = self._dropped = None

    def cancel(self) -> None:
        """Stop it: its result never arrives. To be called in the GUI thread."""
        self.stop()
        if self._dropped is not None and not self.ended:
            self._dropped(self)


@dataclass(frozen=True)
class Steps:
    """A job goes on: ``done`` of ``total``."""

    job: Job
    done: int
    total: int


@dataclass(frozen=True)
class Outcome:
    """A job has left its thread.

    Attributes
    ----------
    job
    value
        What it returned.
    message
        Why it failed; None if it did not.
    stopped
        Whether it ended early because it was told to.
    """

    job: Job
    value: Any = None
    message: str | None = None
    stopped: bool = False


def perform(
    job: Job, opened: Any, models: Models, report: Callable[[Steps | Outcome], object]
) -> None:
    """Do a job under the model's turn and report how it ended; nothing is raised."""

    def steps(done: int, total: int) -> None:
        if not job.cancelled():
            report(Steps(job, done, total))

    try:
        models.acquire(job.cancelled, lambda: None)
        try:
            if job.cancelled():
                raise Cancelled("Cancelled.")
            outcome = Outcome(job, job.work(opened, job.cancelled, steps))
        finally:
            models.release()
    except Cancelled:
        outcome = Outcome(job, stopped=True)
    except ABDiffuserError as error:
        outcome = Outcome(job, message=str(error))
    except Exception as error:  # a worker's error would end nowhere: the user gets a sentence
        if not job.cancelled():
            logger.exception("A job has failed.")
        outcome = Outcome(job, message=in_words(error))
    report(outcome)


def with_report(work: Callable[..., Any]) -> Callable[[Any, Callable[[], bool], Report], Any]:
    """Let work that takes no third argument, which reports progress, be called with one."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(work).parameters.values()
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return work
    if sum(p.kind in kinds for p in parameters) >= 3:
        return work
    return lambda opened, cancelled, _: work(opened, cancelled)
