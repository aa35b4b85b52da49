"""A palette of colour swatches, gray first, with one of them current."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QColorDialog,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_abdiffuser.widgets.common import texts
from napari_abdiffuser.widgets.common.plain import plain_tip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtGui import QPaintEvent

__all__ = ["COLORS", "Palette", "Swatch"]

# Hues that SEM figures use, at medium chroma; the image supplies the lightness. One gray: black
# and white would mean the same.
COLORS = {
    "gray": "#808080",
    "red": "#c8463f",
    "orange": "#dd7f35",
    "amber": "#d9a441",
    "yellow": "#e0cf4f",
    "olive": "#97a03d",
    "green": "#4f9a52",
    "sea green": "#3fa388",
    "sand": "#cbb694",
    "brown": "#94643f",
    "pink": "#dd8fa6",
    "magenta": "#b8529a",
    "violet": "#8357b5",
    "indigo": "#5560bd",
    "blue": "#4483cb",
    "sky": "#52b2d2",
}
_COLUMNS = 10
_ROWS = 2  # room that is kept, so that nothing moves when another palette is taken


class Swatch(QAbstractButton):
    """A round colour button; the current one wears a ring.

    Parameters
    ----------
    name, color
        Name for tooltip and screen readers, and '#rrggbb'.
    """

    def __init__(self, name: str, color: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setObjectName(f"swatch_{name.replace(' ', '_')}")
        self.set_color(name, color)

    def set_color(self, name: str, color: str) -> None:
        """Change the colour that the button stands for."""
        self.color = color
        self.setToolTip(plain_tip(texts.SWATCH_TIP.format(name=name.capitalize())))
        self.setAccessibleName(name)
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the swatch and its ring."""
        return QSize(28, 28)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw a disc; a ring around it when current, a thinner one under mouse or focus."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = QColor(self.color)
        if not self.isEnabled():
            color.setAlphaF(0.35)
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self.isChecked() or self.underMouse() or self.hasFocus():
            painter.setPen(QPen(color, 2.2 if self.isChecked() else 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(area)
        inset = 3.5 if self.isChecked() else 2.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(area.adjusted(inset, inset, -inset, -inset))
        painter.end()


class Palette(QWidget):
    """Swatches in a grid, and a button for any other colour.

    Parameters
    ----------
    beside
        What chooses the palette: it stands beside that button.
    """

    picked = Signal(str)
    """Emitted with '#rrggbb' when the user chooses a colour, also the current one again."""

    def __init__(self, parent: QWidget | None = None, beside: QWidget | None = None) -> None:
        super().__init__(parent)
        head = QHBoxLayout()
        head.setSpacing(6)
        grid = QGridLayout()
        grid.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(grid)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._grid = grid
        self.swatches: list[Swatch] = []
        # A colour that is not among the swatches has its own place, shown when there is one.
        self._other = Swatch(texts.OTHER_COLOR, COLORS["gray"], self)
        self._group.addButton(self._other)
        policy = self._other.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._other.setSizePolicy(policy)
        self._other.hide()
        self._choose = QPushButton(texts.OTHER_COLOR, self)
        self._choose.setObjectName("other_color")
        self._choose.setToolTip(texts.OTHER_COLOR_TIP)
        for part in (beside, self._other, self._choose):
            if part is not None:
                head.addWidget(part, 1 if part is beside else 0)
        grid.setColumnStretch(_COLUMNS, 1)
        for row in range(_ROWS):
            grid.setRowMinimumHeight(row, self._other.sizeHint().height())
        self.set_palette({name: color for name, color in COLORS.items() if name != "gray"})
        self._group.buttonClicked.connect(self._on_click)
        self._choose.clicked.connect(self._on_choose)
        self.set_color(COLORS["gray"])

    @property
    def color(self) -> str:
        """The current colour, '#rrggbb'."""
        button = self._group.checkedButton()
        return str(button.color) if isinstance(button, Swatch) else COLORS["gray"]

    def set_palette(self, colors: Mapping[str, str]) -> None:
        """Offer other colours: names and '#rrggbb', without gray, which is always there."""
        for swatch in self.swatches:
            self._group.removeButton(swatch)
            self._grid.removeWidget(swatch)
            swatch.deleteLater()
        offered = {"gray": COLORS["gray"], **colors}
        self.swatches = [Swatch(name, color, self) for name, color in offered.items()]
        for position, swatch in enumerate(self.swatches):
            self._group.addButton(swatch)
            self._grid.addWidget(swatch, *divmod(position, _COLUMNS))
        # New ones would come last, after all other controls of the window.
        before: QWidget = self._choose
        for swatch in self.swatches:
            QWidget.setTabOrder(before, swatch)
            before = swatch

    def name_of(self, color: str) -> str | None:
        """Return the palette's name of a colour, if it is one of its own."""
        wanted = QColor(color).name()
        found = (s for s in self.swatches if QColor(s.color).name() == wanted)
        return next((s.accessibleName() for s in found), None)

    def set_color(self, color: str) -> None:
        """Show a colour as the current one, without a signal."""
        wanted = QColor(color).name()
        for swatch in self.swatches:
            if QColor(swatch.color).name() == wanted:
                swatch.setChecked(True)
                self._other.hide()
                return
        self._other.set_color(wanted, wanted)
        self._other.show()
        self._other.setChecked(True)

    def _on_click(self, button: QAbstractButton) -> None:
        if isinstance(button, Swatch):
            self.picked.emit(QColor(button.color).name())

    def _on_choose(self) -> None:
        color = QColorDialog.getColor(QColor(self.color), self, texts.COLOR)
        if color.isValid():
            self.set_color(color.name())
            self.picked.emit(color.name())
