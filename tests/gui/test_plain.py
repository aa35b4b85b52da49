"""Text from files is shown as letters."""

from qtpy.QtGui import QTextDocument

from napari_abdiffuser.widgets.common.plain import plain_tip


def test_markup_in_a_tooltip_is_shown_letter_by_letter(qapp):
    name = "<img src='file:///tmp/r.png'> & <b>cells</b>\nb"
    shown = QTextDocument()
    shown.setHtml(plain_tip(name))
    assert shown.toPlainText() == name.replace("\n", "\u2028") or shown.toPlainText() == name
    assert plain_tip("cells & rock") == "cells & rock"
