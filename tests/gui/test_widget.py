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


def test_every_control_has_a_tooltip_and_the_advanced_ones_are_folded(window):
    w = window(GRAY, show=False)
    options = w.widget.options
    assert options.advanced.header.text() == "Advanced"
    assert options.device_field.isHidden() or not options.device_field.isVisibleTo(options)
    options.advanced.header.click()
    assert options.device_field.isVisibleTo(options)
    fields = (
        w.widget.sources.image_field, w.widget.sources.hints_field, w.widget.sources.new_button,
        w.widget.tools.size_field, options.outputs_field, options.background_field,
        options.steps_field, options.seed_field, options.device_field, w.button,
    )  # fmt: skip
    assert all(field.toolTip() for field in fields)
