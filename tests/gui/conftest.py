"""A window with the dock widget, and a colorizer that does as it is told."""

from __future__ import annotations

import threading
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
        return SimpleNamespace(paint=lambda hints, **options: self._paint(image, hints, **options))

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


@pytest.fixture
def colorizer():
    return ObedientColorizer()


@pytest.fixture
def window(make_napari_viewer_proxy, colorizer, qtbot):
    """Make a viewer with the docked widget: an object with ``viewer`` and ``widget``."""
    from napari_abdiffuser.widgets import ColorizeWidget
    from napari_abdiffuser.widgets.work import Models

    def make(*images, **kwargs):
        viewer = make_napari_viewer_proxy(**kwargs)
        for image in images:
            viewer.add_image(image)
        widget = ColorizeWidget(viewer, models=Models(lambda model, device: colorizer))
        viewer.window.add_dock_widget(widget, name="AB-diffuser")
        button = widget.footer.button
        return SimpleNamespace(
            viewer=viewer,
            widget=widget,
            button=button,
            idle=lambda: qtbot.waitUntil(lambda: button.text() == "Colorize", timeout=5000),
        )

    yield make
    # Let workers end before the window goes.
    colorizer.go.set()
    from qtpy.QtCore import QThreadPool

    assert QThreadPool.globalInstance().waitForDone(5000)


@pytest.fixture
def studio(qtbot):
    """Give an image, a legend of two classes, and the sync: no window is needed."""
    from napari.components import ViewerModel

    from napari_abdiffuser.studio.state import StudioState
    from napari_abdiffuser.widgets.hint_sync import HintSync
    from napari_abdiffuser.widgets.sources import Sources
    from napari_abdiffuser.widgets.store import Store

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
