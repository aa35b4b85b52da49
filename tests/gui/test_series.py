"""More pictures: work saved and loaded, other images, stacks."""

from __future__ import annotations

import errno
import os
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Layer  # noqa: F401  (napari before Qt)

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.project.project import Project
from napari_abdiffuser.widgets.series.panel import SeriesPanel

GRAY = np.tile(np.linspace(0, 255, 40, dtype=np.uint8), (30, 1))
STACK = np.stack([GRAY + n for n in range(5)])
HINTS = Hints.from_points([(4, 6), (20, 30)], ["gold", "purple"], sizes=5, classes=["a", "b"])


@pytest.fixture
def studio(window, qtbot):
    """A window with images and the panel; ``ended`` waits for a series."""

    def make(*images):
        w = window(*images)
        panel = next(p for p in w.widget.panels if isinstance(p, SeriesPanel))
        qtbot.waitUntil(lambda: w.widget.store.state.picture is not None, timeout=20000)
        qtbot.waitUntil(lambda: w.widget.bench.current is not None, timeout=20000)
        return SimpleNamespace(
            viewer=w.viewer,
            panel=panel,
            footer=w.widget.footer,
            color=lambda which: (panel.fields.choose(which), w.button.click()),
            button=w.button,
            store=w.widget.store,
            status=w.widget.footer.status.text,
            bar=w.widget.footer.bar,
            ended=lambda: qtbot.waitUntil(lambda: not panel.runner.busy, timeout=20_000),
            until=lambda test: qtbot.waitUntil(test, timeout=20_000),
        )

    return make


def colourings(viewer):
    return [layer for layer in viewer.layers if "abdiffuser" in layer.metadata]


def test_work_is_saved_and_used_on_another_picture(studio, tmp_path):
    s = studio(GRAY, np.zeros((60, 80), np.uint8))
    s.store.apply(lambda state: state.set_hints(HINTS))
    s.panel.save_to(tmp_path / "work")
    s.until(lambda: "Saved" in s.status())
    assert Project.load(tmp_path / "work.abdiffuser.json").hints == HINTS
    s.panel.context.sources.image_field.choose(s.viewer.layers[1])
    s.until(lambda: s.store.state.picture.shape == (60, 80))
    s.panel.load_from(tmp_path / "work.abdiffuser.json")
    s.until(lambda: len(s.store.state.hints) == 2)
    at = [(p.y, p.x, p.size) for p in s.store.state.hints.points]
    assert at == [(8.5, 12.5, 10), (40.5, 60.5, 10)]
    assert "in use" in s.status()
    s.store.apply(lambda state: state.undo())
    assert not len(s.store.state.hints)


def test_a_broken_file_changes_nothing(studio, tmp_path):
    s = studio(GRAY)
    (tmp_path / "work.json").write_text("{")
    s.panel.load_from(tmp_path / "work.json")
    s.until(lambda: "is not a project" in s.status())


def test_every_other_image_gets_a_layer_of_its_own(studio, colorizer):
    s = studio(GRAY, GRAY[::-1], GRAY[:, ::-1])
    s.store.apply(lambda state: state.set_hints(HINTS))
    colorizer.requests.clear()
    s.color("others")
    s.ended()
    names = [layer.name for layer in s.viewer.layers if layer not in s.panel.context.hints.links]
    made = colourings(s.viewer)
    assert [layer.name for layer in made] == ["image [1] colorized", "image [2] colorized"]
    assert names.index("image [1] colorized") == names.index("image [1]") + 1
    np.testing.assert_array_equal(made[0].data[..., 0], GRAY[::-1])
    assert [len(r["hints"]) for r in colorizer.requests] == [2, 2]
    assert s.status() == "Coloured 2 pictures."
    assert s.button.text() == "Colorize the 2 other open images"


def test_a_range_of_a_stack_becomes_one_layer_with_the_nearest_hints(studio, colorizer):
    s = studio(STACK)
    s.viewer.layers[0].scale = (3, 2, 2)
    s.viewer.dims.set_current_step(0, 1)
    s.until(lambda: s.store.state.index == (1,))
    s.store.apply(lambda state: state.set_hints(HINTS))
    s.panel.fields.first_field.setValue(1)
    s.panel.fields.last_field.setValue(3)
    s.panel.fields.seed = 7
    colorizer.requests.clear()
    s.panel.fields.choose("range")
    assert s.button.text() == "Colorize slices 1 to 3"
    s.color("range")
    s.ended()
    (layer,) = colourings(s.viewer)
    np.testing.assert_array_equal(layer.data[..., 1], STACK[1:4])
    assert layer.rgb
    np.testing.assert_allclose(layer.translate, (3, 0, 0))
    np.testing.assert_allclose(layer.scale, (3, 2, 2))
    assert [(r["seed"], len(r["hints"])) for r in colorizer.requests] == [(7, 2)] * 3
    told = layer.metadata["abdiffuser"]["slices"]
    assert told == [{"index": [n], "hints_of": [1]} for n in (1, 2, 3)]
    assert s.bar.isHidden()


@pytest.mark.parametrize("when", ["made", "asked", "reserved"])
def test_a_stack_that_the_disk_has_no_room_for_is_refused(studio, colorizer, monkeypatch, when):
    from napari_abdiffuser.layers import allocation as room

    def refuse(*_, **__):
        assert when == "made" or threading.current_thread() is not threading.main_thread()
        raise OSError(errno.ENOSPC, "No space left on device")

    s = studio(STACK)
    s.store.apply(lambda state: state.set_hints(HINTS))
    layers = list(s.viewer.layers)
    colorizer.requests.clear()
    with monkeypatch.context() as full:
        full.setattr(room, "_IN_MEMORY", 1000)
        if when == "made":
            full.setattr(room.tempfile, "TemporaryFile", refuse)
        elif when == "asked":
            full.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        else:
            full.setattr(os, "posix_fallocate", refuse, raising=False)
        s.color("all")
        s.until(lambda: "delete files there" in s.status())
        assert not s.panel.runner.busy
    assert not colorizer.requests
    assert list(s.viewer.layers) == layers
    assert s.store.state.hints == HINTS
    s.color("all")
    s.ended()
    (layer,) = colourings(s.viewer)
    np.testing.assert_array_equal(layer.data[..., 0], STACK)


def test_a_large_stack_is_colored_into_a_reserved_file(studio, colorizer, monkeypatch):
    from napari_abdiffuser.layers import allocation as room

    monkeypatch.setattr(room, "_IN_MEMORY", 1000)
    s = studio(STACK)
    s.color("all")
    s.ended()
    (layer,) = colourings(s.viewer)
    np.testing.assert_array_equal(layer.data[..., 0], STACK)


def test_what_is_done_before_a_cancel_is_kept(studio, colorizer):
    s = studio(STACK)
    paint, painted = colorizer._paint, []

    def held(*args, **kwargs):
        painted.append(1)
        if len(painted) == 3:
            colorizer.go.clear()
        return paint(*args, **kwargs)

    colorizer._paint = held
    s.panel.fields.choose("all")
    assert s.button.text() == "Colorize all 5 slices"
    s.color("all")
    assert s.button.text() == "Cancel"
    s.until(lambda: len(painted) == 3 and "3 of 5" in s.status())
    assert s.bar.maximum() == 5
    s.button.click()
    (layer,) = colourings(s.viewer)
    assert layer.data.shape == (2, 30, 40, 3)
    np.testing.assert_array_equal(layer.data[..., 0], STACK[:2])
    assert s.status().startswith("Cancelled. Coloured 2 of 5 slices")
    assert not s.footer.busy


def test_when_nothing_works_the_reason_is_told(studio, colorizer):
    s = studio(GRAY, GRAY)
    colorizer.error = InvalidImage("This picture is empty: choose another.")
    s.color("others")
    s.ended()
    assert s.status() == "This picture is empty: choose another."
    assert not colourings(s.viewer)


def test_a_picture_that_cannot_be_read_does_not_end_the_series(studio, colorizer):
    s = studio(GRAY, GRAY[::-1], GRAY[:, ::-1])
    first = s.viewer.layers[1]
    paint, painted = colorizer._paint, []

    def sometimes(*args, **kwargs):
        painted.append(1)
        if len(painted) == 1:
            raise OSError("disk error")
        return paint(*args, **kwargs)

    colorizer._paint = sometimes
    s.color("others")
    s.ended()
    assert [layer.name for layer in colourings(s.viewer)] == ["image [2] colorized"]
    assert s.status().startswith(f"Coloured 1 of 2 pictures. '{first.name}' could not be coloured:")
    assert "disk error" in s.status()


def test_the_slice_in_view_of_a_stack_with_time_and_depth_is_one_slice(studio, colorizer):
    stack = np.stack([STACK[:3] + 10 * n for n in range(4)])
    s = studio(stack)
    s.viewer.dims.set_current_step(0, 2)
    s.viewer.dims.set_current_step(1, 1)
    s.until(lambda: s.store.state.index == (2, 1))
    colorizer.requests.clear()
    s.color("current")
    s.ended()
    (layer,) = colourings(s.viewer)
    assert len(colorizer.requests) == 1
    np.testing.assert_array_equal(layer.data[..., 0], stack[2:3, 1:2])
    np.testing.assert_allclose(layer.translate, (2, 1, 0, 0))
    assert [t["index"] for t in layer.metadata["abdiffuser"]["slices"]] == [[2, 1]]


def test_a_stack_is_colored_and_saved_with_hints_of_slices_that_nobody_visited(
    studio, colorizer, tmp_path
):
    s = studio(STACK)
    s.viewer.add_points(
        [[0, 4, 6], [4, 20, 30]],
        face_color="gold",
        features={"class": np.array(["a", "a"], object)},
        metadata={"abdiffuser_hints": True},
    )
    colorizer.requests.clear()
    s.color("all")
    s.ended()
    at = [[(p.y, p.x) for p in r["hints"].points] for r in colorizer.requests]
    assert at == [[(4, 6)]] * 3 + [[(20, 30)]] * 2
    s.panel.save_to(tmp_path / "work")
    s.until(lambda: "Saved" in s.status())
    assert set(Project.load(tmp_path / "work.abdiffuser.json").slices) == {(0,), (4,)}
