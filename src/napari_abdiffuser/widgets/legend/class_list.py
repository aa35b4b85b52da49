"""The list of classes: choose, rename, recolour, lock, reorder, by mouse or keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from napari_abdiffuser.studio.legend.hints import counts
from napari_abdiffuser.widgets.common.plain import plain_tip
from napari_abdiffuser.widgets.legend import texts

if TYPE_CHECKING:
    from qtpy.QtCore import QPoint
    from qtpy.QtGui import QDropEvent, QKeyEvent, QMouseEvent

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.classes import HintClass
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["LegendList", "swatch_icon"]

_NAME, _COUNT, _KEY, _LOCK = range(4)
_CLASS = Qt.ItemDataRole.UserRole
_ROWS = 7  # in sight, however many there are: what is below never moves
_ICON = QSize(16, 16)
_MARGIN = 4  # left and right of it, together
_INK = "#8a8f98"  # seen on light and dark
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignCenter
_HEAD = (
    (texts.TITLE, texts.LIST_TIP),
    (texts.COUNT, texts.COUNT_HEAD_TIP),
    (texts.KEY, texts.KEY_HEAD_TIP),
    ("", texts.LOCK_HEAD_TIP),
)


class LegendList(QTreeWidget):
    """Named classes with their colours, the numbers of their hints, and their keys.

    Parameters
    ----------
    store
        Holds the legend; every change goes through it.
    """

    asked_color = Signal(str)
    """Emitted with the name of a class whose colour the user wants to change."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._filling = False
        self.setObjectName("legend_list")
        self.setToolTip(texts.LIST_TIP)
        self.setColumnCount(4)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(_ICON)
        self.setAllColumnsShowFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        head = self.headerItem()
        if head is not None:
            for column, (text, tip) in enumerate(_HEAD):
                head.setText(column, text)
                head.setToolTip(column, tip)
                head.setTextAlignment(column, _CENTER if column else _LEFT)
        header = self.header()
        if header is not None:
            header.setObjectName("legend_head")
            header.setSectionsClickable(False)
            header.setStretchLastSection(False)
            header.setMinimumSectionSize(20)
            header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
            for column in (_COUNT, _KEY, _LOCK):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.currentItemChanged.connect(self._on_current)
        self.itemChanged.connect(self._on_renamed)
        self.itemClicked.connect(self._on_clicked)
        store.changed.connect(self._on_state)
        self._fill(store.state)

    @property
    def chosen(self) -> str:
        """Name of the class of the next hint."""
        return self._store.state.active

    def move(self, step: int) -> None:  # type: ignore[override]
        """Move the chosen class down by so many places, or up."""
        legend, name = self._store.state.legend, self.chosen
        self._place(name, legend.names.index(name) + step)

    # --- following the state ---

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.legend is not old.legend or new.active != old.active or new.hints is not old.hints:
            self._fill(new)

    def _fill(self, state: StudioState) -> None:
        self._filling = True
        found, ink = counts(state.hints), QColor(_INK)
        while self.topLevelItemCount() > len(state.legend):
            self.takeTopLevelItem(self.topLevelItemCount() - 1)
        for row, entry in enumerate(state.legend):
            item = self.topLevelItem(row)
            if item is None:
                item = QTreeWidgetItem(self)
            _show(item, entry, found.get(entry.name, 0), ink, gray=row == 0)
            if entry.name == state.active and self.currentItem() is not item:
                self.setCurrentItem(item)
        self._filling = False
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return a height that does not depend on how many classes there are."""
        header = self.header()
        head = 0 if header is None else header.sizeHint().height()
        row = max(self.sizeHintForRow(0), _ICON.height())
        return QSize(super().sizeHint().width(), head + _ROWS * row + 2 * self.frameWidth() + 2)

    def minimumSizeHint(self) -> QSize:
        """Return the same height: a layout gives room whenever style or rows change."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    # --- what the user does ---

    def _on_current(self, item: QTreeWidgetItem | None, _: Any = None) -> None:
        if item is not None and not self._filling:
            name = item.data(_NAME, _CLASS)
            self._store.apply(lambda s: s.choose(name))

    def _on_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _LOCK:
            self._toggle_lock(item.data(_NAME, _CLASS))

    def _toggle_lock(self, name: str) -> None:
        locked = self._store.state.legend[name].locked
        self._store.apply(lambda s: s.lock_class(name, not locked))

    def _on_renamed(self, item: QTreeWidgetItem, column: int) -> None:
        if self._filling or column != _NAME:
            return
        name, new = item.data(_NAME, _CLASS), item.text(_NAME)
        # Refused or not, the list shows what the legend says.
        self._store.apply(lambda s: s if new == name else s.rename_class(name, new))
        self._fill(self._store.state)

    def edit(self, *arguments: Any) -> Any:
        """Let names alone be edited."""
        if len(arguments) == 3 and arguments[0].column() != _NAME:
            return False
        return super().edit(*arguments)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Ask for another colour on a swatch; beside it, the name is edited."""
        name = None if event is None else self._swatch_at(event.position().toPoint())
        if event is None or name is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseDoubleClickEvent(event)
            return
        event.accept()
        self.asked_color.emit(name)

    def _swatch_at(self, place: QPoint) -> str | None:
        """Return the name of the class whose swatch is at a place of the viewport."""
        item, index = self.itemAt(place), self.indexAt(place)
        if item is None or index.column() != _NAME:
            return None
        beside = place.x() - self.visualRect(index).left()
        return str(item.data(_NAME, _CLASS)) if beside <= _ICON.width() + _MARGIN else None

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Let number keys choose classes, Alt and arrows reorder, L lock, Delete remove."""
        if event is None:
            return
        key, alt = event.key(), event.modifiers() & Qt.KeyboardModifier.AltModifier
        digit = int(key) - int(Qt.Key.Key_0)
        if 0 <= digit <= 9:
            self._store.apply(lambda s: s.press(digit))
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_L and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self._toggle_lock(self.chosen)
        elif key == Qt.Key.Key_Delete:
            name = self.chosen
            self._store.apply(lambda s: s.remove_class(name))
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Reorder by drag and drop; the list itself follows the legend."""
        if event is None or event.source() is not self:
            return
        item = self.currentItem()
        below = self.indexAt(event.position().toPoint()).row()
        if item is not None:
            self._place(item.data(_NAME, _CLASS), below if below >= 0 else len(self._legend()))
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()

    def _legend(self) -> Any:
        return self._store.state.legend

    def _place(self, name: str, position: int) -> None:
        legend = self._legend().move(name, position)
        if legend.names != self._legend().names:
            self._store.apply(lambda s: s.set_legend(legend, texts.REORDERED))


def swatch_icon(color: str) -> QIcon:
    """Draw a round swatch."""
    picture = QPixmap(_ICON * 2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawEllipse(picture.rect().adjusted(2, 2, -2, -2))
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)  # Qt would tint it, and colours matter here
    return icon


def lock_icon(locked: bool, color: QColor) -> QIcon:
    """Draw a padlock, closed, or open and faint."""
    picture = QPixmap(_ICON * 2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(1.0 if locked else 0.6)
    painter.setPen(QPen(color, 3.0 if locked else 2.0))
    painter.drawArc(10 if locked else 2, 5, 12, 18, 0, 180 * 16)
    painter.setBrush(color if locked else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(8, 14, 16, 12, 3, 3)
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon


def _show(item: QTreeWidgetItem, entry: HintClass, count: int, ink: QColor, *, gray: bool) -> None:
    """Let a row show a class; only what differs is changed."""
    flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
    flags = flags if gray else flags | Qt.ItemFlag.ItemIsDragEnabled
    if item.flags() != flags:  # Qt would take away what is being typed into an editor
        item.setFlags(flags)
    shown = (entry.name, entry.hex)
    if item.data(_NAME, _CLASS.value + 1) != shown:
        item.setData(_NAME, _CLASS.value + 1, shown)
        item.setData(_NAME, _CLASS, entry.name)
        item.setIcon(_NAME, swatch_icon(entry.hex))
    item.setText(_NAME, entry.name)  # also after a name was refused
    key = "" if entry.key is None else str(entry.key)
    item.setText(_COUNT, str(count) if count else "")
    item.setText(_KEY, key)
    item.setIcon(_LOCK, lock_icon(entry.locked, ink))
    item.setToolTip(
        _NAME, texts.GRAY_TIP if gray else plain_tip(texts.CLASS_TIP.format(name=entry.name))
    )
    item.setToolTip(_COUNT, plain_tip(texts.COUNT_TIP.format(count=count, name=entry.name)))
    item.setToolTip(_KEY, texts.KEY_TIP.format(key=key) if key else texts.NO_KEY_TIP)
    item.setToolTip(_LOCK, texts.UNLOCK_TIP if entry.locked else texts.LOCK_TIP)
    for column in (_COUNT, _KEY, _LOCK):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignCenter)
