"""The keyboard in the dock widget: an order that follows the eye, and two shortcuts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QLayout, QScrollArea, QTabWidget, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["add_shortcut", "in_reading_order", "set_tab_order"]


def add_shortcut(owner: QWidget, keys: str, action: Callable[[], object]) -> QShortcut:
    """Give a widget a shortcut that works while the keyboard is in it, and only then.

    Parameters
    ----------
    owner
        The widget.
    keys
        Such as 'Ctrl+Return'.
    action
        What to do.
    """
    shortcut = QShortcut(QKeySequence(keys), owner)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.activated.connect(action)
    return shortcut


def set_tab_order(root: QWidget) -> None:
    """Let Tab go through the controls as they stand, from top to bottom."""
    for first, second in pairwise(in_reading_order(root)):
        QWidget.setTabOrder(first, second)


def in_reading_order(widget: QWidget) -> Iterator[QWidget]:
    """Yield what Tab stops at in a widget, in the order of its layouts; hidden parts too."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        contents = [widget.widget()]
    elif isinstance(widget, QTabWidget):
        contents = [widget.tabBar(), *map(widget.widget, range(widget.count()))]
    else:
        contents = []
    if contents:
        for content in filter(None, contents):
            yield from in_reading_order(content)
    else:
        yield from _in_layout(widget.layout())


def _in_layout(layout: QLayout | None) -> Iterator[QWidget]:
    for position in range(0 if layout is None else layout.count()):
        item = layout.itemAt(position) if layout is not None else None
        if item is None:
            continue
        inner = item.widget()
        if inner is not None:
            yield from in_reading_order(inner)
        else:
            yield from _in_layout(item.layout())
