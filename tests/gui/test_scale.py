"""The pixel size: typed or measured, and everything on the picture goes with it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.widgets.scale import texts

GRAY = np.tile(np.linspace(0, 255, 60, dtype=np.uint8), (40, 1))
PLACES = [(10, 20), (30, 50)]


@pytest.fixture
def worked(window, qtbot, request):
    """A window with hints and colourings on a picture, or on a slice of a stack."""

    def make(picture):
        w = window(picture)
        qtbot.waitUntil(lambda: w.widget.store.state.picture is not None, timeout=20_000)
        w.store = w.widget.store
        w.store.apply(lambda s: s.set_hints(Hints.from_points(PLACES, ["gold", "teal"])))
        w.button.click()
        w.idle()
        w.settle = lambda: (qtbot.wait(150), w.widget.sync.when_settled(lambda: None))
        w.settle()
        w.places = lambda: [(round(p.y, 6), round(p.x, 6)) for p in w.store.state.hints.points]
        w.mine = lambda: [x for x in w.viewer.layers if x.name != w.viewer.layers[0].name]
        w.said = lambda: w.widget.footer.status.text()
        return w

    return make


@pytest.mark.parametrize("picture", [GRAY, np.stack([GRAY] * 3)], ids=["picture", "stack"])
def test_hints_and_results_go_with_the_picture_whoever_scales_it(worked, picture):
    w = worked(picture)
    image = w.viewer.layers[0]
    history = w.store.state.history
    w.widget.pixel_size.field.setText("5 nm")
    w.widget.pixel_size.field.editingFinished.emit()
    w.settle()
    lead = (0,) * (image.ndim - 2)  # the slice stays in view
    image.translate = (*lead, 7, 7)
    image.rotate = 20 if image.ndim == 2 else image.rotate
    image.scale = np.array(image.scale) * (*np.ones(len(lead)), 2, 2)
    w.settle()
    assert len(w.mine()) >= 3
    for layer in w.mine():
        np.testing.assert_allclose(layer.scale[-2:], (10, 10), err_msg=layer.name)
        np.testing.assert_allclose(layer.translate[-2:], (7, 7), err_msg=layer.name)
        np.testing.assert_allclose(layer.rotate, image.rotate, err_msg=layer.name)
        assert [str(u) for u in layer.units][-2:] == ["nanometer"] * 2, layer.name
    assert w.places() == PLACES
    assert w.store.state.history is history  # no step of undo


def test_what_is_typed_is_read_and_what_is_no_length_is_refused(worked):
    w = worked(GRAY)
    field, image = w.widget.pixel_size.field, w.viewer.layers[0]
    assert field.text() == ""
    for text, size, unit in (("0,5um", 0.5, "micrometer"), ("20 nm", 20.0, "nanometer")):
        field.setText(text)
        field.editingFinished.emit()
        assert float(image.scale[-1]) == pytest.approx(size)
        assert str(image.units[-1]) == unit
    assert field.text() == "20 nm"
    field.setText("wide")
    field.editingFinished.emit()
    assert w.said() == texts.UNREADABLE.format(text="wide")
    assert field.text() == "20 nm"


def test_a_line_over_the_bar_and_its_length_give_the_size(worked, qtbot):
    from qtpy.QtWidgets import QInputDialog

    w = worked(GRAY)
    panel, image = w.widget.pixel_size, w.viewer.layers[0]
    image.scale = (3, 3)
    before = list(w.viewer.layers)
    panel.button.click()
    line = w.viewer.layers.selection.active
    assert str(line.mode) == "add_line"
    line.add_lines([[35, 10], [36, 35]])  # nearly level: 25 px
    qtbot.waitUntil(lambda: w.widget.findChild(QInputDialog) is not None)
    dialog = w.widget.findChild(QInputDialog)
    dialog.setTextValue("10 µm")
    dialog.accept()
    assert float(image.scale[-1]) == pytest.approx(0.4)
    assert str(image.units[-1]) == "micrometer"
    assert list(w.viewer.layers) == before
    assert not panel.button.isChecked()
    assert w.places() == PLACES
