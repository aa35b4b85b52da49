"""Segmentations as hints: 'colour by labels', hard edges, and layers of thousands of cells."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QWidget

from napari_abdiffuser.layers.readers.own_files import project_layers
from napari_abdiffuser.studio.legend.palettes import shipped_palettes
from napari_abdiffuser.studio.project.project import Project
from napari_abdiffuser.studio.settings.settings import load_settings
from napari_abdiffuser.widgets.hints.regions import RegionsMenu
from napari_abdiffuser.widgets.hints.texts import crowd

CELLS = np.zeros((30, 40), int)
CELLS[2:10, 2:10], CELLS[15:25, 20:35] = 3, 8
PALETTE = shipped_palettes()[0]


@pytest.fixture
def offered(studio, qtbot):
    """The studio, with the row of 'colour by labels'."""

    def make(*images):
        s = studio(*images)
        s.parent = parent = QWidget()
        qtbot.addWidget(parent)
        s.row = RegionsMenu(s.viewer, s.store, s.sync, lambda: PALETTE, parent)
        s.said, s.failed = [], []
        s.row.said.connect(s.said.append)
        s.row.failed.connect(s.failed.append)
        return s

    return make


def crowded(shape, n):
    """Label n cells that fill a picture and touch."""
    rows, columns = np.indices(shape)
    side = int(np.ceil(np.sqrt(n)))
    return 1 + (rows * side // shape[0]) * side + columns * side // shape[1]


def test_a_segmentation_gives_regions_and_stays_as_it_is(offered, qtbot):
    s = offered()
    mine = s.viewer.add_labels(CELLS.copy(), name="cellpose")
    s.row.fill()
    one, each = (action for action in s.row.menu_.actions())
    assert "cellpose" in one.text()
    one.trigger()
    qtbot.waitUntil(lambda: len(s.hints()) == 1, timeout=30000)
    (region,) = s.hints().regions
    assert (region.class_name, region.hard) == ("cell", False)
    np.testing.assert_array_equal(region.mask, CELLS != 0)
    strokes = s.sync.layer("strokes")
    np.testing.assert_array_equal(strokes.data != 0, CELLS != 0)
    s.undo()
    assert not strokes.data.any()
    each.trigger()
    qtbot.waitUntil(lambda: len(s.hints()) == 2, timeout=30000)
    assert [r.class_name for r in s.hints().regions] == ["cellpose 3", "cellpose 8"]
    np.testing.assert_array_equal(mine.data, CELLS)
    s.row.take(s.viewer.add_labels(np.zeros_like(CELLS)), each=True)
    qtbot.waitUntil(lambda: bool(s.failed), timeout=30000)
    assert "has no labels" in s.failed[0]


def test_thousands_of_labels_share_the_colors_of_the_palette(offered, qtbot):
    s = offered(np.zeros((200, 300), np.uint8))
    cells = crowded((200, 300), 2025)
    s.row.take(s.viewer.add_labels(cells, name="cells"), each=True)
    qtbot.waitUntil(lambda: bool(s.said), timeout=30000)
    n = 8
    assert f"2025 labels: they share {n} colours" in s.said[0]
    regions = s.hints().regions
    assert [r.class_name for r in regions] == [f"cells {i + 1}" for i in range(n)]
    assert len({r.color for r in regions}) == n
    np.testing.assert_array_equal(sum(r.mask.astype(int) for r in regions), 1)
    # Where two cells touch the colour changes, and within one it does not.
    owner = np.argmax([r.mask for r in regions], 0)
    np.testing.assert_array_equal(np.diff(owner, axis=0) != 0, np.diff(cells, axis=0) != 0)
    np.testing.assert_array_equal(np.diff(owner, axis=1) != 0, np.diff(cells, axis=1) != 0)


def test_a_chosen_segmentation_is_one_class_and_says_so(window, qtbot):
    gray = np.zeros((600, 700), np.uint8)
    w = window(gray)
    cells = crowded(gray.shape, 2025)
    layer = w.viewer.add_labels(cells, name="my cells")
    w.widget.sources.hints_field.choose(layer)
    store = w.widget.store
    qtbot.waitUntil(lambda: len(store.state.hints) == 1, timeout=30000)
    (region,) = store.state.hints.regions
    assert region.class_name == "my cells"
    assert region.mask.all()
    assert store.state.legend.names == ("gray", "my cells")
    assert crowd("my cells", 2025) in w.widget.footer.status.text()
    store.apply(lambda state: state.recolor_class("my cells", "#102030"))
    layer.data = np.where(cells > 1000, cells, 0)
    qtbot.waitUntil(lambda: not store.state.hints.regions[0].mask.all(), timeout=30000)
    assert store.state.legend["my cells"].hex == "#102030"
    assert len(store.state.legend) == 2


def test_hard_edges_are_switched_undone_and_kept_apart_from_strokes(offered, qtbot, tmp_path):
    s = offered()
    s.row.hard_switch.click()
    s.row.take(s.viewer.add_labels(CELLS, name="cellpose"), each=False)
    qtbot.waitUntil(lambda: len(s.hints()) == 1, timeout=30000)
    strokes = s.sync.start("strokes")
    strokes.brush_size = 3
    strokes.paint((28, 4), strokes.selected_label)  # of the same class, and no region
    kinds = {region.hard: region for region in s.hints().regions}
    assert set(kinds) == {True, None}
    assert {r.class_name for r in kinds.values()} == {"cell"}
    np.testing.assert_array_equal(kinds[True].mask, CELLS != 0)
    s.row.hard_switch.click()
    assert {region.hard for region in s.hints().regions} == {False, None}
    s.sync.events.asked.emit(s.sync.links.first(type(strokes)), False)  # read anew
    assert {region.hard for region in s.hints().regions} == {False, None}
    s.undo()
    assert {region.hard for region in s.hints().regions} == {True, None}
    assert s.row.hard_switch.isChecked()
    state = s.store.state
    project = Project(state.legend, dict(state.document.slices), (30, 40), "x")
    path = project.save(tmp_path / "x")
    assert Project.load(path).slices == project.slices
    made = [Layer.create(*t) for t in project_layers(path)]
    s.viewer.layers.remove(strokes)
    assert not len(s.hints())
    s.viewer.add_layer(next(layer for layer in made if layer.name.endswith("strokes")))
    assert {region.hard for region in s.hints().regions} == {True, None}


def test_the_switch_is_a_preference_that_runs_and_presets_know(window, qtbot, colorizer):
    w = window(np.zeros((30, 40), np.uint8))
    row = w.widget.tools.regions
    assert not row.hard_switch.isChecked()
    row.hard_switch.click()
    row.take(w.viewer.add_labels(CELLS, name="cellpose"), each=True)
    qtbot.waitUntil(lambda: len(w.widget.store.state.hints) == 2, timeout=30000)
    w.button.click()
    qtbot.waitUntil(lambda: bool(colorizer.requests), timeout=20000)
    w.idle()
    assert [r.hard for r in colorizer.requests[0]["hints"].regions] == [True, True]
    qtbot.waitUntil(lambda: load_settings()[0].preferences.hard_edges, timeout=20000)
    w.widget.options.presets.field.setEditText("regions")
    w.widget.options.presets.save_button.click()
    row.hard_switch.click()
    assert not w.widget.binder.keeper.settings.preferences.hard_edges
    assert [r.hard for r in w.widget.store.state.hints.regions] == [False, False]
    w.widget.options.presets.use_button.click()
    assert row.hard_switch.isChecked()
    assert [r.hard for r in w.widget.store.state.hints.regions] == [True, True]
    assert QThreadPool.globalInstance().waitForDone(5000)
