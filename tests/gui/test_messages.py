"""What the studio says stays until the user does the next thing."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit

from napari_abdiffuser.widgets.common.footer import ActionWatch, Footer


def test_news_stays_until_the_user_acts(qtbot):
    footer, elsewhere = Footer(), QLineEdit()
    qtbot.addWidget(footer)
    qtbot.addWidget(elsewhere)
    ActionWatch(footer, footer.user_acts)
    footer.invite("ready")
    assert footer.status.text() == "ready"
    for act in (
        lambda: qtbot.mousePress(elsewhere, Qt.MouseButton.LeftButton),
        lambda: qtbot.keyPress(elsewhere, Qt.Key.Key_A),
    ):
        footer.say("60 labels share 8 colours")
        footer.invite("ready")
        assert footer.status.text() == "60 labels share 8 colours"
        act()
        assert footer.status.text() == "60 labels share 8 colours"
        footer.invite("ready")
        assert footer.status.text() == "ready"
