"""A window with the dock widget, and a colorizer that does as it is told."""

from __future__ import annotations

import gc
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from napari_abdiffuser.errors import Cancelled


class ObedientColorizer:
    """A colorizer whose runs the test holds up, lets go or makes fail."""

    device = "cpu"
    device_reason = "a test needs no more"
    default_steps = 4

    def __init__(self):
        self.go = threading.Event()
        self.go.set()
        self.started = threading.Event()
        self.ended = threading.Event()
        self.error = None
        self.threads = []
        self.requests = []

    def open(self, image, contrast_limits=None, exclude=None):
        return SimpleNamespace(
            paint=lambda hints, **options: self._paint(image, hints, **options),
            prepare=lambda cancelled: None,
            guided=None,
        )

    def _paint(self, image, hints, *, n_outputs, seed, progress, cancel, **options):
        self.threads.append(threading.current_thread())
        self.requests.append({"hints": hints, "n_outputs": n_outputs, "seed": seed, **options})
        self.started.set()
        try:
            for step in range(4):
                progress(step, 4)
                while not self.go.wait(0.005):
                    if cancel():
                        raise Cancelled("Cancelled.")
            if self.error is not None:
                raise self.error
            progress(4, 4)
        finally:
            self.ended.set()
        gray = np.asarray(image)
        best = np.repeat((gray if gray.ndim == 2 else gray[..., 0])[..., None], 3, -1)
        best = best.astype(np.uint8)
        return SimpleNamespace(
            best=best, rgb=np.repeat(best[None], n_outputs, axis=0), provenance={"seed": seed}
        )


@pytest.fixture(autouse=True)
def _own_settings(tmp_path, monkeypatch):
    """Neither read nor write the settings of whoever runs the tests."""
    from napari import settings

    monkeypatch.setenv("ABDIFFUSER_CONFIG", str(tmp_path / "config"))
    if hasattr(settings, "get_plugin_settings"):
        monkeypatch.setattr(settings, "_CFG_PATH", str(tmp_path / "napari.yaml"))
        monkeypatch.setattr(settings, "_PLUGIN_SETTINGS", {})


@pytest.fixture(autouse=True)
def _nothing_of_qt_left(request):
    """Free windows here, before a worker thread of the next test happens to do it."""
    yield
    if "make_napari_viewer" in request.fixturenames:
        gc.collect()


@pytest.fixture
def colorizer():
    return ObedientColorizer()


@pytest.fixture
def model_colorizer(tiny_colorizer):
    """Put the real one where `window` expects one that a test can hold up."""
    return SimpleNamespace(
        go=SimpleNamespace(set=lambda: None),
        device=tiny_colorizer.device,
        device_reason=tiny_colorizer.device_reason,
        default_steps=tiny_colorizer.default_steps,
        open=tiny_colorizer.open,
    )


@pytest.fixture
def window(make_napari_viewer_proxy, colorizer, qtbot):
    """Make a viewer with the docked widget: an object with ``viewer`` and ``widget``."""
    from napari_abdiffuser.jobs.run import Models
    from napari_abdiffuser.widgets.dock import ColorizeWidget

    widgets = []

    def make(*images, **kwargs):
        viewer = make_napari_viewer_proxy(**kwargs)
        for image in images:
            viewer.add_image(image)
        if images:  # the studio takes the active one
            viewer.layers.selection.active = viewer.layers[0]
        widget = ColorizeWidget(viewer, models=Models(lambda model, device: colorizer))
        viewer.window.add_dock_widget(widget, name="AB-diffuser")
        widgets.append(weakref.ref(widget))
        button = widget.footer.button
        return SimpleNamespace(
            viewer=viewer,
            widget=widget,
            button=button,
            idle=lambda: qtbot.waitUntil(lambda: not widget.footer.busy, timeout=20000),
        )

    yield make
    # The window goes last: workers end, what they said is heard, and then the widget hears nothing
    # of the layers that napari takes away one by one.
    colorizer.go.set()
    from qtpy.QtCore import QCoreApplication, QThreadPool

    assert QThreadPool.globalInstance().waitForDone(20000)
    QCoreApplication.processEvents()
    for widget in filter(None, (ref() for ref in widgets)):
        widget.cleanup()
    assert QThreadPool.globalInstance().waitForDone(20000)


@pytest.fixture
def studio(qtbot):
    """Give an image, a legend of two classes, and the sync: no window is needed."""
    from napari.components import ViewerModel

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.hints.sync import HintSync
    from napari_abdiffuser.widgets.session.sources import Sources
    from napari_abdiffuser.widgets.session.store import Store

    made = []

    def make(*images, **placement):
        viewer = ViewerModel()
        for at, image in enumerate(images or (np.zeros((30, 40), np.uint8),)):
            viewer.add_image(image, name=f"picture {at}", **placement)
        sources = Sources(viewer)
        qtbot.addWidget(sources)
        store = Store(StudioState().add_class("cell", "#c8463f").add_class("ground", "#4483cb"))
        sync = HintSync(viewer, sources, store)
        made.append((sync, sources, store))
        store.apply(lambda s: s.choose("cell"))
        return SimpleNamespace(
            viewer=viewer,
            sources=sources,
            store=store,
            sync=sync,
            undo=lambda: store.apply(lambda s: s.undo()),
            redo=lambda: store.apply(lambda s: s.redo()),
            hints=lambda: (sync.when_settled(lambda: None), store.state.hints)[1],
        )

    yield make
    for sync, sources, _ in made:
        sync.cleanup()
        sources.cleanup()


@pytest.fixture
def stack(window, qtbot):
    """Make a window with pictures; ``go(i)`` shows a slice of a stack, ``run()`` colorizes it."""

    def make(*images):
        w = window(*images)
        for live in (p for p in w.widget.panels if type(p).__name__ == "LivePanel"):
            live.switch.setChecked(False)
        panels = {type(p).__name__: p for p in w.widget.panels}
        w.gallery, w.correct = panels["GalleryPanel"], panels["CorrectPanel"]
        w.measure, w.store, w.results = panels["MeasurePanel"], w.widget.store, w.widget.results
        w.widget.options.outputs_field.setValue(2)
        w.opened = lambda: qtbot.waitUntil(lambda: w.widget.bench.idle, timeout=20_000)
        w.captions = lambda: [w.gallery.list.item(i).text() for i in range(w.gallery.list.count())]
        w.shown = lambda: w.store.state.gallery[w.store.state.gallery.shown]
        w.named = lambda part: [x for x in w.viewer.layers if part in x.name]

        def go(at, *, opened=True):
            w.viewer.dims.set_current_step(0, at)
            qtbot.waitUntil(lambda: w.store.state.index == (at,), timeout=30_000)
            if opened:  # a run that is held up has the model's turn
                w.opened()

        def finished():
            qtbot.waitUntil(lambda: not w.widget.footer.busy, timeout=30_000)
            qtbot.waitUntil(lambda: not w.results.busy, timeout=30_000)

        def run():
            w.button.click()
            finished()

        w.go, w.run, w.finished = go, run, finished
        w.opened()
        return w

    return make
