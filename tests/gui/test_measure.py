"""The class map and its table in a real window, with a real, untrained model."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.options import Background
from napari_abdiffuser.widgets.measure import texts

NOISE = np.random.default_rng(1).integers(0, 256, (33, 46), dtype=np.uint8)


@pytest.fixture
def colorizer(model_colorizer):
    return model_colorizer


@pytest.fixture
def measured(window, qtbot):
    """A window whose classes were measured; ``panel`` and ``layer`` are what came of it."""
    w = window(NOISE)
    w.viewer.layers[0].scale = (2, 3)
    w.viewer.layers[0].units = ("nm", "nm")
    for live in (p for p in w.widget.panels if type(p).__name__ == "LivePanel"):
        live.switch.setChecked(False)
    w.panel = next(p for p in w.widget.panels if type(p).__name__ == "MeasurePanel")
    qtbot.waitUntil(lambda: w.widget.bench.current is not None, timeout=20000)
    assert "coloured hint" in w.panel.map_button.toolTip()
    hints = Hints.from_points([(10, 12), (28, 40)], ["gold", "teal"], sizes=5)
    w.widget.store.apply(lambda s: s.add_class("cell", "gold").add_class("ground", "teal"))
    w.widget.store.apply(lambda s: s.set_hints(hints))
    w.panel.least_field.setValue(1)
    w.panel.map_button.click()
    qtbot.waitUntil(lambda: "image classes" in w.viewer.layers, timeout=20000)
    w.layer = next(x for x in w.viewer.layers if x.name == "image classes")
    return w


def test_numbers_are_stale_once_highlighting_is_switched(measured):
    store, note = measured.widget.store, measured.panel.note
    fresh = note.text()
    store.apply(lambda s: s.set_background(Background.GRAY))
    assert note.text() == texts.STALE.format(button=texts.MAP_AGAIN)
    store.apply(lambda s: s.set_background(Background.AUTO))
    assert note.text() == fresh


def test_the_map_lies_on_the_image_and_the_table_adds_up(measured, qtbot, tmp_path):
    layer, panel = measured.layer, measured.panel
    picture = measured.widget.bench.current.picture
    assert isinstance(layer, Labels)
    expected = picture.class_map(measured.widget.store.state.hints)
    np.testing.assert_array_equal(layer.data, expected.labels)
    np.testing.assert_array_equal(layer.scale, (2, 3))
    assert str(layer.units[0]) == "nanometer"
    assert list(layer.features["class"]) == ["no class", "cell", "ground"]
    gold = layer.colormap.map(np.array([1]))[0]
    np.testing.assert_allclose(gold, (1, 215 / 255, 0, 1), atol=1e-3)

    from qtpy.QtGui import QGuiApplication

    panel.copy_button.click()
    rows = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert rows[0][:4] == ["Class", "Pixels", "Area fraction (%)", "Area (nm²)"]
    assert [row[0] for row in rows[1:]] == ["no class", "cell", "ground"]
    pixels = np.bincount(layer.data.ravel(), minlength=3)
    assert [int(row[1]) for row in rows[1:]] == pixels.tolist()
    assert [float(row[3]) for row in rows[1:]] == pytest.approx((6.0 * pixels).tolist())

    panel.save_to(tmp_path / "areas")
    text = (tmp_path / "areas.csv").read_text("utf-8-sig")
    assert text.splitlines()[2].startswith(f"cell,{pixels[1]},")


def test_a_selected_row_alone_is_copied_by_the_keyboard(measured, qtbot):
    from qtpy.QtCore import Qt
    from qtpy.QtGui import QGuiApplication

    table = measured.panel.table
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["Class", "cell"]


def test_measuring_again_reuses_the_layer_unless_the_user_painted_in_it(measured, qtbot):
    panel, layer = measured.panel, measured.layer
    hints = Hints.from_points([(10, 12)], ["gold"], sizes=5)
    measured.widget.store.apply(lambda s: s.set_hints(hints))
    assert panel.note.text().startswith("The hints have changed")
    panel.map_button.click()
    qtbot.waitUntil(lambda: panel.table.rowCount() == 2, timeout=20000)
    assert panel.class_layer.layer is layer
    layer.data[3, 3] = 7
    mine = layer.data.copy()
    panel.map_button.click()
    qtbot.waitUntil(lambda: "image classes [1]" in measured.viewer.layers, timeout=20000)
    np.testing.assert_array_equal(layer.data, mine)
