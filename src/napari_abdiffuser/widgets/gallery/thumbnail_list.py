"""A list of thumbnails that is as high as its pictures need at the width it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon, QImage, QKeySequence, QPixmap, QShortcut
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from qtpy.QtGui import QResizeEvent

__all__ = ["NUMBER", "ThumbnailList", "icon_of"]

NUMBER = Qt.ItemDataRole.UserRole
"""Of an item: the number of its variation."""

_ICON = QSize(84, 72)
_ROWS = 3  # of thumbnails in sight; more are scrolled to
_MARGIN = 14


class ThumbnailList(QListWidget):
    """Pictures in rows, which fill the width anew whenever it changes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setMovement(QListWidget.Movement.Static)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setIconSize(_ICON)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def on_key(self, key: str, action: Callable[[], None]) -> None:
        """Let a key do something while the list has the focus."""
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(action)

    def fit(self) -> None:
        """Take as much height as the thumbnails need, up to some rows."""
        height = _ICON.height() + self.fontMetrics().height() + _MARGIN
        least = _ICON.width() + _MARGIN
        frame = 2 * self.frameWidth()
        room = self.width() - frame
        rows = -(-self.count() // max(1, room // least))
        # Said outright: left to itself a bar takes a column, whose row then needs the bar.
        scrolls, policy = rows > _ROWS, Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOn if scrolls else policy.ScrollBarAlwaysOff
        )
        if scrolls:
            bar = self.verticalScrollBar()
            room -= 0 if bar is None else bar.sizeHint().width()
        across = max(1, room // least)
        rows = min(_ROWS, -(-self.count() // across))
        # A little less than a share of the width: what is wrapped shall not depend on rounding.
        self.setGridSize(QSize(max(least, (room - 1) // across), height))
        self.setFixedHeight(max(1, rows) * height + frame)

    def resizeEvent(self, e: QResizeEvent | None) -> None:
        """Lay the thumbnails out anew."""
        super().resizeEvent(e)
        if e is not None and e.oldSize().width() != e.size().width():
            self.fit()


def icon_of(rgb: NDArray[np.uint8]) -> QIcon:
    """Make an icon of a small picture (h, w, 3)."""
    pixels = np.ascontiguousarray(rgb)
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image.copy())
    icon = QIcon(pixmap)
    # Qt would tint the chosen ones, and their colours are what there is to see.
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
