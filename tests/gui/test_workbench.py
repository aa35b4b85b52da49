"""The workbench: which picture is open, and which jobs count."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QThreadPool

from napari_abdiffuser.errors import Cancelled, InvalidImage
from napari_abdiffuser.jobs.run import Models
from napari_abdiffuser.widgets.session.sources import Sources
from napari_abdiffuser.widgets.session.workbench import Workbench

STACK = np.stack([np.full((12, 16), value, np.uint16) for value in (10, 20, 30)])


@pytest.fixture
def bench(qtbot):
    """Give a workbench without a window, and a log of what its colorizer did."""
    viewer = ViewerModel()
    log, events = [], []

    def open_(pixels, contrast_limits=None, exclude=None):
        if pixels.max() == 30:
            raise InvalidImage("Not this one.")
        log.append(("open", int(pixels.max()), contrast_limits))
        return SimpleNamespace(prepare=lambda cancel: log.append(("prepare", int(pixels.max()))))

    image = viewer.add_image(STACK, contrast_limits=(0, 100))
    viewer.dims.set_current_step(0, 0)
    sources = Sources(viewer)
    qtbot.addWidget(sources)
    models = Models(lambda model, device: SimpleNamespace(open=open_))
    made = Workbench(viewer, sources, models)
    made.ready.connect(lambda opened: events.append(opened.index))
    made.lost.connect(lambda: events.append("lost"))
    made.failed.connect(events.append)
    until = lambda what: qtbot.waitUntil(what, timeout=20000)  # noqa: E731
    until(lambda: made.current is not None and made.idle)
    yield SimpleNamespace(
        viewer=viewer, image=image, bench=made, log=log, events=events, until=until
    )
    made.cleanup()
    sources.cleanup()
    assert QThreadPool.globalInstance().waitForDone(20000)


def test_the_picture_follows_slices_limits_and_values_and_nothing_else(bench):
    b = bench
    assert b.log == [("open", 10, (0, 100)), ("prepare", 10)]
    b.viewer.dims.set_current_step(0, 1)
    assert b.bench.current is None
    b.until(lambda: b.bench.current is not None)
    b.image.contrast_limits = (0, 50)
    assert b.bench.current is None
    b.until(lambda: b.bench.current is not None and b.bench.idle)
    assert b.log[-1] == ("prepare", 20)
    assert [entry for entry in b.log if entry[0] == "open"][1:] == [
        ("open", 20, (0, 100)), ("open", 20, (0, 50)),
    ]  # fmt: skip
    b.image.scale = (1, 3, 3)
    assert tuple(b.bench.current.source.placement.scale) == (1, 3, 3)
    b.viewer.dims.set_current_step(0, 2)
    b.until(lambda: b.events[-1] == "Not this one.")
    second = (1, None, None)
    assert b.events == [(0, None, None), "lost", second, "lost", second, "lost", "Not this one."]


def test_the_newest_job_of_a_key_counts_and_others_wait_their_turn(bench):
    b = bench
    go, inside, got, stopped = threading.Event(), threading.Event(), [], []

    def first(opened, cancelled):
        inside.set()
        assert go.wait(30)
        if cancelled():
            raise Cancelled("Cancelled.")
        return "first"

    b.bench.run(first, got.append, key="k", stopped=lambda: stopped.append(1))
    b.until(inside.is_set)
    b.bench.run(lambda *_: "second", got.append, key="k", stopped=lambda: stopped.append(2))
    b.bench.run(lambda opened, cancelled, report: report(1, 2) or "other", got.append)
    b.bench.run(lambda opened, cancelled: "third", got.append, key="k")
    assert stopped == [1, 2]
    go.set()
    b.until(lambda: len(got) == 2)
    assert got == ["other", "third"]


def test_failures_are_told_and_jobs_end_with_their_picture(bench):
    b = bench
    told, stopped, got = [], [], []

    def fails(opened, cancelled):
        raise InvalidImage("Try another.")

    b.bench.run(fails, got.append, failed=told.append)
    b.until(lambda: told == ["Try another."])
    go = threading.Event()
    b.bench.run(lambda *_: go.wait(30), got.append, stopped=lambda: stopped.append("lost"))
    b.viewer.dims.set_current_step(0, 1)
    assert stopped == ["lost"]
    b.bench.run(lambda opened, cancelled: opened.index, got.append)
    go.set()
    b.until(lambda: bool(got))
    assert got == [(1, None, None)]
