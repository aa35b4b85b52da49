"""The header of the studio: the image, undo and redo, the menu, and what belongs to the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_abdiffuser.widgets.common import texts

if TYPE_CHECKING:
    from napari_abdiffuser.widgets.correct.undo import UndoBar
    from napari_abdiffuser.widgets.session.sources import Sources

__all__ = ["Header"]

_BARS = "\N{TRIGRAM FOR HEAVEN}"


class Header(QWidget):
    """What is in sight above every tab.

    Parameters
    ----------
    sources
        The choice of the image.
    undo_bar
        Undo and redo.
    """

    def __init__(self, sources: Sources, undo_bar: UndoBar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu_button = QPushButton(_BARS, self)
        self.menu_button.setObjectName("studio_menu")
        self.menu_button.setCheckable(True)
        self.menu_button.setProperty("symbol", True)
        self.menu_button.setAccessibleName(texts.MENU)
        self.menu_button.setToolTip(texts.MENU_TIP)
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 8, 10, 6)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(4)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(sources, 0, 0)
        grid.addWidget(undo_bar, 0, 1, top)
        grid.addWidget(self.menu_button, 0, 2, top)
        grid.setColumnStretch(0, 1)
        self._grid = grid

    def add(self, part: QWidget) -> None:
        """Put a part below the image."""
        self._grid.addWidget(part, self._grid.rowCount(), 0, 1, 3)
