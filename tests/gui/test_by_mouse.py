"""What clicks of a real mouse do, where Qt's own selecting comes between."""

from __future__ import annotations

import numpy as np
from napari.layers import Layer  # noqa: F401  (napari before Qt)
from qtpy.QtCore import Qt

GRAY = np.tile(np.linspace(0, 255, 40, dtype=np.uint8), (30, 1))


def test_two_thumbnails_are_chosen_with_ctrl_and_compared(window, qtbot):
    w = window(GRAY, show=True)  # what is not shown is not laid out
    w.button.click()
    w.idle()
    (gallery,) = (p for p in w.widget.panels if type(p).__name__ == "GalleryPanel")

    def click(row, keys=Qt.KeyboardModifier.NoModifier):
        place = gallery.list.visualItemRect(gallery.list.item(row)).center()
        qtbot.mouseClick(gallery.list.viewport(), Qt.MouseButton.LeftButton, keys, place)

    qtbot.wait(200)
    click(1)
    click(2, Qt.KeyboardModifier.ControlModifier)
    assert len(gallery.list.selectedItems()) == 2
    gallery.compare_bar.button.click()
    numbers = [v.number for v in w.widget.store.state.gallery.visible]
    comparison = w.widget.store.state.gallery.comparison
    assert {comparison.left, comparison.right} == {numbers[1], numbers[2]}
    click(0)  # an ordinary click chooses that one alone
    assert len(gallery.list.selectedItems()) == 1
