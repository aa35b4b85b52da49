"""The gallery: one picture at a time in the window, kept ones as layers, the rest put away."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from napari.layers import Layer  # noqa: F401  (napari before Qt)
from qtpy.QtCore import QItemSelectionModel
from qtpy.QtWidgets import QListWidgetItem, QVBoxLayout, QWidget

from napari_abdiffuser.jobs.events import Outputs
from napari_abdiffuser.widgets.gallery.thumbnail_list import ThumbnailList, icon_of

GRAY = np.tile(np.linspace(0, 255, 40, dtype=np.uint8), (30, 1))


def outputs(viewer):
    return [layer for layer in viewer.layers if "abdiffuser" in layer.metadata]


@pytest.fixture
def ran(window, qtbot):
    """A window in which a run of three variations has ended."""
    w = window(GRAY)
    w.button.click()
    w.idle()
    (w.gallery,) = (p for p in w.widget.panels if type(p).__name__ == "GalleryPanel")
    return w


def choose(gallery, *rows):
    gallery.list.setCurrentRow(rows[0])
    for row in rows[1:]:
        item = gallery.list.item(row)
        gallery.list.selectionModel().select(
            gallery.list.indexFromItem(item), QItemSelectionModel.SelectionFlag.Select
        )


def results_again(made, results):
    """Outputs of one more picture, as a worker would hand them over."""
    rgb = results._store.state.gallery.variations[-1].rgb
    name = "image variation 1"
    layer = (made[0], {**made[1], "name": name}, made[2])
    return Outputs((layer,), (rgb,), (rgb,), seed=3, provenance={}, has_best=False)


def test_a_click_shows_one_coloring_and_hides_the_others(ran):
    assert ran.gallery.list.count() == 4
    assert ran.gallery.list.item(0).text() == "best"
    choose(ran.gallery, 2)
    visible = [layer.name for layer in outputs(ran.viewer) if layer.visible]
    assert visible == ["image variation 2"]


def test_the_next_run_takes_away_what_nobody_kept(ran):
    choose(ran.gallery, 1)
    ran.gallery.star_button.click()
    assert ran.gallery.list.item(1).text() == "★ 1"
    assert not ran.gallery.discard_button.isEnabled()
    mine = outputs(ran.viewer)[0]
    mine.name = "my favourite"
    ran.button.click()
    ran.idle()
    names = [layer.name for layer in outputs(ran.viewer)]
    assert len(names) == 6  # four new ones, the starred and the renamed one
    assert "my favourite" in names
    assert ran.gallery.list.count() == 8
    # One that left the layer list comes back when it is asked for.
    choose(ran.gallery, 3)
    assert len(outputs(ran.viewer)) >= 6
    shown = [layer for layer in outputs(ran.viewer) if layer.visible]
    assert len(shown) == 1


def test_what_is_discarded_before_its_layer_is_made_gets_none(ran, qtbot):
    results, button = ran.widget.results, ran.gallery.rest_button
    results._adder.timeout.disconnect()  # a large layer takes a while
    ran.button.click()
    qtbot.waitUntil(lambda: results.busy, timeout=20_000)
    button.click()
    while results.busy:
        results._add_next()
    ran.idle()
    assert outputs(ran.viewer) == []
    assert ran.gallery.list.count() == 0


def test_of_two_runs_in_quick_succession_only_the_last_becomes_layers(ran, qtbot):
    results = ran.widget.results
    results._adder.timeout.disconnect()  # a large layer takes a while
    ran.button.click()
    qtbot.waitUntil(lambda: results.busy, timeout=20_000)
    first = results._entries[results._pending[0]].made
    results.deliver(results_again(first, results), ran.viewer.layers["image"])
    while results.busy:
        results._add_next()
    ran.idle()
    assert [layer.name for layer in outputs(ran.viewer)] == ["image variation 7"]
    assert ran.gallery.list.count() == 9


def test_another_picture_has_its_own_thumbnails_under_the_same_numbers(ran, qtbot):
    choose(ran.gallery, 2, 3)
    other = ran.viewer.add_image(255 - GRAY, name="other")
    ran.widget.sources.image_field.choose(other)
    qtbot.waitUntil(lambda: ran.widget.bench.current is not None, timeout=20_000)
    ran.button.click()
    ran.idle()

    def listed():
        items = [ran.gallery.list.item(row) for row in range(ran.gallery.list.count())]
        corners = [item.icon().pixmap(20, 20).toImage().pixelColor(1, 9).red() for item in items]
        return [item.text() for item in items], [corner > 127 for corner in corners]

    assert listed() == (["best", "1", "2", "3"], [True] * 4)
    ran.widget.sources.image_field.choose(ran.viewer.layers["image"])
    assert listed() == (["best", "1", "2", "3"], [False] * 4)
    assert [item.text() for item in ran.gallery.list.selectedItems()] == ["2"]


def test_a_picture_that_is_gone_leaves_no_colorings_behind(ran, qtbot):
    ran.viewer.layers.clear()
    ran.viewer.add_image(GRAY.copy(), name="other")
    qtbot.waitUntil(lambda: ran.widget.bench.current is not None, timeout=20_000)
    ran.button.click()
    ran.idle()
    gc.collect()
    ran.button.click()
    ran.idle()
    keys = {key for key, _ in ran.widget.results._entries}
    assert keys == {ran.widget.store.state.picture.key}


def test_discarding_the_rest_keeps_the_stars_alone(ran):
    choose(ran.gallery, 3)
    ran.gallery.star_button.click()
    ran.gallery.rest_button.click()
    assert ran.gallery.list.count() == 1
    assert [layer.name for layer in outputs(ran.viewer)] == ["image variation 3"]
    assert outputs(ran.viewer)[0].visible
    assert not ran.gallery.rest_button.isEnabled()


def test_undo_brings_discarded_layers_back_and_keeps_those_that_are_the_users(ran):
    gallery, store = ran.gallery, ran.widget.store
    choose(gallery, 2)
    shown = store.state.gallery[store.state.gallery.shown].rgb
    mine = outputs(ran.viewer)[-1]
    mine.name = "my favourite"
    gallery.rest_button.click()
    assert outputs(ran.viewer) == [mine]
    store.apply(lambda s: s.undo())
    assert gallery.list.count() == 4
    (visible,) = [layer for layer in outputs(ran.viewer) if layer.visible and layer is not mine]
    np.testing.assert_array_equal(visible.data, shown)
    assert visible.name == "image variation 2"
    store.apply(lambda s: s.redo())
    assert gallery.list.count() == 0
    assert outputs(ran.viewer) == [mine]


def test_undo_of_a_run_shows_what_was_shown_before_it(ran):
    choose(ran.gallery, 2)
    ran.button.click()
    ran.idle()
    store = ran.widget.store
    assert store.state.gallery.shown == 6  # without hints a variation leads
    store.apply(lambda s: s.undo())
    assert store.state.gallery.shown == 3
    visible = [layer.name for layer in outputs(ran.viewer) if layer.visible]
    assert visible == ["image variation 2"]
    assert ran.gallery.list.count() == 8
    store.apply(lambda s: s.redo())
    assert store.state.gallery.shown == 6


def test_two_colorings_are_compared_by_a_border_that_moves(ran, qtbot):
    state = ran.widget.store.state
    pixels = [v.rgb for v in state.gallery.visible]
    pixels[1][:] = (200, 10, 10)
    choose(ran.gallery, 1, 2)
    ran.gallery.compare_bar.button.click()

    def comparison():
        return next((x for x in ran.viewer.layers if x.name == "image comparison"), None)

    qtbot.waitUntil(lambda: comparison() is not None)
    assert (comparison().data[:, :20] == pixels[2][:, :20]).all()
    assert (comparison().data[:, 20:] == (200, 10, 10)).all()
    ran.gallery.compare_bar.slider.setValue(0)
    qtbot.waitUntil(lambda: (comparison().data == (200, 10, 10)).all())
    assert ran.widget.sources.image.name == "image"  # the comparison is no picture to colorize
    ran.gallery.compare_bar.button.click()
    qtbot.waitUntil(lambda: comparison() is None)


def test_thumbnails_fill_the_width_anew_whenever_it_changes(qtbot):
    frame = QWidget()
    qtbot.addWidget(frame)
    thumbs = ThumbnailList(frame)
    QVBoxLayout(frame).addWidget(thumbs)
    frame.show()
    for number in range(9):
        thumbs.addItem(QListWidgetItem(icon_of(np.zeros((60, 80, 3), np.uint8)), str(number)))
    thumbs.fit()

    def tops():
        return sorted({thumbs.visualItemRect(thumbs.item(i)).top() for i in range(9)})

    for width, rows in ((300, 3), (640, 2), (1000, 1), (300, 3)):
        thumbs.setFixedWidth(width)
        qtbot.waitUntil(lambda n=rows: len(tops()) == n, timeout=5000)
        assert thumbs.height() == rows * thumbs.gridSize().height() + 2 * thumbs.frameWidth()
    thumbs.setFixedWidth(200)  # more rows than are in sight: the rest is scrolled to
    qtbot.waitUntil(lambda: thumbs.verticalScrollBar().isVisible(), timeout=5000)
    assert thumbs.height() == 3 * thumbs.gridSize().height() + 2 * thumbs.frameWidth()
