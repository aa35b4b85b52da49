"""The choice of the model: those that exist, and files."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QVBoxLayout, QWidget

from napari_abdiffuser.studio.settings.folders import last_folder, remember_folder
from napari_abdiffuser.weights.registry import load_registry
from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.settings import texts

__all__ = ["DEFAULT", "ModelRow"]

DEFAULT = "default"
_FILE = ""  # what stands for "choose a file"


class ModelRow(QWidget):
    """A list of models, and a line that says how it stands with the one chosen."""

    asked = Signal(str)
    """Emitted with a registry name or a path that is to be loaded."""

    chosen = Signal(str)
    """Emitted with the model that the user has chosen, once it is loaded."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = DEFAULT
        """The model in use."""
        self.wanted = DEFAULT
        """The model to be used: that in use, or one that is being loaded."""
        self._preferred = DEFAULT
        self._by_hand = False
        self.field = QComboBox(self)
        self.field.setObjectName("model_field")
        self.field.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.field.setMinimumContentsLength(8)
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
        self.accept(DEFAULT)

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
        """Hear that a model is loaded: it is the one in use from now on."""
        fresh, self.model, self.wanted = model != self.model, model, model
        self._show(model)
        self._say(self._description(model))
        if fresh and self._by_hand:
            self._preferred = model
            self.chosen.emit(model)
        self._by_hand = False

    def reject(self, message: str) -> str:
        """Hear that the model asked for cannot be used: the one before stays. Says so in words."""
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
            self.accept(model)  # back to the one in use: nobody waits for the other any more
        else:
            self._show(model)
            self._say(texts.MODEL_LOADING.format(model=shown_name(model)))
        self.asked.emit(model)

    def _show(self, model: str) -> None:
        found = self.field.findData(model)
        if found < 0:
            found = self.field.count() - 1
            self.field.insertItem(found, shown_name(model), model)
            self.field.setItemData(found, model, Qt.ItemDataRole.ToolTipRole)
        self.field.setCurrentIndex(found)
        self.field.setToolTip(f"{texts.MODEL_TIP}\n{self._description(model)}")

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
    """Return what a model is called in a list: its name, or its file's."""
    return model if load_registry().find(model) is not None else Path(model).name
