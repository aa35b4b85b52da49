"""Changing the model: loaded in the background, used when it is there, refused in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.jobs.events import Ready
from napari_abdiffuser.widgets.settings import texts
from napari_abdiffuser.widgets.settings.model_row import shown_name

if TYPE_CHECKING:
    from napari_abdiffuser.jobs.events import Event
    from napari_abdiffuser.widgets.session.run import RunController
    from napari_abdiffuser.widgets.session.workbench import Workbench
    from napari_abdiffuser.widgets.settings.options import Options

__all__ = ["ModelChoice"]


class ModelChoice(QObject):
    """Loads the model that the options ask for, and lets the workbench use it.

    Parameters
    ----------
    options
        Where model and device are chosen.
    runs
        Load models ahead of runs.
    bench
        Opens the picture with the model in use.
    """

    said = Signal(str)
    failed = Signal(str)
    device_said = Signal(str)

    def __init__(
        self, options: Options, runs: RunController, bench: Workbench, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._options, self._runs, self._bench = options, runs, bench
        self._row = options.model_row
        self._row.asked.connect(self.load)
        runs.happened.connect(self._on_event)
        runs.not_ready.connect(self._on_not_ready)
        runs.loading_stopped.connect(self._on_stopped)

    def load(self, asked: str = "") -> None:
        """Load the model asked for, or again the one in use, where the device is another one."""
        row = self._row
        if row.wanted != row.model:
            self.said.emit(texts.MODEL_LOADING.format(model=shown_name(row.wanted)))
        elif asked:
            self.said.emit(texts.MODEL_USED.format(model=shown_name(row.model)))
        self._runs.prepare(row.wanted, self._options.values.device)

    def _on_event(self, event: Event) -> None:
        row = self._row
        if isinstance(event, Ready) and event.model == row.wanted != row.model:
            row.accept(event.model)
            self._bench.set_model(event.model)
            self.said.emit(texts.MODEL_USED.format(model=shown_name(event.model)))

    def _on_not_ready(self, message: str) -> None:
        row = self._row
        if row.wanted == row.model:
            self.device_said.emit(message)
            return
        self.failed.emit(row.reject(message))
        self.load()  # it is still there; its device is said again

    def _on_stopped(self) -> None:
        """Hear that the user has stopped the loading; the model in use comes with the next run."""
        row = self._row
        self.device_said.emit(texts.DEVICE_WITH_RUN)
        if row.wanted != row.model:
            self.said.emit(row.reject(texts.MODEL_STOPPED))
