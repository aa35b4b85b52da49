"""The folder of downloaded models: shown, and chosen."""

from __future__ import annotations

import os
from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from napari_abdiffuser.weights.registry import CACHE_VARIABLE, cache_folder
from napari_abdiffuser.widgets.settings import texts

__all__ = ["CacheRow"]


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
