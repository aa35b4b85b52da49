"""Choice of the model and of the folder of downloaded models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_abdiffuser.jobs.events import Ready
from napari_abdiffuser.options import RunOptions
from napari_abdiffuser.studio.settings.folders import last_folder, remember_folder
from napari_abdiffuser.weights.registry import CACHE_VARIABLE, cache_folder, load_registry
from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.common.form import combo
from napari_abdiffuser.widgets.common.plain import plain_tip
from napari_abdiffuser.widgets.settings import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.jobs.events import Event
    from napari_abdiffuser.widgets.session.run import RunController
    from napari_abdiffuser.widgets.session.workbench import Workbench

__all__ = ["CacheRow", "ModelChoice", "ModelRow", "shown_name"]

_FILE = ""  # data of the item "choose a file"


class ModelRow(QWidget):
    """List of models, and a line about the state of the chosen one."""

    asked = Signal(str)
    """Emitted with a registry name or a path that is to be loaded."""

    chosen = Signal(str)
    """Emitted with the model that the user has chosen, once it is loaded."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RunOptions.model
        """The model in use."""
        self.wanted = RunOptions.model
        """The model to be used: that in use, or one that is being loaded."""
        self._preferred = RunOptions.model
        self._by_hand = False
        self.field = combo()
        self.field.setObjectName("model_field")
        for entry in load_registry().models:
            self.field.addItem(entry.name, entry.name)
            self.field.setItemData(
                self.field.count() - 1, entry.description, Qt.ItemDataRole.ToolTipRole
            )
        self.field.addItem(texts.MODEL_FILE, _FILE)
        self.state = Sentence("abdiffuser_info", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addWidget(self.state)
        self.field.activated.connect(self._on_activated)
        self.setToolTip(texts.MODEL_TIP)
        self.accept(RunOptions.model)

    def prefer(self, model: str) -> None:
        """Ask for the model of the settings, when it becomes another one."""
        if model != self._preferred:
            self._preferred = model
            self._ask(model, by_hand=False)

    def choose(self, model: str) -> None:
        """Ask for a model as the user does."""
        self._ask(model, by_hand=True)

    def take(self, model: str) -> None:
        """Ask for the model of a file: in use for now, but not what the user prefers."""
        self._ask(model, by_hand=False)

    def accept(self, model: str) -> None:
        """Use a model that was loaded from now on."""
        fresh, self.model, self.wanted = model != self.model, model, model
        self._show(model)
        self._say(self._description(model))
        if fresh and self._by_hand:
            self._preferred = model
            self.chosen.emit(model)
        self._by_hand = False

    def reject(self, message: str) -> str:
        """Keep the model before, since the one asked for cannot be used; return a sentence."""
        self.wanted, self._by_hand = self.model, False
        self._show(self.model)
        text = texts.MODEL_REFUSED.format(why=message, model=shown_name(self.model))
        self._say(text)
        return text

    def _ask(self, model: str, *, by_hand: bool) -> None:
        if model == self.wanted:
            return
        self.wanted, self._by_hand = model, by_hand
        if model == self.model:
            self.accept(model)  # back to the one in use; the other is not needed any more
        else:
            self._show(model)
            self._say(texts.MODEL_LOADING.format(model=shown_name(model)))
        self.asked.emit(model)

    def _show(self, model: str) -> None:
        found = self.field.findData(model)
        if found < 0:
            found = self.field.count() - 1
            self.field.insertItem(found, shown_name(model), model)
            self.field.setItemData(found, plain_tip(model), Qt.ItemDataRole.ToolTipRole)
        self.field.setCurrentIndex(found)
        self.field.setToolTip(plain_tip(f"{texts.MODEL_TIP}\n{self._description(model)}"))

    def _say(self, text: str) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def _description(self, model: str) -> str:
        entry = load_registry().find(model)
        return model if entry is None else entry.description

    def _on_activated(self, index: int) -> None:
        model = self.field.itemData(index)
        if model == _FILE:
            self._show(self.wanted)
            self._open()
        else:
            self.choose(str(model))

    def _open(self) -> None:
        dialog = QFileDialog(self, texts.MODEL_TITLE, str(last_folder("model")), texts.MODEL_FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_file)
        dialog.open()

    def _on_file(self, path: str) -> None:
        remember_folder("model", Path(path).parent)
        self.choose(path)


def shown_name(model: str) -> str:
    """Return the name of a model in a list: its own, or that of its file."""
    return model if load_registry().find(model) is not None else Path(model).name


class ModelChoice(QObject):
    """Loads the model that is asked for, and lets the workbench use it.

    Parameters
    ----------
    row
        Where the model is chosen.
    device
        Returns the device that is chosen.
    runs
        Load models ahead of runs.
    bench
        Opens the picture with the model in use.
    """

    said = Signal(str)
    failed = Signal(str)
    device_said = Signal(str)

    def __init__(
        self,
        row: ModelRow,
        device: Callable[[], str],
        runs: RunController,
        bench: Workbench,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._row, self._device, self._runs, self._bench = row, device, runs, bench
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
        self._runs.prepare(row.wanted, self._device())

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
            self.failed.emit(message)
            return
        self.failed.emit(row.reject(message))
        self.load()  # it is still there; this shows its device again

    def _on_stopped(self) -> None:
        """Keep the model in use when the user stops the loading; it loads with the next run."""
        row = self._row
        self.device_said.emit(texts.DEVICE_WITH_RUN)
        if row.wanted != row.model:
            self.said.emit(row.reject(texts.MODEL_STOPPED))


class CacheRow(QWidget):
    """A path that can be read and copied, and a button to choose another."""

    chosen = Signal(str)
    """Emitted with the folder that the user has chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit(self)
        self.field.setObjectName("cache_field")
        self.field.setReadOnly(True)
        self.button = QPushButton(texts.CHOOSE_FOLDER, self)
        self.button.setObjectName("cache_choose")
        self.button.setAccessibleName(texts.CHOOSE_FOLDER_TIP)
        self.button.setMaximumWidth(36)
        self.button.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        self.refresh()

    def refresh(self) -> None:
        """Show the folder in force."""
        folder = str(cache_folder())
        home = str(Path.home())
        self.field.setText(
            "~" + folder[len(home) :] if folder.startswith(home + os.sep) else folder
        )
        self.field.setCursorPosition(0)
        tip = texts.CACHE_TIP.format(folder=folder)
        self.field.setToolTip(tip)
        self.setToolTip(tip)
        fixed = bool(os.environ.get(CACHE_VARIABLE))
        self.button.setEnabled(not fixed)
        why = texts.WHY_FOLDER_FIXED.format(variable=CACHE_VARIABLE)
        self.button.setToolTip(why if fixed else texts.CHOOSE_FOLDER_TIP)

    def _choose(self) -> None:
        dialog = QFileDialog(self, texts.FOLDER_TITLE, str(cache_folder().parent))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.chosen)
        dialog.open()
