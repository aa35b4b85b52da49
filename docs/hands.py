"""Hands and eyes for scripts that use the studio as a person does: mouse, keys, screenshots."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtGui import QImage
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QPushButton,
    QWidget,
)

__all__ = ["Hands", "save"]

_LEFT = Qt.MouseButton.LeftButton
_PLAIN = Qt.KeyboardModifier.NoModifier
_PAUSE_MS = 60  # between the acts of a quick hand
_MENU_MS = 400  # until a menu or dialog is up


class Hands:
    """A person at the window.

    Parameters
    ----------
    viewer
        napari's.
    widget
        The docked studio.
    patience
        Seconds that any one thing may take.
    """

    def __init__(self, viewer: Any, widget: QWidget, patience: float = 300.0) -> None:
        self.viewer = viewer
        self.widget: Any = widget
        self.patience = patience

    # --- waiting and finding ---

    def wait(self, done: Callable[[], object]) -> None:
        """Let the window work until something is so."""
        end = time.monotonic() + self.patience
        while not done():
            if time.monotonic() > end:
                raise TimeoutError(f"Still waiting; the studio says: {self.said}")
            QTest.qWait(10)

    @property
    def said(self) -> str:
        """The status line."""
        return str(self.widget.footer.status.text())

    def control(self, name: str, kind: type[QWidget] = QPushButton) -> Any:
        """Return a control by its object name."""
        found = self.widget.findChild(kind, name)
        if found is None:
            raise LookupError(name)
        return found

    def unfold(self, title: str) -> None:
        """Bring a section to the front, by its title or the name of its tab."""
        tabs = self.widget.tabs
        names = [tabs.tabText(n) for n in range(tabs.count())]
        if title in names:
            self.tab(names.index(title))
            return
        found = next((p for p in self.widget.panels if p.title == title), None)
        self.reveal(self.widget.options if found is None else found)

    def tab(self, at: int) -> None:
        """Click a tab; from the menu, go back first."""
        menu = self.widget.header.menu_button
        if menu.isChecked():
            QTest.mouseClick(menu, _LEFT, _PLAIN, menu.rect().center())
        bar = self.widget.tabs.tabBar()
        QTest.mouseClick(bar, _LEFT, _PLAIN, bar.tabRect(at).center())
        QTest.qWait(_PAUSE_MS)

    def reveal(self, control: QWidget, around: int = 24) -> None:
        """Bring a control to the front and, if need be, scroll until it is in sight."""
        menu, pages = self.widget.header.menu_button, self.widget.tab_pages
        if self.widget.menu_page.isAncestorOf(control):
            if not menu.isChecked():
                QTest.mouseClick(menu, _LEFT, _PLAIN, menu.rect().center())
        else:
            at = next((n for n, p in enumerate(pages) if p.isAncestorOf(control)), None)
            if at is not None and (menu.isChecked() or self.widget.tabs.currentIndex() != at):
                self.tab(at)
        scrolls = (*pages, self.widget.menu_page)
        scroll = next((s for s in scrolls if s.isAncestorOf(control)), None)
        if scroll is None:
            return
        inside = scroll.widget()
        bar, height = scroll.verticalScrollBar(), scroll.viewport().height()
        top = control.mapTo(inside, QPoint(0, 0)).y()
        bottom = top + control.height()
        if bottom > bar.value() + height:
            bar.setValue(bottom + around - height)
        if top < bar.value():  # of what is higher than the dock, the upper part
            bar.setValue(top - around)
        QTest.qWait(_PAUSE_MS)

    # --- mouse and keys in the dock ---

    def click(self, control: QWidget, at: QPoint | None = None, keys: Any = _PLAIN) -> None:
        """Click a control that can be clicked."""
        self.reveal(control)
        if not (control.isVisible() and control.isEnabled()):
            raise RuntimeError(f"{control.objectName()} is off: {control.toolTip()}")
        QTest.mouseClick(control, _LEFT, keys, control.rect().center() if at is None else at)
        QTest.qWait(_PAUSE_MS)

    def press(self, name: str, kind: type[QWidget] = QPushButton) -> Any:
        """Click a control by its object name, and return it."""
        control = self.control(name, kind)
        # Check boxes are wider than their words: a click at the left is on them.
        box = control if not hasattr(control, "setTristate") else None
        self.click(control, None if box is not None else QPoint(9, control.height() // 2))
        return control

    def item(self, view: QAbstractItemView, row: int, column: int = 0) -> QPoint:
        """Return where an entry of a list, tree or table is."""
        model = view.model()
        return view.visualRect(model.index(row, column)).center()

    def click_item(
        self, view: Any, row: int, column: int = 0, *, double: bool = False, keys: Any = _PLAIN
    ) -> None:
        """Click an entry of a list, or double-click it."""
        self.reveal(view)
        model = view.model()
        view.scrollTo(model.index(row, column))
        place = self.item(view, row, column)
        QTest.mouseClick(view.viewport(), _LEFT, keys, place)
        if double:
            QTest.mouseDClick(view.viewport(), _LEFT, keys, place)
        QTest.qWait(_PAUSE_MS)

    def type(self, text: str, into: QWidget | None = None) -> None:
        """Type into what has the keyboard."""
        QTest.keyClicks(into or QApplication.focusWidget(), text)

    def key(self, key: Any, keys: Any = _PLAIN, to: QWidget | None = None) -> None:
        """Press a key."""
        QTest.keyClick(to or QApplication.focusWidget() or self.widget, key, keys)
        QTest.qWait(_PAUSE_MS)

    def number(self, field: Any, value: int) -> None:
        """Type a number into a field."""
        line = field.findChild(QLineEdit)
        self.click(line)
        self.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier, to=line)
        self.type(str(value), line)
        self.key(Qt.Key.Key_Tab, to=line)

    def choose(self, combo: QComboBox, text: str) -> None:
        """Choose an entry of a combo box, with the keyboard."""
        self.reveal(combo)
        combo.setFocus()
        self.key(Qt.Key.Key_Home, to=combo)
        while combo.currentText() != text:
            before = combo.currentIndex()
            self.key(Qt.Key.Key_Down, to=combo)
            if combo.currentIndex() == before:
                raise LookupError(text)

    def slide(self, slider: QWidget, begin: float, end: float) -> None:
        """Drag the handle of a slider from one share of its length to another."""
        self.reveal(slider)
        places = [QPoint(round(slider.width() * x), slider.height() // 2) for x in (begin, end)]
        QTest.mousePress(slider, _LEFT, _PLAIN, places[0])
        QTest.mouseMove(slider, places[1])
        QTest.mouseRelease(slider, _LEFT, _PLAIN, places[1])
        QTest.qWait(_PAUSE_MS)

    # --- menus and dialogs, which keep the window waiting ---

    def pick(self, button: QWidget, text: str, shot: Callable[[], object] | None = None) -> None:
        """Open a button's menu and choose what begins with a text."""
        done: list[str] = []

        def act() -> None:
            menu = QApplication.activePopupWidget()
            if not isinstance(menu, QMenu):
                QTimer.singleShot(_MENU_MS, act)
                return
            action = next(a for a in menu.actions() if a.text().startswith(text))
            if shot is not None:
                menu.setActiveAction(action)
                QTest.qWait(_PAUSE_MS)
                shot()
            QTest.mouseClick(menu, _LEFT, _PLAIN, menu.actionGeometry(action).center())
            done.append(text)

        QTimer.singleShot(_MENU_MS, act)
        self.click(button)
        self.wait(lambda: done)

    def answer(self, button: QWidget, text: str) -> None:
        """Click what opens a dialog; paste the answer and press Enter."""
        done: list[str] = []

        def act() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                QTimer.singleShot(_MENU_MS, act)
                return
            line = dialog.findChild(QLineEdit)
            line.setText(text)  # as pasted: typing opens a list of files, which would take Enter
            QTest.keyClick(line, Qt.Key.Key_Return)
            done.append(text)

        QTimer.singleShot(_MENU_MS, act)
        self.click(button)
        self.wait(lambda: done)

    # --- the picture ---

    @property
    def window(self) -> QWidget:
        """The window that the studio is docked in; napari's own name for it is private."""
        return self.widget.window()

    @property
    def canvas(self) -> Any:
        """The part of the window that shows the picture."""
        found = self.window.findChildren(QWidget)
        return next(w for w in found if type(w).__name__ == "CanvasBackendDesktop")

    def place(self, at: Sequence[float], layer: Any = None) -> QPoint:
        """Return where (row, column) of a layer's picture is on the canvas."""
        layer = self.viewer.layers[0] if layer is None else layer
        lead = [0.0] * (layer.ndim - 2)
        world = np.asarray(layer.data_to_world([*lead, *at]))[-2:]
        camera, canvas = getattr(self.viewer, "scene", self.viewer).camera, self.canvas
        half = np.array([canvas.height(), canvas.width()]) / 2
        y, x = (world - np.asarray(camera.center)[-2:]) * camera.zoom + half
        return QPoint(round(x), round(y))

    def click_picture(self, at: Sequence[float], layer: Any = None) -> None:
        """Click a place of the picture."""
        self.drag([at], layer)

    def drag(self, places: Sequence[Sequence[float]], layer: Any = None) -> None:
        """Press the mouse button at the first place and release it at the last."""
        canvas, points = self.canvas, [self.place(at, layer) for at in places]
        QTest.mouseMove(canvas, points[0])
        QTest.qWait(_PAUSE_MS)
        QTest.mousePress(canvas, _LEFT, _PLAIN, points[0])
        for point in points[1:]:
            QTest.mouseMove(canvas, point)
            QTest.qWait(20)
        QTest.mouseRelease(canvas, _LEFT, _PLAIN, points[-1])
        QTest.qWait(_PAUSE_MS)

    # --- eyes ---

    def look(self, path: Path) -> None:
        """Keep what the screen shows of the window, menus and dialogs included."""
        QTest.qWait(300)
        window = self.window
        screen = window.screen()
        frame = window.frameGeometry()
        grabbed = screen.grabWindow(0, frame.x(), frame.y(), frame.width(), frame.height())
        image = grabbed.toImage().convertToFormat(QImage.Format.Format_RGB888)
        bits = image.constBits()
        bits.setsize(image.sizeInBytes())
        rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
        save(rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3), path)


def save(pixels: Any, path: Path) -> None:
    """Write a small picture; JPEG keeps colours true that 256 of a PNG would not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(np.ascontiguousarray(np.asarray(pixels)[..., :3]))
    picture.thumbnail((1040, 1040), Image.Resampling.LANCZOS)
    picture.save(path, quality=68, optimize=True)
