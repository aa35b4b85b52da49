"""The choice of the model: loaded in the background, kept, refused in words."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from napari.layers import Layer  # noqa: F401  (napari before Qt)
from qtpy.QtWidgets import QComboBox

from napari_abdiffuser.errors import ModelNotFound, OutOfMemory
from napari_abdiffuser.jobs.run import Models
from napari_abdiffuser.studio.settings.settings import Settings, load_settings, save_settings
from napari_abdiffuser.weights import load_registry
from napari_abdiffuser.widgets.dock import ColorizeWidget

GRAY = np.tile(np.arange(60, dtype=np.uint8), (40, 1))


@pytest.fixture
def shelf(window, make_napari_viewer_proxy, qtbot, tiny_colorizer):
    """A window whose models are a test's: what was loaded, and a gate."""

    class Shelf:
        def __init__(self):
            self.loaded, self.go, self.faults = [], threading.Event(), {}
            self.go.set()

        def load(self, model, device):
            assert self.go.wait(10)
            self.loaded.append(model)
            if model in self.faults:
                raise self.faults[model]
            return tiny_colorizer

        def open(self):
            viewer = make_napari_viewer_proxy()
            viewer.add_image(GRAY)
            self.models = Models(self.load)
            self.widget = ColorizeWidget(viewer, models=self.models)
            viewer.window.add_dock_widget(self.widget)
            self.row = self.widget.options.model_row
            self.said = lambda: self.widget.footer.status.text()
            qtbot.waitUntil(lambda: self.widget.bench.current is not None, timeout=20_000)
            return self

    return Shelf()


def opened_with(s):
    return s.widget.bench.watch.target.model


def test_a_model_is_loaded_in_the_background_used_and_remembered(shelf, qtbot):
    s = shelf.open()
    field = s.widget.options.findChild(QComboBox, "model_field")
    names = [entry.name for entry in load_registry().models]
    assert [field.itemText(i) for i in range(field.count())] == [*names, "File…"]
    s.go.clear()
    s.row.choose("/models/other.safetensors")
    assert field.currentText() == "other.safetensors"
    assert "Loading the model 'other.safetensors'" in s.row.state.text()
    assert "Loading the model 'other.safetensors'" in s.said()
    assert (s.widget.options.values.model, opened_with(s)) == ("default", "default")
    s.go.set()
    qtbot.waitUntil(lambda: opened_with(s) == "/models/other.safetensors", timeout=20_000)
    assert "is in use from now on" in s.said()
    qtbot.waitUntil(lambda: s.widget.bench.current is not None, timeout=20_000)
    qtbot.waitUntil(
        lambda: load_settings()[0].preferences.model == "/models/other.safetensors", timeout=5000
    )
    requests = []
    s.widget.runs.start = requests.append
    s.widget.footer.button.click()
    assert requests[0].options.model == "/models/other.safetensors"
    s.widget.cleanup()
    again = shelf.open()
    qtbot.waitUntil(lambda: opened_with(again) == "/models/other.safetensors", timeout=20_000)


def test_a_bad_file_is_refused_in_words_and_the_old_model_stays(shelf, qtbot, tmp_path):
    s = shelf.open()
    bad = str(tmp_path / "bad.safetensors")
    s.faults[bad] = ModelNotFound("There is no such file: choose another.")
    before = s.models.get("default", "auto")
    count = len(s.loaded)
    s.row.choose(bad)
    qtbot.waitUntil(lambda: "stays in use" in s.said(), timeout=20_000)
    assert s.said() == s.row.state.text()
    assert s.said().startswith("There is no such file: choose another. The model 'default'")
    assert s.row.field.currentData() == "default"
    assert (s.widget.options.values.model, opened_with(s)) == ("default", "default")
    assert s.models.get("default", "auto") is before
    assert s.loaded[count:] == [bad]
    assert s.widget.binder.keeper.settings.preferences.model == "default"


def test_who_goes_back_to_the_model_in_use_waits_for_no_other(shelf, qtbot):
    s = shelf.open()
    s.go.clear()
    s.row.choose("/models/other.safetensors")
    s.row.choose("default")
    assert "Loading" not in s.row.state.text() + s.said()
    s.go.set()
    qtbot.waitUntil(lambda: s.widget.runs._preparing is None, timeout=20_000)
    assert (s.row.wanted, s.row.model, opened_with(s)) == ("default",) * 3
    assert s.row.field.currentText() == "default"


def test_a_loading_that_napari_is_told_to_stop_says_so_and_the_old_model_stays(shelf, qtbot):
    s = shelf.open()
    s.go.clear()
    s.row.choose("/models/other.safetensors")
    s.widget.runs._preparing.worker.quit()  # as napari's task manager does
    s.go.set()
    qtbot.waitUntil(lambda: "The loading was stopped" in s.said(), timeout=20_000)
    assert "Loading" not in s.row.state.text()
    assert (s.row.wanted, s.row.model, opened_with(s)) == ("default",) * 3
    s.row.choose("/models/other.safetensors")
    qtbot.waitUntil(lambda: opened_with(s) == "/models/other.safetensors", timeout=20_000)


def test_a_preferred_model_that_is_gone_leaves_the_default_and_the_preference(shelf, qtbot):
    save_settings(Settings().change(model="/usb/gone.safetensors"))
    shelf.faults["/usb/gone.safetensors"] = ModelNotFound("It is not there: plug it in.")
    s = shelf.open()
    qtbot.waitUntil(lambda: "plug it in" in s.row.state.text(), timeout=20_000)
    assert s.widget.options.values.model == "default"
    s.widget.options.outputs_field.setValue(5)  # saving other settings does not ask again
    assert s.loaded.count("/usb/gone.safetensors") == 1
    s.widget.cleanup()
    assert load_settings()[0].preferences.model == "/usb/gone.safetensors"


def test_an_old_model_that_is_in_the_way_of_a_new_one_goes():
    loaded = []

    def load(model, device):
        loaded.append(model)
        if loaded == ["old", "new"]:
            raise OutOfMemory("Full.")
        return object()

    models = Models(load)
    models.get("old", "cpu")
    models.get("new", "cpu")
    assert loaded == ["old", "new", "new"]


def test_a_file_that_is_no_model_says_so(tmp_path):
    from napari_abdiffuser.errors import ModelCorrupt
    from napari_abdiffuser.jobs.run import load_colorizer

    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"no model" * 10)
    with pytest.raises(ModelCorrupt, match=r"bad\.safetensors"):
        load_colorizer(str(path), "cpu")
