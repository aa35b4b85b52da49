"""The controls in a real window."""

from __future__ import annotations

import numpy as np
from napari.layers import Points

from napari_abdiffuser.widgets.common import texts
from napari_abdiffuser.widgets.common.palette import COLORS

GRAY = np.zeros((40, 60), dtype=np.uint8)


def test_without_an_image_the_button_is_off_and_says_why(window):
    w = window()
    assert w.button.objectName() == "colorize_button"
    assert not w.button.isEnabled()
    assert w.button.toolTip() == texts.WHY_NO_IMAGE
    assert w.widget.footer.status.text() == texts.WHY_NO_IMAGE
    assert not w.widget.sources.new_button.isEnabled()
    w.viewer.add_image(GRAY)
    assert w.button.isEnabled()
    w.viewer.layers.clear()
    assert not w.button.isEnabled()


def test_choices_follow_the_layers_by_identity(window):
    w = window(GRAY, GRAY + 1)
    sources = w.widget.sources
    first, second = w.viewer.layers
    sources.image_field.choose(second)
    second.name = "renamed"
    assert sources.image_field.currentText() == "renamed"
    w.viewer.layers.move(1, 0)
    w.viewer.layers.remove(first)
    assert sources.image == second
    w.viewer.layers.remove(second)
    assert sources.image is None


def test_a_swatch_colors_the_next_hint_and_not_the_last(window, qtbot):
    w = window(GRAY)
    w.widget.sources.new_button.click()
    layer = w.widget.sources.hints
    assert isinstance(layer, Points)
    assert str(layer.mode) == "add"
    swatches = {swatch.accessibleName(): swatch for swatch in w.widget.tools.palette_.swatches}
    assert {"gray", "red", "green"} <= set(swatches)
    swatches["red"].click()
    layer.add([3, 3])
    swatches["green"].click()
    layer.add([9, 9])
    qtbot.waitUntil(lambda: not layer.selected_data)
    found = np.round(np.asarray(layer.face_color)[:, :3] * 255).astype(int).tolist()
    assert found == [
        [int(COLORS[name][at : at + 2], 16) for at in (1, 3, 5)] for name in ("red", "green")
    ]
    assert "2 hints in 2 colours" in w.widget.footer.status.text()
    w.widget.tools.size_field.setValue(15)
    layer.add([12, 12])
    assert layer.size.tolist() == [9, 9, 15]
    layer.current_face_color = "#123456"  # napari's own controls
    assert w.widget.tools.color == "#123456"


def test_nothing_is_left_connected_after_cleanup(window):
    w = window(GRAY)
    before = w.widget.sources.info.text()
    w.widget.cleanup()
    w.viewer.layers.clear()
    assert w.widget.sources.info.text() == before
    assert len(w.viewer.layers.events.inserted.callbacks) == len(
        [c for c in w.viewer.layers.events.inserted.callbacks if "Sources" not in repr(c)]
    )


def test_the_menu_and_the_first_steps_take_the_place_of_the_tabs(window):
    widget = window(GRAY, show=False).widget
    device, tools, menu = widget.options.device_field, widget.tools, widget.header.menu_button
    assert widget.welcome.isVisibleTo(widget)
    widget.welcome.button.click()
    assert tools.isVisibleTo(widget)
    assert not device.isVisibleTo(widget)
    menu.click()
    assert device.isVisibleTo(widget)
    assert not tools.isVisibleTo(widget)
    widget.bring_forward(widget.figure)
    assert not menu.isChecked()
    assert widget.figure.isVisibleTo(widget)
    assert not tools.isVisibleTo(widget)


def test_the_button_says_what_it_does(window):
    w = window()
    assert w.button.text() == texts.COLORIZE
    w.viewer.add_image(GRAY, name="pollen-550x")
    assert w.button.text() == "Colorize pollen-550x"
    w.viewer.layers[0].name = "spores"
    assert w.button.text() == "Colorize spores"
    w.viewer.layers.clear()
    w.viewer.add_image(np.stack([GRAY] * 3), name="stack")
    assert w.button.text() == "Colorize this slice of stack"


def test_nothing_moves_under_the_mouse_when_classes_come(window):
    w = window(GRAY)
    list_, swatches = w.widget.tools.legend.list, w.widget.tools.palette_.swatches
    before = list_.sizeHint().height()
    for swatch in swatches:
        swatch.click()
    assert list_.topLevelItemCount() == len(swatches)
    assert list_.sizeHint().height() == before
    w.widget.tools.legend.actions_.unused_button.click()
    assert list_.topLevelItemCount() == 1
    assert not w.widget.tools.legend.actions_.unused_button.isEnabled()
    w.widget.undo_bar.undo()
    assert list_.topLevelItemCount() == len(swatches)


def test_closing_the_dock_keeps_the_studio_for_reopening(window, qtbot):
    from napari_abdiffuser.widgets.dock import Studio

    w = window(np.zeros((20, 30), np.uint8), show=True)
    w.widget.sync.start("points").add([5, 6])
    w.button.click()
    w.idle()
    docks, before = w.viewer.window, w.widget.store.state
    assert len(before.gallery.variations)
    docks.remove_dock_widget(w.widget)
    qtbot.wait(50)
    assert not w.widget.isVisible()
    assert Studio(w.viewer) is w.widget
    docks.add_dock_widget(w.widget, name="AB-diffuser")
    qtbot.waitUntil(w.widget.isVisible)
    assert w.widget.store.state is before
    w.button.click()
    w.idle()
    assert len(w.widget.store.state.gallery.variations) > len(before.gallery.variations)
