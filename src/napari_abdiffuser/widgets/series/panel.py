"""The panel for more pictures: work saved and loaded, other images, and stacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QFileDialog, QGridLayout, QWidget

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.jobs.series import Piece, SeriesOptions
from napari_abdiffuser.layers.images import read_image
from napari_abdiffuser.studio.project.fitting import fitted
from napari_abdiffuser.studio.project.project import SUFFIX, Project, apply_project, project_of
from napari_abdiffuser.studio.settings.folders import last_folder, remember_folder
from napari_abdiffuser.widgets.common.form import allow, push_button
from napari_abdiffuser.widgets.series import texts
from napari_abdiffuser.widgets.series.runner import SeriesRunner
from napari_abdiffuser.widgets.series.slices import SliceFields
from napari_abdiffuser.widgets.series.stack import StackLayer, long_axis
from napari_abdiffuser.widgets.session.panel import Context, Panel
from napari_abdiffuser.widgets.session.side_jobs import SideJobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.studio.document.state import StudioState

__all__ = ["SeriesPanel"]


class SeriesPanel(Panel):
    """What colours other pictures as this one.

    Parameters
    ----------
    context
        See `Context`.
    """

    title: ClassVar[str] = texts.TITLE

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("series_panel")
        self._files = SideJobs(self)
        self.runner = SeriesRunner(context.viewer, context.models, self)
        self.save_button = push_button("series_save", texts.SAVE, self._save)
        self.load_button = push_button("series_load", texts.LOAD, self._load)
        self.others_button = push_button("series_others", texts.OTHERS, self._color_others)
        self.fields = SliceFields(self)
        self.stack_button = push_button("series_stack", texts.STACK, self._color_stack)
        self.cancel_button = push_button("series_cancel", texts.CANCEL, self.runner.cancel)
        self.cancel_button.setToolTip(texts.CANCEL_TIP)
        files = QGridLayout()
        files.setSpacing(6)
        files.addWidget(self.save_button, 0, 0)
        files.addWidget(self.load_button, 0, 1)
        self.column.addLayout(files)
        for part in (self.fields, self.others_button, self.stack_button, self.cancel_button):
            self.column.addWidget(part)
        self.runner.progressed.connect(self.progressed)
        self.runner.said.connect(self.said)
        self.runner.failed.connect(self.failed)
        self.runner.changed.connect(self._refresh)
        context.store.changed.connect(self._on_state)
        context.sources.image_chosen.connect(self._refresh)
        for signal in (context.viewer.layers.events.inserted, context.viewer.layers.events.removed):
            self.connections.connect(signal, self._refresh)
        self._refresh()

    def cleanup(self) -> None:
        """Cut all connections and stop work; what is done stays."""
        super().cleanup()
        self._files.cleanup()
        self.runner.cleanup()

    # --- what is possible ---

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.picture is not old.picture or new.gallery.shown != old.gallery.shown:
            self._refresh()

    def _refresh(self, *_: object) -> None:
        """Switch controls on and off, and say why."""
        there, busy = self.context.store.state.picture is not None, self.runner.busy
        allow(self.save_button, there, texts.SAVE_TIP, texts.WHY_NO_IMAGE)
        allow(self.load_button, there, texts.LOAD_TIP, texts.WHY_NO_IMAGE)
        others = there and bool(self._others())
        why = texts.BUSY if busy else texts.WHY_NO_OTHERS if there else texts.WHY_NO_IMAGE
        allow(self.others_button, others and not busy, texts.OTHERS_TIP, why)
        length = self._length()
        why = texts.BUSY if busy else texts.WHY_NO_STACK if there else texts.WHY_NO_IMAGE
        allow(self.stack_button, length is not None and not busy, texts.STACK_TIP, why)
        self.stack_button.setVisible(length is not None)
        self.fields.follow(length)
        self.cancel_button.setVisible(busy)

    def _others(self) -> list[Any]:
        sources = self.context.sources
        return [image for image in sources.image_field.layers if image is not sources.image]

    def _view(self) -> tuple[Any, tuple[int | None, ...], int] | None:
        """Return the stack, the slice in view and its long axis; None for a single picture."""
        image = self.context.sources.image
        if image is None:
            return None
        try:
            source = read_image(image, self.context.viewer.dims)
        except ABDiffuserError:
            return None
        axis = long_axis(source.index, source.array.shape)
        return None if axis is None else (image, source.index, axis)

    def _length(self) -> int | None:
        view = self._view()
        if view is None:
            return None
        image, _, axis = view
        data = image.data[0] if image.multiscale else image.data
        return int(data.shape[axis])

    # --- files ---

    def _save(self) -> None:
        name = self.context.store.state.picture
        offered = last_folder("project") / f"{_plain(name.name if name else '')}{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(self, texts.SAVE, str(offered), texts.FILTER)
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, path: Path) -> None:
        """Write the work on this picture to a project file, in a worker."""
        self.context.hints.when_all_known(lambda: self._write(path))

    def _write(self, path: Path) -> None:
        state = self.context.store.state
        shown = state.gallery.shown
        told = {} if shown is None else dict(state.gallery[shown].provenance)
        told.pop("hints", None)  # the project has them
        settings = {"seed": self.fields.seed}

        def work(cancelled: Callable[[], bool]) -> Path:
            written = project_of(state, settings, told).save(path)
            remember_folder("project", written.parent)
            return written

        def done(written: Path) -> None:
            self.said.emit(texts.SAVED.format(path=written))

        self._files.run("save", work, done, self.failed.emit, title=texts.SAVE)

    def _load(self) -> None:
        folder = str(last_folder("project"))
        chosen, _ = QFileDialog.getOpenFileName(self, texts.LOAD, folder, texts.FILTER)
        if chosen:
            self.load_from(Path(chosen))

    def load_from(self, path: Path) -> None:
        """Use a project file on this picture; reading and fitting happen in a worker."""
        picture = self.context.store.state.picture
        if picture is None:
            self.failed.emit(texts.WHY_NO_IMAGE)
            return

        def work(cancelled: Callable[[], bool]) -> tuple[Project, int]:
            project = Project.load(path)
            remember_folder("project", path.parent)
            slices, lost = {}, 0
            for index, hints in project.slices.items():
                slices[index], outside = fitted(hints, project.shape, picture.shape)
                lost += outside
            return replace(project, slices=slices, shape=picture.shape), lost

        def done(made: tuple[Project, int]) -> None:
            self._use(*made)

        self._files.run("load", work, done, self.failed.emit)

    def _use(self, project: Project, lost: int) -> None:
        outside = [lost]

        def change(state: StudioState) -> StudioState:
            new, more = apply_project(state, project)
            outside.append(more)
            return new

        if self.context.store.apply(change):
            seed = project.settings.get("seed")
            self.fields.seed = seed if type(seed) is int and seed >= 0 else None
            self.said.emit(texts.loaded(project.name, sum(outside)))

    # --- pictures ---

    def _options(self) -> SeriesOptions | None:
        state, target = self.context.store.state, self.context.bench.watch.target
        if state.picture is None or target is None:
            self.failed.emit(texts.WHY_NO_IMAGE)
            return None
        return SeriesOptions(
            target.model, target.device, target.data_bar,
            state.legend, state.corrections, self.fields.seed,
        )  # fmt: skip

    def _color_others(self) -> None:
        self.context.hints.when_settled(self._start_others)

    def _start_others(self) -> None:
        state, options = self.context.store.state, self._options()
        if options is None or state.picture is None:
            return
        pieces, images = [], []
        for image in self._others():
            try:
                source = read_image(image, self.context.viewer.dims)
            except ABDiffuserError:  # nothing at this slice
                continue
            pieces.append(Piece(source, state.hints, state.picture.shape))
            images.append(image)
        self.runner.color_images(tuple(pieces), images, options)

    def _color_stack(self) -> None:
        self.context.hints.when_all_known(self._start_stack)

    def _start_stack(self) -> None:
        view, options = self._view(), self._options()
        if view is None or options is None:
            return
        image, index, axis = view
        first, last = self.fields.span(index[axis] or 0)
        state, only_view = self.context.store.state, self.fields.only_view
        try:
            stack = StackLayer(image, state, index, first, last, only_view=only_view)
        except ABDiffuserError as error:  # no room for the layer
            self.failed.emit(str(error))
            return
        self.runner.color_stack(stack, options)


def _plain(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in " -_()" else "_" for c in name).strip()
    return kept or "work"
