"""Runs series of pictures: other open images, or the slices of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.jobs.series import Colored, Started, color, layer_tuple
from napari_abdiffuser.widgets.common.activity_bar import ActivityBar
from napari_abdiffuser.widgets.series import texts
from napari_abdiffuser.widgets.series.stack import insert_above
from napari_abdiffuser.widgets.session.side_jobs import SideJobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_abdiffuser.jobs.run import Models
    from napari_abdiffuser.jobs.series import Piece, SeriesOptions
    from napari_abdiffuser.widgets.series.stack import StackLayer

__all__ = ["SeriesRunner"]

_KEY = "series"


class SeriesRunner(QObject):
    """Colours one series at a time; what is done stays, whatever happens to the rest.

    Parameters
    ----------
    viewer
        Whose layers results join.
    models
        The loaded model and the right to use it.
    """

    progressed = Signal(int, int)
    """Emitted with (done, total); (0, 0) when it is over."""

    said = Signal(str)
    """Emitted with a sentence on how far it is, and in the end on what has become of it."""

    failed = Signal(str)
    """Emitted with a sentence when nothing at all could be coloured."""

    changed = Signal()
    """Emitted when a series begins or ends."""

    def __init__(self, viewer: Viewer, models: Models, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._models = models
        self._jobs = SideJobs(self)
        self._bar = ActivityBar(self)
        self._pieces: tuple[Piece, ...] = ()
        self._what = ""
        self._done = self._failures = 0
        self._message = self._failed_one = ""
        self._take: Callable[[Colored], None] = lambda done: None
        self._end: Callable[[], None] = lambda: None

    @property
    def busy(self) -> bool:
        """Whether a series is being coloured."""
        return self._jobs.busy(_KEY)

    def color_images(
        self, pieces: tuple[Piece, ...], images: list[Any], options: SeriesOptions
    ) -> None:
        """Colour pictures, each into a layer above its image."""

        def take(done: Colored) -> None:
            layer = Layer.create(*layer_tuple(pieces[done.number], done))
            insert_above(self._viewer, layer, images[done.number])

        self._begin(pieces, options, texts.PICTURES, take, lambda: None)

    def color_stack(self, stack: StackLayer, options: SeriesOptions) -> None:
        """Colour slices into one layer."""
        viewer = self._viewer
        self._begin(
            stack.pieces,
            options,
            texts.SLICES_DONE,
            lambda done: stack.take(done, viewer),
            lambda: stack.update(viewer),
            stack.reserve,
        )

    def cancel(self) -> None:
        """Stop; what is done is kept."""
        if self.busy:
            self._jobs.cancel(_KEY)
            self._finish(stopped=True)

    def cleanup(self) -> None:
        """Stop without a word; works when Qt was faster."""
        self._jobs.cleanup()
        self._bar.end()

    def _begin(
        self,
        pieces: tuple[Piece, ...],
        options: SeriesOptions,
        what: str,
        take: Callable[[Colored], None],
        end: Callable[[], None],
        before: Callable[[Callable[[], bool]], None] = lambda cancelled: None,
    ) -> None:
        self.cancel()
        self._pieces, self._what, self._take, self._end = pieces, what, take, end
        self._done = self._failures = 0
        self._message = self._failed_one = ""
        models = self._models

        def work(
            cancelled: Callable[[], bool], tell: Callable[[Started | Colored], object]
        ) -> None:
            before(cancelled)
            color(pieces, options, models, cancelled, tell)

        self._jobs.run(
            _KEY,
            work,
            lambda _: self._finish(stopped=False),
            self._on_failed,
            told=self._hear,
            title=texts.TITLE,
        )
        self._bar.begin(texts.TITLE)
        self.progressed.emit(0, len(pieces))
        self.changed.emit()

    def _hear(self, news: Started | Colored) -> None:
        total = len(self._pieces)
        if isinstance(news, Started):
            name = self._pieces[news.number].source.name
            self.said.emit(texts.RUNNING.format(number=news.number + 1, total=total, name=name))
            return
        if news.message:
            self._failures += 1
            self._message = news.message
            self._failed_one = texts.named(self._pieces[news.number].source)
        else:
            self._done += 1
            self._take(news)
        self._bar.show(self._done + self._failures, total)
        self.progressed.emit(self._done + self._failures, total)

    def _on_failed(self, message: str) -> None:
        self._finish(stopped=False)
        self.failed.emit(message)

    def _finish(self, *, stopped: bool) -> None:
        total = len(self._pieces)
        self._end()
        self._bar.end()
        self._take, self._end = (lambda done: None), (lambda: None)
        self._pieces = ()
        self.progressed.emit(0, 0)
        if self._failures and not self._done and not stopped:
            self.failed.emit(self._message)
        else:
            why = texts.failures(self._failures, self._failed_one, self._message)
            self.said.emit(texts.finished(self._done, total, self._what, why, stopped))
        self.changed.emit()
