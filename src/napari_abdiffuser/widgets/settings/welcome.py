"""Three lines for first use, until they are sent away for ever."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from napari_abdiffuser.widgets.common.footer import Sentence
from napari_abdiffuser.widgets.settings import texts

__all__ = ["Welcome"]


class Welcome(QFrame):
    """What to do first, second and third."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("abdiffuser_welcome")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        for line in texts.WELCOME:
            sentence = Sentence("welcome_line", self)
            sentence.setText(line)
            column.addWidget(sentence)
        self.button = QPushButton(texts.GOT_IT, self)
        self.button.setObjectName("welcome_dismiss")
        self.button.setToolTip(texts.GOT_IT_TIP)
        self.button.clicked.connect(lambda *_: self.dismissed.emit())
        column.addWidget(self.button)
