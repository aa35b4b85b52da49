"""Corrections and measurements on slices of stacks and beside data bars, with a real model."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer  # noqa: F401  (napari before Qt)

from napari_abdiffuser.imaging.hints import Hints

STACK = np.random.default_rng(1).integers(0, 200, (3, 33, 46), dtype=np.uint8)
SQUARE = [[8, 10], [8, 30], [24, 30], [24, 10]]
HINTS = Hints.from_points([(10, 12), (28, 40)], ["gold", "teal"], sizes=5)
BAR = slice(50, 60)


@pytest.fixture
def colorizer(model_colorizer):
    return model_colorizer


def press(w, qtbot, button):
    before = len(w.store.state.gallery.variations)
    button.click()
    qtbot.waitUntil(lambda: len(w.store.state.gallery.variations) > before, timeout=30_000)
    qtbot.waitUntil(lambda: not w.results.busy, timeout=30_000)


def draw(w, corners):
    w.correct.region_bar.draw_button.click()
    at = w.store.state.index
    shape = np.array([[*at, *corner] for corner in corners], float)
    w.viewer.layers.selection.active.add([shape], shape_type="polygon")


def test_corrections_are_of_the_slice_at_hand(stack, qtbot):
    w = stack(STACK)
    w.go(1)
    w.store.apply(lambda s: s.add_class("cell", "gold").add_class("ground", "teal"))
    w.store.apply(lambda s: s.set_hints(HINTS))
    w.run()
    before = w.shown().rgb
    w.go(2)
    w.store.apply(lambda s: s.set_hints(HINTS))
    automatic = w.widget.bench.current.picture.paint(HINTS, n_outputs=0).best
    draw(w, SQUARE)
    press(w, qtbot, w.correct.region_bar.erase_button)
    inside = np.zeros(STACK.shape[1:], bool)
    inside[8:25, 10:31] = True
    rgb = w.shown().rgb
    np.testing.assert_array_equal(rgb[~inside], automatic[~inside])  # no pixel of slice 1
    assert (np.ptp(rgb[inside].astype(int), axis=-1) == 0).all()
    layer = w.results.layer_of(w.shown().number)
    assert (float(layer.translate[0]), layer.name) == (2.0, f"image erased {w.captions()[0]}")
    w.gallery.list.setCurrentRow(0)
    press(w, qtbot, w.gallery.like_button)
    assert {v.index for v in w.store.state.gallery.variations[-4:]} == {(2,)}
    w.go(1)
    np.testing.assert_array_equal(w.shown().rgb, before)
    w.widget.undo_bar.undo_button.click()  # of what was done to slice 2
    np.testing.assert_array_equal(w.shown().rgb, before)


def test_what_is_brought_back_never_lands_on_the_slice_that_the_sliders_went_on_to(stack, qtbot):
    w = stack(STACK)
    w.go(1)
    w.store.apply(lambda s: s.add_class("cell", "gold").add_class("ground", "teal"))
    w.store.apply(lambda s: s.set_hints(HINTS))
    w.run()
    draw(w, SQUARE)
    press(w, qtbot, w.correct.region_bar.erase_button)
    kept = w.shown().number
    assert w.store.state.document.colouring.index == (1,)
    w.store.apply(lambda s: s.with_gallery(lambda g: g.discard(kept)))
    w.go(2)
    count = len(w.store.state.gallery.variations)
    w.go(1, opened=False)
    w.go(2)
    assert len(w.store.state.gallery.variations) == count
    w.go(1)
    qtbot.waitUntil(lambda: len(w.store.state.gallery.variations) == count + 1, timeout=30_000)
    assert w.shown().index == (1,)


def test_measuring_is_of_the_slice_at_hand_and_says_so_of_another(stack, qtbot):
    w = stack(STACK)
    w.store.apply(lambda s: s.add_class("cell", "gold").add_class("ground", "teal"))
    for at in (0, 2):
        w.go(at)
        w.store.apply(lambda s: s.set_hints(HINTS))
    w.measure.least_field.setValue(1)
    w.measure.map_button.click()
    qtbot.waitUntil(lambda: bool(w.named("image classes")), timeout=30_000)
    (layer,) = w.named("image classes")
    expected = w.widget.bench.current.picture.class_map(HINTS)
    assert float(layer.translate[0]) == 2.0
    np.testing.assert_array_equal(np.squeeze(layer.data), expected.labels)
    w.go(0)
    assert w.measure.table.isHidden()  # its numbers are of another slice
    w.measure.map_button.click()
    qtbot.waitUntil(lambda: len(w.named("image classes")) == 2, timeout=30_000)
    assert {float(x.translate[0]) for x in w.named("image classes")} == {0.0, 2.0}


def test_the_data_bar_is_neither_corrected_nor_measured(stack, qtbot):
    picture = np.repeat(np.repeat(STACK[0], 2, 0), 2, 1)[:60]
    picture[BAR] = 0
    picture[54:57, 20:60:3] = 255
    w = stack()
    image = w.viewer.add_image(picture, metadata={"sem": {"data_bar_rows": [50, 60]}})
    w.opened()
    assert w.widget.bench.current.picture.painter.surface.excluded[BAR].all()
    w.store.apply(lambda s: s.add_class("cell", "gold").add_class("ground", "teal"))
    w.store.apply(lambda s: s.set_hints(HINTS))
    w.run()
    draw(w, [[30, 5], [30, 80], [58, 80], [58, 5]])
    press(w, qtbot, w.correct.region_bar.recolor_button)
    np.testing.assert_array_equal(w.shown().rgb[BAR], np.repeat(picture[BAR][..., None], 3, -1))
    assert (w.shown().rgb[31:49, 6:79] != picture[31:49, 6:79, None]).any()
    w.measure.least_field.setValue(1)
    w.measure.map_button.click()
    qtbot.waitUntil(lambda: bool(w.named(f"{image.name} classes")), timeout=30_000)
    (layer,) = w.named(f"{image.name} classes")
    assert not layer.data[BAR].any()
    assert w.measure.note.text().startswith("4\u202f600 pixels counted, without the data bar")
    rows = [line.split(",") for line in w.measure.table.csv().splitlines()[1:]]
    assert sum(int(row[1]) for row in rows) == 50 * 92
