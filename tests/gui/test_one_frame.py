"""A window draws once what would be drawn twice, and never waits for long."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QWidget

from napari_abdiffuser.widgets.live.one_frame import OneFrame


class Drawn(QWidget):
    """Counts how often it is drawn."""

    count = 0

    def paintEvent(self, event):
        self.count += 1


@pytest.fixture(autouse=True)
def no_button_down(monkeypatch):
    """A test before may have pressed one and never let it go."""
    monkeypatch.setattr(QApplication, "mouseButtons", lambda: Qt.MouseButton.NoButton)


@pytest.fixture
def drawn(qtbot):
    widget = Drawn()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    qtbot.wait(100)
    widget.count = 0
    return widget


def test_what_changes_meanwhile_is_drawn_once(drawn, qtbot):
    frame = OneFrame(drawn)
    frame.hold()
    for _ in range(3):
        drawn.update()
        qtbot.wait(10)
    assert frame.held
    assert drawn.count == 0
    frame.release()
    qtbot.waitUntil(lambda: drawn.count == 1, timeout=2000)
    drawn.update()
    qtbot.waitUntil(lambda: drawn.count == 2, timeout=2000)


def test_it_is_drawn_without_release_too(drawn, qtbot):
    frame = OneFrame(drawn)
    frame.hold()
    drawn.update()
    qtbot.waitUntil(lambda: drawn.count == 1, timeout=2000)
    assert not frame.held


def test_a_dragging_hand_sees_where_it_is(drawn, qtbot, monkeypatch):
    monkeypatch.setattr(QApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    frame = OneFrame(drawn)
    frame.hold()
    assert not frame.held


def test_a_window_that_outlives_what_held_it_is_drawn(drawn, qtbot):
    part = QWidget(drawn)
    frame = OneFrame(part)
    frame.hold()
    drawn.update()
    qtbot.wait(20)
    part.setParent(None)
    part.deleteLater()
    qtbot.waitUntil(lambda: not isalive(part), timeout=2000)
    frame.release()
    drawn.count = 0
    drawn.update()
    qtbot.waitUntil(lambda: drawn.count >= 1, timeout=2000)


def isalive(widget):
    try:
        widget.objectName()
    except RuntimeError:
        return False
    return True


def test_a_floating_window_holds_the_one_below_it(drawn, qtbot):
    above = Drawn(drawn, Qt.WindowType.Tool)
    with qtbot.waitExposed(above):
        above.show()
    qtbot.wait(100)
    drawn.count = above.count = 0
    frame = OneFrame(above)
    frame.hold()
    drawn.update()
    above.update()
    qtbot.wait(20)
    assert (drawn.count, above.count) == (0, 0)
    frame.release()
    qtbot.waitUntil(lambda: (drawn.count, above.count) == (1, 1), timeout=2000)
