"""The live preview in a real window, with a real, if untrained, model."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from qtpy.QtCore import Qt, QThreadPool, QTimer
from qtpy.QtWidgets import QApplication

from napari_abdiffuser.colorizer.coarse import encoded
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.hard_regions import hardened
from napari_abdiffuser.jobs import live as live_job
from napari_abdiffuser.options import Background
from napari_abdiffuser.widgets.live import texts as texts_live
from napari_abdiffuser.widgets.live.one_frame import OneFrame

NOISE = np.random.default_rng(1).integers(0, 256, (3, 40, 60), dtype=np.uint8)


@pytest.fixture
def colorizer(model_colorizer):
    return model_colorizer


@pytest.fixture
def live(window, qtbot):
    """Open a window and wait for its picture: an object that acts and waits for what follows."""

    def make(image, **options):
        from napari_abdiffuser.widgets.live.panel import LivePanel

        w = window()
        w.image = w.viewer.add_image(image, name="cells", **options)
        w.store = w.widget.store
        w.panel = next(panel for panel in w.widget.panels if isinstance(panel, LivePanel))
        w.painted = []
        w.panel.updated.connect(w.painted.append)
        w.until = lambda what: qtbot.waitUntil(what, timeout=20000)

        def act(do, *arguments):
            before = len(w.painted)
            do(*arguments)
            w.until(lambda: len(w.painted) > before and not w.panel.busy)

        w.act = act
        w.until(lambda: w.widget.bench.current is not None and w.store.state.picture is not None)
        return w

    return make


def best(w):
    """Colour the state's hints anew."""
    return w.widget.bench.current.picture.paint(w.store.state.hints, n_outputs=0).best


def test_every_change_of_the_hints_updates_one_layer(live, qtbot, monkeypatch):
    w = live(NOISE[0], scale=(3, 2), rotate=20, units=("nm", "nm"))
    assert w.panel.layer is None
    w.store.apply(lambda s: s.add_class("cell", "#c04020").choose("cell"))
    hints = w.widget.sync.start("points")
    w.act(hints.add, [10, 12])
    layer = w.panel.layer
    assert [each.name for each in w.viewer.layers] == ["cells", "cells preview", hints.name]
    assert w.viewer.layers.selection.active == hints
    for name in ("scale", "translate", "rotate", "shear", "units", "axis_labels"):
        np.testing.assert_array_equal(getattr(layer, name), getattr(w.image, name))
    assert len(layer.metadata["abdiffuser"]["hints"]["points"]) == 1
    assert layer.metadata["abdiffuser"]["preview"] is True
    np.testing.assert_array_equal(layer.data, best(w))
    w.act(hints.add, [30, 50])
    np.testing.assert_array_equal(layer.data, best(w))
    assert len(layer.metadata["abdiffuser"]["hints"]["points"]) == 2
    assert list(w.widget.sources.image_field.layers) == [w.image]  # it is not to be colorized
    moved = hints.data + np.array([[2, 3], [0, 0]])
    w.act(setattr, hints, "data", moved)
    np.testing.assert_array_equal(layer.data, best(w))

    def network(*_, **__):
        raise AssertionError("recolouring needs no network")

    with monkeypatch.context() as patch:
        patch.setattr(encoded, "attend_one", network)
        for color in ("#20a040", "#3050c0"):
            before = layer.data.copy()
            w.act(w.store.apply, lambda s, color=color: s.recolor_class("cell", color))
            assert (layer.data != before).any()
            np.testing.assert_array_equal(layer.data, best(w))
    hints.selected_data = {0}
    w.act(hints.remove_selected)
    np.testing.assert_array_equal(layer.data, best(w))
    hints.selected_data = {0}
    w.act(hints.remove_selected)
    assert not layer.visible
    w.act(w.store.apply, lambda s: s.undo())
    assert layer.visible
    assert w.panel.layer is layer
    w.act(w.store.apply, lambda s: s.set_background(Background.GRAY))
    assert w.painted[-1].background == "gray"
    w.image.translate = (5, 6)
    np.testing.assert_array_equal(layer.translate, (5, 6))


def test_the_preview_belongs_to_its_picture_and_goes_with_it(live):
    w = live(NOISE)
    hints = w.widget.sync.start("points")
    first = w.viewer.dims.current_step[0]
    w.act(hints.add, [first, 10, 12])
    layer = w.panel.layer
    assert layer.data.shape == (1, 40, 60, 3)
    np.testing.assert_array_equal(layer.translate, (first, 0, 0))
    w.viewer.dims.set_current_step(0, 0)
    assert not layer.visible
    w.until(lambda: w.panel.status.text() == texts_live.WAITING)
    assert not layer.visible  # no hints here
    w.act(hints.add, [0, 20, 30])
    assert layer.visible
    np.testing.assert_array_equal(layer.translate, (0, 0, 0))
    w.viewer.layers.remove(layer)
    assert w.panel.live
    w.act(hints.add, [0, 22, 32])
    assert w.panel.layer is not None
    w.panel.switch.click()
    assert w.panel.layer is None
    assert w.panel.status.text() == texts_live.OFF
    w.act(w.panel.switch.click)
    w.viewer.layers.remove(w.image)
    w.until(lambda: w.panel.layer is None)
    assert w.panel.live
    assert [type(each).__name__ for each in w.viewer.layers] == ["Points"]


def test_large_pictures_come_small_first_and_lie_where_they_should(live, monkeypatch):
    monkeypatch.setattr(live_job, "PREVIEW_SIDE", 30)
    w = live(NOISE[0], scale=(3, 2), shear=[0.2], translate=(7, 8))
    seen = []

    def see(painted):
        corners = [(-0.5, -0.5), (painted.rgb.shape[0] - 0.5, painted.rgb.shape[1] - 0.5)]
        seen.append((painted, [w.panel.layer.data_to_world(at) for at in corners]))

    w.panel.updated.connect(see)
    hints = w.widget.sync.start("points")
    w.act(hints.add, [10, 12])
    w.until(lambda: len(seen) == 2)
    assert [p.rgb.shape for p, _ in seen] == [(20, 30, 3), (40, 60, 3)]
    assert [p.whole for p, _ in seen] == [False, True]
    np.testing.assert_array_equal(w.panel.layer.data, best(w))
    for _, corners in seen:
        np.testing.assert_allclose(
            corners, [w.image.data_to_world(at) for at in ((-0.5, -0.5), (39.5, 59.5))]
        )


def test_one_job_at_a_time_and_only_the_newest_hints(live, monkeypatch):
    w = live(NOISE[0])
    hints = w.widget.sync.start("points")
    go, inside = threading.Event(), []
    paint = live_job.LivePainter.first

    def slow(self, opened, state, cancelled):
        inside.append(len(state.hints))
        assert go.wait(30)
        return paint(self, opened, state, cancelled)

    monkeypatch.setattr(live_job.LivePainter, "first", slow)
    hints.add([5, 5])
    assert w.panel.busy  # begun before napari draws
    w.until(lambda: bool(inside))
    for at in range(6):
        hints.add([10, 5 + 8 * at])
        w.until(lambda n=at: len(w.store.state.hints) == n + 2)
    assert w.painted == []
    go.set()
    w.until(lambda: len(w.painted) == 2)
    assert inside == [1, 7]
    np.testing.assert_array_equal(w.panel.layer.data, best(w))


def test_a_hint_is_drawn_together_with_its_colors(live, monkeypatch):
    # A test before may have pressed a button and never let it go.
    monkeypatch.setattr(QApplication, "mouseButtons", lambda: Qt.MouseButton.NoButton)
    w = live(NOISE[0])
    hints = w.widget.sync.start("points")
    w.until(lambda: w.widget.bench.idle)
    frame = w.panel.findChild(OneFrame)
    frame.findChild(QTimer).setInterval(60000)  # nothing but the colours ends it
    held = []
    w.panel.updated.connect(lambda _: held.append(frame.held))
    hints.add([5, 5])
    assert frame.held
    w.until(lambda: bool(held))
    assert held == [False]


def test_what_is_late_shows_no_color_of_hints_that_are_gone(live, monkeypatch):
    w = live(NOISE[0])
    hints = w.widget.sync.start("points")
    go, paint = threading.Event(), live_job.LivePainter.first

    def slow(self, opened, state, cancelled):
        assert go.wait(30)
        return paint(self, opened, state, cancelled)

    monkeypatch.setattr(live_job.LivePainter, "first", slow)
    hints.add([5, 5])
    w.store.apply(lambda s: s.undo())
    w.until(lambda: w.panel._stale)
    go.set()
    w.until(lambda: not w.panel.busy)
    assert len(w.store.state.hints) == 0
    assert w.panel.layer is None or not w.panel.layer.visible
    assert w.panel.status.text() == texts_live.WAITING


def test_closing_the_window_during_an_update_frees_everything(live, monkeypatch, qtbot):
    w = live(NOISE[0])
    go, inside = threading.Event(), threading.Event()

    def slow(self, opened, state, cancelled):
        inside.set()
        assert go.wait(30)

    monkeypatch.setattr(live_job.LivePainter, "first", slow)
    w.widget.sync.start("points").add([5, 5])
    w.until(inside.is_set)
    gone = weakref.ref(w.widget), weakref.ref(w.panel), weakref.ref(w.widget.bench)
    w.viewer.close()
    go.set()
    assert QThreadPool.globalInstance().waitForDone(20000)
    qtbot.wait(20)
    vars(w).clear()
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]


def test_what_can_be_recolored():
    old = Hints.from_points([[1, 1], [2, 2], [3, 3]], ["red", "red", "blue"], sizes=3)

    def colored(*colors):
        return Hints.from_points([[1, 1], [2, 2], [3, 3]], list(colors), sizes=3)

    assert live_job.same_places(old, colored("gold", "gold", "gray"))
    assert not live_job.same_places(old, colored("red", "red", "blue") + old)
    named = live_job.new_colors(old, colored("gold", "gold", "blue"))
    assert named == {"#ff0000": (1.0, 215 / 255, 0.0), "#0000ff": (0.0, 0.0, 1.0)}
    assert live_job.new_colors(old, colored("gold", "red", "blue")) is None
    region = Hints.from_labels(np.eye(5, dtype=int), {1: "red"}, hard=False)
    assert not live_job.same_places(region, hardened(region, hard=True))
