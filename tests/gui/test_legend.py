"""The legend: classes are chosen, made, renamed, recoloured, merged and kept, by mouse or keys."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer  # noqa: F401  (napari before Qt)
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent

from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.studio.legend.palettes import Palette
from napari_abdiffuser.widgets.legend.panel import Legend
from napari_abdiffuser.widgets.session.store import Store


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ABDIFFUSER_CONFIG", str(tmp_path))


@pytest.fixture
def store():
    return Store(StudioState().add_class("cell", "#c8463f").add_class("ground", "#4483cb"))


@pytest.fixture
def legend(qtbot, store):
    made = Legend(store, lambda: [("photo", np.full((8, 8, 3), (200, 40, 40), np.uint8))])
    qtbot.addWidget(made)
    made.show()
    yield made
    made.cleanup()


def rows(legend):
    items = [legend.list.topLevelItem(n) for n in range(legend.list.topLevelItemCount())]
    return [(item.text(0), item.text(2)) for item in items]


def test_classes_are_chosen_by_click_and_by_number_keys(legend, store, qtbot):
    assert rows(legend) == [("gray", "0"), ("cell", "1"), ("ground", "2")]
    legend.list.setCurrentItem(legend.list.topLevelItem(1))
    assert store.state.active == "cell"
    qtbot.keyClick(legend.list, Qt.Key.Key_2)
    assert store.state.active == "ground"
    assert legend.list.currentItem().text(0) == "ground"
    qtbot.keyClick(legend.list, Qt.Key.Key_0)
    assert store.state.active == "gray"
    assert not legend.actions_.remove_button.isEnabled()
    assert legend.actions_.remove_button.toolTip()


def test_a_class_is_renamed_in_place_and_a_taken_name_is_refused(legend, store):
    legend.list.topLevelItem(1).setText(0, "spore")
    assert store.state.legend.names == ("gray", "spore", "ground")
    said = []
    store.refused.connect(said.append)
    legend.list.topLevelItem(1).setText(0, "ground")
    assert "merge" in said[0]
    assert rows(legend)[1] == ("spore", "1")


def test_a_color_that_is_dragged_around_is_one_step_of_undo(legend, store, qtbot):
    store.apply(lambda s: s.choose("cell"))
    legend.actions_.ask_color()
    before = len(store.state.history.past_steps)
    for color in ("#102030", "#405060", "#00ff00"):
        legend.actions_.drag_color(color)
        qtbot.waitUntil(lambda c=color: store.state.legend["cell"].hex == c, timeout=2000)
    assert len(store.state.history.past_steps) == before + 1
    legend.actions_._dialog.accept()
    store.apply(lambda s: s.undo())
    assert store.state.legend["cell"].hex == "#c8463f"


def test_adding_merging_locking_and_removing(legend, store):
    legend.actions_.add_button.click()
    assert len(store.state.legend) == 4
    assert store.state.active == "orange"  # red is taken
    legend.actions_.merge_menu.aboutToShow.emit()
    (into,) = (a for a in legend.actions_.merge_menu.actions() if a.text() == "cell")
    into.trigger()
    assert store.state.legend.names == ("gray", "cell", "ground")
    assert store.state.active == "cell"
    legend.list.itemClicked.emit(legend.list.topLevelItem(1), 3)
    assert store.state.legend["cell"].locked
    assert not legend.actions_.remove_button.isEnabled()
    assert "lock" in legend.actions_.remove_button.toolTip()
    legend.list.itemClicked.emit(legend.list.topLevelItem(1), 3)
    legend.actions_.remove_button.click()
    assert store.state.legend.names == ("gray", "ground")


def test_a_key_locks_the_chosen_class_and_unlocks_it(legend, store, qtbot):
    store.apply(lambda s: s.choose("cell"))
    qtbot.keyClick(legend.list, Qt.Key.Key_L)
    assert [entry.locked for entry in store.state.legend] == [False, True, False]
    assert "press L" in legend.list.topLevelItem(1).toolTip(3)
    qtbot.keyClick(legend.list, Qt.Key.Key_L)
    assert not store.state.legend["cell"].locked
    qtbot.keyClick(legend.list, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not store.state.legend["cell"].locked


def test_a_double_click_on_a_swatch_asks_for_a_color_and_beside_it_for_a_name(legend, store, qtbot):
    place = legend.list.visualItemRect(legend.list.topLevelItem(2)).center()
    left = Qt.MouseButton.LeftButton

    def double_click(x):
        place.setX(x)
        qtbot.mouseClick(legend.list.viewport(), left, pos=place)
        qtbot.mouseDClick(legend.list.viewport(), left, pos=place)

    double_click(8)
    dialog = legend.actions_._dialog
    assert store.state.active == "ground"
    assert dialog.currentColor().name() == "#4483cb"
    assert legend.list.state() != legend.list.State.EditingState
    dialog.reject()
    double_click(40)
    assert legend.actions_._dialog is None
    assert legend.list.state() == legend.list.State.EditingState


def test_the_swatch_of_a_locked_class_says_why_it_stays(legend, store):
    failures = []
    legend.failed.connect(failures.append)
    store.apply(lambda s: s.lock_class("cell"))
    legend.list.asked_color.emit("cell")
    assert legend.actions_._dialog is None
    assert "locked" in failures[0]


def test_classes_are_reordered_by_keys_and_gray_stays_first(legend, store, qtbot):
    store.apply(lambda s: s.choose("ground"))
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(legend.list, Qt.Key.Key_Up, alt)
    assert store.state.legend.names == ("gray", "ground", "cell")
    qtbot.keyClick(legend.list, Qt.Key.Key_Up, alt)
    assert store.state.legend.names == ("gray", "ground", "cell")


def test_a_palette_gives_colors_and_classes_become_one_that_lasts(legend, store):
    legend.palettes.menu_.aboutToShow.emit()
    names = {a.text(): a for a in legend.palettes.menu_.actions()}
    (safe,) = (a for text, a in names.items() if text.startswith("Okabe"))
    safe.trigger()
    assert "Okabe" in legend.palettes.text()
    assert legend.swatches.swatches[0].accessibleName() == "gray"
    vermilion = legend.swatches.swatches[-1]
    vermilion.click()
    assert store.state.legend[store.state.active].hex == vermilion.color
    names["Recolour classes with this palette"].trigger()
    palette = legend.palettes.palette_at_hand
    assert store.state.legend["cell"].hex == palette.colors[0].hex
    legend.palettes.save_as("my specimen")
    legend.palettes.fill()
    assert "my specimen" in [a.text() for a in legend.palettes.menu_.actions()]
    refused = []
    legend.failed.connect(refused.append)
    legend.palettes.save_as("Okabe-Ito")
    assert "another name" in refused[0]


def test_a_picture_dropped_on_the_legend_gives_its_palette(legend, qtbot, tmp_path):
    from PIL import Image

    path = tmp_path / "reference.png"
    Image.fromarray(np.tile(np.array([[[30, 90, 200]]], np.uint8), (16, 16, 1))).save(path)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    drop = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    legend.dropEvent(drop)
    qtbot.waitUntil(lambda: legend.palettes.palette_at_hand.name == "reference", timeout=30000)
    (color,) = legend.palettes.palette_at_hand.colors
    assert np.abs(np.array(color.color) * 255 - (30, 90, 200)).max() < 3
    legend.palettes.take_array(*legend.palettes._pictures()[0])
    qtbot.waitUntil(lambda: legend.palettes.palette_at_hand.name == "photo", timeout=30000)


def test_look_alikes_are_warned_of(legend, store, qtbot):
    store.apply(lambda s: s.add_class("almost cell", "#c84640"))
    qtbot.waitUntil(lambda: legend.vision.warns, timeout=30000)
    assert "almost cell" in legend.vision.toolTip()
    store.apply(lambda s: s.remove_class("almost cell"))
    qtbot.waitUntil(lambda: not legend.vision.warns, timeout=30000)


def test_a_palette_without_room_keeps_gray(legend):
    legend.palettes.use(Palette.of("one", [("gold", "gold")]))
    assert [s.accessibleName() for s in legend.swatches.swatches] == ["gray", "gold"]


def test_what_is_being_typed_stays_when_hints_arrive(legend, store, qtbot):
    from qtpy.QtWidgets import QLineEdit

    from napari_abdiffuser.imaging.hints import Hints

    legend.list.editItem(legend.list.topLevelItem(1), 0)
    editor = legend.list.findChild(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, "spore")
    hint = Hints.from_points([(1, 1)], ["#c8463f"], classes=["cell"])
    store.apply(lambda s: s.set_hints(hint))
    assert legend.list.topLevelItem(1).text(1) == "1"
    assert editor.text() == "spore"
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "spore" in store.state.legend)
