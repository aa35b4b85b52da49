"""The panel that makes the figure of a paper: looked at as it changes, then written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QGuiApplication, QImage, QPixmap
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from napari_abdiffuser.jobs.figure import Look, look, write
from napari_abdiffuser.jobs.figure_original import Originals
from napari_abdiffuser.layers.shown import shown_coloring, shown_layer, unwrap
from napari_abdiffuser.studio.figure.export import SUFFIXES
from napari_abdiffuser.studio.settings.folders import last_folder, remember_folder
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.figure import texts
from napari_abdiffuser.widgets.figure.controls import FigureControls
from napari_abdiffuser.widgets.session.panel import Context, Panel
from napari_abdiffuser.widgets.session.side_jobs import SideJobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from qtpy.QtGui import QResizeEvent

    from napari_abdiffuser.layers.shown import Shown

__all__ = ["FigurePanel"]

_QUIET_MS = 150
_HIGHEST = 160  # pixels of the screen
_LOOK, _WRITE = "look", "write"


class FigurePanel(Panel):
    """A small picture of the figure, what it has, its caption, and the way into a file.

    Parameters
    ----------
    context
        See `Context`.
    """

    title: ClassVar[str] = texts.TITLE

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("figure_panel")
        self._jobs = SideJobs(self)
        self._originals = Originals()
        self._pixmap: QPixmap | None = None
        self._wanted = False
        self.picture = QLabel(self)
        self.picture.setObjectName("figure_look")
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.controls = FigureControls(self)
        self.caption = Sentence("figure_caption", self)
        self.copy_button = self._button("figure_copy", texts.COPY, self._copy)
        self.export_button = self._button("figure_export", texts.EXPORT, self.export)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button, 1)
        buttons.addWidget(self.export_button, 1)
        self.column.addWidget(self.picture)
        self.column.addWidget(self.controls)
        self.column.addLayout(buttons)
        self.column.addWidget(self.caption)
        self._of_layer = Connections()
        self._watched: tuple[int, ...] = ()
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET_MS)
        self._quiet.timeout.connect(self._look)
        self.controls.changed.connect(self._later)
        context.store.changed.connect(self._later)
        context.bench.placed.connect(self._later)
        layers = context.viewer.layers
        for signal in (
            layers.events.inserted, layers.events.removed, layers.events.moved,
            layers.selection.events.active, context.viewer.dims.events.current_step,
        ):  # fmt: skip
            self.connections.connect(signal, self._later)
        self._show_nothing()

    @property
    def busy(self) -> bool:
        """Whether the small picture is not yet that of the present state."""
        return bool(self._quiet.isActive()) or self._jobs.busy(_LOOK)

    def cleanup(self) -> None:
        """Cut all connections and stop work; a file that is being written is not kept."""
        super().cleanup()
        self._of_layer.cleanup()
        self._watched = ()
        self._jobs.cleanup()

    def come_forward(self, in_front: bool) -> None:
        """Make the picture that nobody looked at while another tab was in front."""
        super().come_forward(in_front)
        self._later()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the picture to the dock."""
        super().resizeEvent(event)
        self._fit()

    def _button(self, name: str, text: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.clicked.connect(lambda *_: action())
        return button

    # --- the small picture ---

    def _later(self, *_: object) -> None:
        # Once it was looked at, the caption is that of the screen behind another tab, too.
        self._wanted |= self.in_front
        if self._wanted:
            self._quiet.start()

    def _look(self) -> None:
        """Have a small figure of what is on screen made."""
        context = self.context
        self._watch(shown_layer(context.viewer))
        shown = self._on_screen()
        self._follow(shown)
        if shown is None:
            self._jobs.cancel(_LOOK)
            self._show_nothing()
            return
        options, originals = self.controls.options, self._originals

        def work(cancelled: Callable[[], bool]) -> Look:
            return look(shown, options, originals, cancelled)

        self._jobs.run(_LOOK, work, lambda made: self._show(made, shown), self.failed.emit)

    def _on_screen(self) -> Shown | None:
        sources = self.context.sources
        images = [sources.image, *sources.image_field.layers]
        return shown_coloring(self.context.viewer, images, self.context.store.state.legend)

    def _follow(self, shown: Shown | None) -> None:
        there = shown is not None and self._originals.known(shown)
        self.controls.follow(shown, original=there)

    def _watch(self, layer: Any) -> None:
        """Hear when the colouring on screen changes, or is hidden."""
        layers = [unwrap(each) for each in self.context.viewer.layers]
        seen = (id(layer), *map(id, layers))  # numbers: what is removed shall not live on here
        if seen == self._watched:
            return
        self._of_layer.cleanup()
        self._watched = seen
        for each in layers:
            self._of_layer.connect(each.events.visible, self._later)
        if layer is not None:
            for name in ("set_data", "data", "metadata", "scale", "units"):
                signal = getattr(layer.events, name, None)
                if signal is not None:
                    self._of_layer.connect(signal, self._later)

    def _show(self, made: Look, shown: Shown) -> None:
        self.controls.follow(shown, original=made.has_original)
        pixels = np.ascontiguousarray(made.figure.pixels)
        self._pixmap = _pixmap(pixels)
        self._fit()
        height, width = made.size
        self.picture.setToolTip(texts.look_tip(height, width, made.figure.options.dpi))
        self.caption.setText(made.caption)
        self._allow()

    def _show_nothing(self) -> None:
        self._pixmap = None
        self.picture.clear()
        self.picture.setFixedHeight(0)
        self.caption.setText(texts.NOTHING)
        self._allow()

    def _fit(self) -> None:
        if self._pixmap is None:
            return
        ratio = self.devicePixelRatioF()
        fitted = self._pixmap.scaled(
            round(max(1, self.width()) * ratio),
            round(_HIGHEST * ratio),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        fitted.setDevicePixelRatio(ratio)
        self.picture.setFixedHeight(round(fitted.height() / ratio))
        self.picture.setPixmap(fitted)

    def _allow(self) -> None:
        there, writing = self._pixmap is not None, self._jobs.busy(_WRITE)
        self.copy_button.setEnabled(there)
        self.copy_button.setToolTip(texts.COPY_TIP if there else texts.WHY_NOTHING)
        self.export_button.setEnabled(there and not writing)
        why = texts.BUSY if writing else texts.WHY_NOTHING
        self.export_button.setToolTip(texts.EXPORT_TIP if there and not writing else why)

    # --- what the user does ---

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self._pixmap is not None:
            clipboard.setText(self.caption.text())
            self.said.emit(texts.COPIED)

    def export(self) -> None:
        """Ask where to, and write the figure of the colouring on screen."""
        shown = self._on_screen()
        if shown is None:
            self.failed.emit(texts.WHY_NOTHING)
            return
        path = ask_path(self, last_folder("figure") / texts.file_name(shown.name))
        if path is not None:
            self.export_to(path)

    def export_to(self, path: Path) -> None:
        """Write the figure of the colouring on screen, in a worker."""
        shown = self._on_screen()
        if shown is None:
            self.failed.emit(texts.WHY_NOTHING)
            return
        self._follow(shown)
        options = self.controls.options

        def work(cancelled: Callable[[], bool]) -> Path:
            written, _ = write(path, shown, options, cancelled)
            remember_folder("figure", written.parent)
            return written

        self.said.emit(texts.EXPORTING)
        self._jobs.run(_WRITE, work, self._on_written, self._on_failed, title=texts.EXPORT)
        self._allow()

    def _on_written(self, path: Path) -> None:
        self._allow()
        self.said.emit(texts.EXPORTED.format(path=path))

    def _on_failed(self, message: str) -> None:
        self._allow()
        self.failed.emit(message)


def ask_path(parent: QWidget, offered: Path) -> Path | None:
    """Ask where to; None if the user has changed their mind."""
    name, kind = QFileDialog.getSaveFileName(
        parent, texts.EXPORT, str(offered), texts.EXPORT_FILTER
    )
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() not in SUFFIXES:
        ending = ".tif" if "*.tif" in kind else ".png"
        # The dialog has asked about the name without its ending: nothing is overwritten unasked.
        names = (f"{path.name}{n}{ending}" for n in ("", *(f" {k}" for k in range(2, 1000))))
        path = next(p for p in map(path.with_name, names) if not p.exists())
    return path


def _pixmap(pixels: NDArray[np.uint8]) -> QPixmap:
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy())
