"""The workbench: the chosen picture, encoded in the background, and jobs that work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.qt.threading import FunctionWorker, create_worker
from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.jobs.job import Job, Opened, Outcome, Steps, perform, with_report
from napari_abdiffuser.widgets.common.activity_bar import ActivityBar
from napari_abdiffuser.widgets.session.one_shot import OneShot
from napari_abdiffuser.widgets.session.picture_watch import PictureWatch, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from napari.layers import Image
    from napari.viewer import Viewer

    from napari_abdiffuser.colorizer.protocols import Picture
    from napari_abdiffuser.jobs.run import Models
    from napari_abdiffuser.widgets.session.sources import Sources

__all__ = ["Job", "Opened", "Workbench"]


class _Relay(QObject):
    """Carries reports from worker threads; workers keep it alive, so a closed window is no harm."""

    reported = Signal(object)


class Workbench(QObject):
    """Opens the chosen picture whenever it changes, and runs jobs on it, one at a time.

    Parameters
    ----------
    viewer, sources
        Say which picture is meant.
    models
        Where colorizers come from, and the right to use one.
    """

    ready = Signal(object)
    """Emitted with `Opened` when a picture is encoded; it can be painted from now on."""

    lost = Signal()
    """Emitted when the picture is no longer the chosen one: its results would mislead."""

    failed = Signal(str)
    """Emitted with the reason when a picture could not be opened."""

    asked_changed = Signal()
    """Emitted when work with a label, which the user asked for, begins or ends."""

    placed = Signal(object)
    """Emitted with `Opened` when the picture is the same and lies elsewhere (scale, units, …)."""

    def __init__(
        self, viewer: Viewer, sources: Sources, models: Models, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.current: Opened | None = None
        self._models = models
        self._queue: list[Job] = []
        self._running: Job | None = None
        self._opening: Job | None = None
        self._prepared = True
        self._preparing: Job | None = None
        self._relay = _Relay()
        self._relay.reported.connect(self._hear)
        self._worker: Any = None
        self._bar = ActivityBar(self)
        self.watch = PictureWatch(viewer, sources, self)
        self.watch.left.connect(self._on_left)
        self.watch.came.connect(self._on_came)
        self.watch.moved.connect(self._on_moved)
        self.watch.refused.connect(self.failed)

    @property
    def opening(self) -> bool:
        """Whether a picture is being opened or will be in a moment."""
        return self._opening is not None or self.watch.waiting

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or waits, preparation of the picture included."""
        waits = self._running is not None or bool(self._queue) or self.opening
        return not waits and (self._prepared or self.current is None)

    @property
    def asked(self) -> bool:
        """Whether work with a label, which the user asked for, is under way or waits."""
        return any(job.label for job in self._asked())

    def cancel_asked(self) -> None:
        """Cancel all work that the user asked for."""
        for job in self._asked():
            if job.label:
                job.cancel()

    def _asked(self) -> list[Job]:
        running = [] if self._running is None or self._running.ended else [self._running]
        return [*self._queue, *running]

    def encoded(
        self, image: Image, index: tuple[int | None, ...], model: str, device: str
    ) -> Picture | None:
        """Return a slice of an image if this is what is open, with a model and on a device."""
        opened, target = self.current, self.watch.target
        if opened is None or target is None or opened.image is not image:
            return None
        same = (tuple(opened.index), target.model, target.device) == (tuple(index), model, device)
        return opened.picture if same else None

    def set_device(self, device: str) -> None:
        """Open the picture on another device from now on."""
        self.watch.set_model(device=device)

    def set_model(self, model: str) -> None:
        """Open the picture with another model from now on."""
        self.watch.set_model(model=model)

    def set_data_bar(self, sought: bool) -> None:
        """Look for the instrument's data bar, and leave it out, or take it for specimen."""
        self.watch.set_model(data_bar=sought)

    def run(
        self,
        job: Callable[..., Any],
        done: Callable[[Any], object],
        *,
        key: Hashable = None,
        label: str = "",
        failed: Callable[[str], object] | None = None,
        stopped: Callable[[], object] | None = None,
        urgent: bool = False,
    ) -> Job:
        """Run a job on the picture, after those asked for earlier; if it is being opened, then.

        Parameters
        ----------
        job
            ``job(opened, cancelled)`` or ``job(opened, cancelled, report)``, called in a worker
            thread. It asks ``cancelled()`` often, and tells its progress by
            ``report(done, total)``.
        done
            Called in the GUI thread with what `job` returned, unless the job was cancelled,
            superseded, or the picture is no longer the chosen one.
        key
            A newer job of the same key supersedes this one.
        label
            What napari's activity dock calls it; empty for nothing there.
        failed
            Called in the GUI thread with a sentence when `job` raised; by default `failed` is
            emitted.
        stopped
            Called in the GUI thread when neither `done` nor `failed` will be.
        urgent
            Whether it goes before others that wait.
        """
        made = Job(with_report(job), done, failed, stopped, key, label, _dropped=self._drop)
        if key is not None:
            for other in [*self._queue, self._running]:
                if other is not None and other.key == key:
                    other.cancel()
        self._queue.insert(0 if urgent else len(self._queue), made)
        if self._preparing is not None:
            self._preparing.stop()  # what it computed is kept, and it goes on later
        self._next()
        if made.label:
            self.asked_changed.emit()
        return made

    def cleanup(self) -> None:
        """Stop all work and cut all connections, without a word; works when Qt was faster."""
        self.watch.cleanup()
        queue, self._queue = self._queue, []
        for job in [*queue, self._running]:
            if job is not None:
                job.forget()
        self.current = self._running = self._opening = self._preparing = None
        self._prepared = True
        self._bar.end()

    # --- the picture ---

    def _on_left(self) -> None:
        """Drop everything that belongs to the picture before."""
        had, self.current = self.current, None
        self._prepared = True
        if self._opening is not None:
            self._opening.cancel()
        if self._preparing is not None:
            self._preparing.stop()
        if had is not None:
            # What waits for a picture that was never there is meant for the one to come.
            for job in [*self._queue, self._running]:
                if job is not None:
                    job.cancel()
            self.lost.emit()
        if self.watch.target is None:
            for job in list(self._queue):
                job.cancel()

    def _on_came(self, target: Target) -> None:
        opening = Job(
            lambda _opened, cancelled, _report: target.open(self._models, cancelled),
            self._on_opened,
            self._on_not_opened,
            _dropped=self._drop,
        )
        self._opening = opening
        self._next()

    def _on_opened(self, opened: Opened) -> None:
        self._opening = None
        self.current = opened
        self._prepared = False
        self.ready.emit(opened)

    def _on_not_opened(self, message: str) -> None:
        self._opening = None
        queue, self._queue = self._queue, []
        self.failed.emit(message)
        for job in queue:
            self._end(job, Outcome(job, stopped=True))

    def _on_moved(self, target: Target) -> None:
        if self.current is not None:
            had = self.current
            self.current = Opened(had.picture, target.source, had.image, had.index)
            self.placed.emit(self.current)

    # --- jobs ---

    def _next(self) -> None:
        """Start what comes next, unless something is in its thread."""
        if self._running is not None:
            return
        if self._opening is not None:
            job = self._opening
        elif self.current is None:
            return
        elif self._queue:
            job = self._queue.pop(0)
        elif not self._prepared:
            job = self._preparing = Job(_prepare, self._on_prepared)
        else:
            return
        self._start(job)

    def _start(self, job: Job) -> None:
        self._running = job
        arguments = (job, self.current, self._models, self._relay.reported.emit)
        if job.label:
            self._bar.begin(job.label)
            self._worker = create_worker(OneShot(job.label, perform, *arguments))
        else:
            # Not in napari's list of tasks: it would grow with every hint.
            self._worker = FunctionWorker(perform, *arguments)
        self._worker.start()

    def _hear(self, report: Steps | Outcome) -> None:
        if report.job is not self._running:
            return
        if isinstance(report, Steps):
            self._bar.show(report.done, report.total)
            return
        self._running = self._worker = None
        self._bar.end()
        if report.job in (self._opening, self._preparing):
            self._preparing = None
            self._end(report.job, report)
            self._next()
        else:
            # The next one computes while the window shows what this one found.
            self._next()
            self._end(report.job, report)

    def _end(self, job: Job, outcome: Outcome) -> None:
        """Tell the one who asked how it went, once."""
        if job.ended:
            return
        job.ended = True
        if job.label:
            self.asked_changed.emit()
        if job.cancelled() or outcome.stopped:
            if job.stopped is not None:
                job.stopped()
        elif outcome.message is not None:
            (self.failed.emit if job.failed is None else job.failed)(outcome.message)
        else:
            job.done(outcome.value)

    def _drop(self, job: Job) -> None:
        """Forget a job that was cancelled; one in its thread keeps the turn until it notices."""
        if job in self._queue:
            self._queue.remove(job)
        if job is self._opening:
            self._opening = None
        self._end(job, Outcome(job, stopped=True))

    def _on_prepared(self, _: Any) -> None:
        self._prepared = True


def _prepare(opened: Opened, cancelled: Callable[[], bool], _: Any) -> None:
    opened.picture.prepare(cancelled)
