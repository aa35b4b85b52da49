"""The table of areas: short in the dock, whole in the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QLocale, Qt
from qtpy.QtGui import QColor, QGuiApplication, QIcon, QKeySequence, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_abdiffuser.widgets.measure import texts

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from napari_abdiffuser.jobs.measure import Measured
    from napari_abdiffuser.studio.areas import AreaRow, AreaTable

__all__ = ["AreaView"]

_MOST_ROWS = 8  # in sight
_AREA, _LIGHTNESS = 2, 4


class AreaView(QTableWidget):
    """Shows an `AreaTable`; Ctrl+C copies rows under their header, tabs between the cells."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(texts.COLUMNS), parent)
        self.setObjectName("measure_table")
        self.setToolTip(texts.TABLE_TIP)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table, as it does everywhere in the dock
        self._table: AreaTable | None = None
        for column, (title, tip) in enumerate(zip(texts.COLUMNS, texts.COLUMN_TIPS, strict=True)):
            item = QTableWidgetItem(title)
            item.setToolTip(tip)
            self.setHorizontalHeaderItem(column, item)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is not None:
            rows.hide()
        if columns is not None:
            columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            columns.setMinimumSectionSize(34)

    def show_measured(self, found: Measured) -> None:
        """Fill the rows."""
        table = self._table = found.table
        self.setRowCount(len(table.rows))
        for at, row in enumerate(table.rows):
            color = found.colors[row.label - 1] if 0 < row.label <= len(found.colors) else None
            for column, text in enumerate(_cells(row)):
                item = QTableWidgetItem(text)
                item.setToolTip(row.name)
                if column:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                elif color is not None:
                    item.setIcon(_swatch(color))
                self.setItem(at, column, item)
        title = self.horizontalHeaderItem(_AREA)
        if title is not None and table.unit:
            title.setText(f"{table.unit}²")
        self.setColumnHidden(_AREA, not table.unit)
        self.setColumnHidden(_LIGHTNESS, all(row.mean_lightness is None for row in table.rows))
        self._fit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Copy on Ctrl+C."""
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self.copy(selected=True)
            event.accept()
            return
        super().keyPressEvent(event)

    def copy(self, *, selected: bool = False) -> None:
        """Put the table, or its selected rows if there are any, into the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if self._table is None or clipboard is None:
            return
        lines = self._table.to_text(decimal=QLocale().decimalPoint()).splitlines()
        rows = sorted({index.row() for index in self.selectedIndexes()}) if selected else []
        if rows:
            lines = [lines[0], *(lines[1 + row] for row in rows)]
        clipboard.setText("\n".join(lines) + "\n")

    def csv(self) -> str:
        """Return the whole table as the text of a CSV file."""
        return "" if self._table is None else self._table.to_text(",")

    def _fit(self) -> None:
        """Take as much height as the rows need, up to some of them."""
        header = self.horizontalHeader()
        height = 4 if header is None else header.sizeHint().height() + 4
        for row in range(min(_MOST_ROWS, self.rowCount())):
            height += self.rowHeight(row)
        self.setFixedHeight(height)


def _cells(row: AreaRow) -> tuple[str, ...]:
    area = "" if row.area is None else f"{row.area:.4g}"
    light = "" if row.mean_lightness is None else f"{row.mean_lightness:.1f}"
    return row.name, f"{100 * row.fraction:.2f}", area, str(row.objects), light


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
