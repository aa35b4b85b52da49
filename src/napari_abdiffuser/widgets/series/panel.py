"""The panel for more pictures: work saved and loaded, other images, and stacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.jobs.kept_work import digests, kept_outputs
from napari_abdiffuser.jobs.series import Piece, SeriesOptions
from napari_abdiffuser.layers.images import read_image
from napari_abdiffuser.studio.project.fitting import fitted
from napari_abdiffuser.studio.project.project import SUFFIX, Project, apply_project, project_of
from napari_abdiffuser.studio.settings.folders import last_folder, remember_folder
from napari_abdiffuser.widgets.common.form import allow, push_button
from napari_abdiffuser.widgets.series import texts
from napari_abdiffuser.widgets.series.runner import SeriesRunner
from napari_abdiffuser.widgets.series.scope import CURRENT, OTHERS, THIS, ScopeFields
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
    changed = Signal()
    """Emitted when the button is to do something else, or when a series begins or ends."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("series_panel")
        self._files = SideJobs(self)
        self.runner = SeriesRunner(context.viewer, context.models, self)
        self.save_button = push_button("series_save", texts.SAVE, self.save)
        self.load_button = push_button("series_load", texts.LOAD, self.load)
        self.files = QWidget(self)
        """The buttons for project files, to be put where there is room for them."""
        row = QHBoxLayout(self.files)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.save_button, 1)
        row.addWidget(self.load_button, 1)
        self.fields = ScopeFields(self)
        self.column.addWidget(self.fields)
        self.fields.changed.connect(self.changed)
        self.runner.progressed.connect(self.progressed)
        self.runner.said.connect(self.said)
        self.runner.failed.connect(self.failed)
        self.runner.changed.connect(self._on_runner)
        context.store.changed.connect(self._on_state)
        context.sources.image_chosen.connect(self._refresh)
        for signal in (context.viewer.layers.events.inserted, context.viewer.layers.events.removed):
            self.connections.connect(signal, self._refresh)
        self._refresh()

    @property
    def busy(self) -> bool:
        """Whether slices or other images are being coloured."""
        return self.runner.busy

    @property
    def chosen(self) -> str:
        """What the button does, in words; '' where it colours the picture in view."""
        if self.fields.which == THIS:
            return ""
        length = self._length()
        span = self.fields.span(0)
        return texts.button(self.fields.which, length, len(self._others()), span)

    def start(self) -> None:
        """Colour what is chosen, unless it is the picture in view."""
        if self.fields.which == OTHERS:
            self.context.hints.when_settled(self._start_others)
        elif self.fields.which != THIS:
            self.context.hints.when_all_known(self._start_stack)

    def cancel(self) -> None:
        """Stop; what is done is kept."""
        self.runner.cancel()

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
        there = self.context.store.state.picture is not None
        allow(self.save_button, there, texts.SAVE_TIP, texts.WHY_NO_IMAGE)
        allow(self.load_button, there, texts.LOAD_TIP, texts.WHY_NO_IMAGE)
        self.fields.follow(self._length(), len(self._others()))

    def _on_runner(self) -> None:
        self.fields.setEnabled(not self.runner.busy)
        self.changed.emit()

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

    def save(self) -> None:
        """Ask where to, and write the work on this picture."""
        picture = self.context.store.state.picture
        if picture is None:
            self.failed.emit(texts.WHY_NO_IMAGE)
            return
        offered = last_folder("project") / f"{_plain(picture.name)}{SUFFIX}"
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

    def load(self) -> None:
        """Ask which file, and use it on this picture."""
        if self.context.store.state.picture is None:
            self.failed.emit(texts.WHY_NO_IMAGE)
            return
        folder = str(last_folder("project"))
        chosen, _ = QFileDialog.getOpenFileName(self, texts.LOAD, folder, texts.FILTER)
        if chosen:
            self.load_from(Path(chosen))

    def load_from(self, path: Path) -> None:
        """Use a project file on this picture; reading and fitting happen in a worker."""
        picture, image = self.context.store.state.picture, self.context.sources.image
        if picture is None or image is None:
            self.failed.emit(texts.WHY_NO_IMAGE)
            return
        try:
            source = read_image(image, self.context.viewer.dims)
        except ABDiffuserError as error:
            self.failed.emit(str(error))
            return

        def work(cancelled: Callable[[], bool]) -> tuple[Project, int]:
            project = Project.load(path)
            remember_folder("project", path.parent)
            slices, lost = {}, 0
            for index, hints in project.slices.items():
                slices[index], outside = fitted(hints, project.shape, picture.shape)
                lost += outside
            mine = project.of_pictures(digests(project.pictures, source))
            return replace(mine, slices=slices, shape=picture.shape), lost

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
            self._bring_back(project)
            self.said.emit(texts.loaded(project.name, sum(outside)))

    def _bring_back(self, project: Project) -> None:
        """Enter the colourings that were kept, but for those that are there."""
        image, state = self.context.sources.image, self.context.store.state
        there = [(v.index, v.rgb) for v in state.gallery.kept if v.rgb is not None]
        for kept in project.kept:
            rgb = np.asarray(kept.rgb)
            known = any(at == kept.index and np.array_equal(had, rgb) for at, had in there)
            if image is None or known:
                continue
            at = iter(kept.index)
            plane = read_image(image, self.context.viewer.dims).index
            where = tuple(None if n is None else next(at) for n in plane)
            outputs = kept_outputs(kept, read_image(image, index=where))
            self.context.results.deliver(outputs, image)

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

    def _start_stack(self) -> None:
        view, options = self._view(), self._options()
        if view is None or options is None:
            return
        image, index, axis = view
        first, last = self.fields.span(index[axis] or 0)
        state, only_view = self.context.store.state, self.fields.which == CURRENT
        try:
            stack = StackLayer(image, state, index, first, last, only_view=only_view)
        except ABDiffuserError as error:  # no room for the layer
            self.failed.emit(str(error))
            return
        self.runner.color_stack(stack, options)


def _plain(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in " -_()" else "_" for c in name).strip()
    return kept or "work"
