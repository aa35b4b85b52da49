"""What napari's menus offer, in a real window."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
from napari.layers import Image, Points
from napari.viewer import Viewer
from npe2 import PluginManifest
from npe2.manifest.utils import import_python_name
from qtpy.QtWidgets import QPushButton

import napari_abdiffuser
from napari_abdiffuser.errors import ModelNotFound
from napari_abdiffuser.jobs import run as work
from napari_abdiffuser.layers.readers.samples import micrograph
from napari_abdiffuser.widgets.commands import new_hints_layer


def test_the_sample_opens_and_its_hints_are_chosen(window):
    w = window()
    for data, meta, kind in micrograph():
        getattr(w.viewer, f"add_{kind}")(data, **meta)
    image, hints = w.viewer.layers
    assert isinstance(image, Image)
    assert isinstance(hints, Points)
    assert w.widget.sources.image == image
    assert w.widget.sources.hints == hints
    assert w.button.isEnabled()
    assert f"Ready: {len(hints.data)} hints in" in w.widget.footer.status.text()


def test_the_command_puts_hints_on_the_active_image(make_napari_viewer):
    viewer = make_napari_viewer()
    new_hints_layer(viewer)
    assert not viewer.layers
    first = viewer.add_image(np.zeros((9, 9)), scale=(2, 2))
    viewer.add_image(np.zeros((9, 9)))
    viewer.layers.selection.active = first
    new_hints_layer(viewer)
    layer = viewer.layers[-1]
    assert isinstance(layer, Points)
    assert viewer.layers.selection.active is layer
    assert str(layer.mode) == "add"
    np.testing.assert_array_equal(layer.scale, (2, 2))


def test_napari_finds_the_widget_and_the_sample(make_napari_viewer, npe2pm, monkeypatch, qtbot):
    def unavailable(model, device):
        raise ModelNotFound("The model is not loaded in this test.")

    monkeypatch.setattr(work, "load_colorizer", unavailable)
    manifest = Path(napari_abdiffuser.__file__).with_name("napari.yaml")
    npe2pm.register(PluginManifest.from_file(manifest))
    viewer = make_napari_viewer()
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdiffuser")
    assert widget.findChild(QPushButton, "colorize_button").text() == "Colorize"
    qtbot.waitUntil(lambda: "not loaded in this test" in widget.options.device_state.text())
    viewer.open_sample("napari-abdiffuser", "micrograph")
    assert len(viewer.layers) == 2


def test_what_the_command_palette_can_run_needs_nothing_from_its_caller():
    manifest = PluginManifest.from_file(Path(napari_abdiffuser.__file__).with_name("napari.yaml"))
    contributed = manifest.contributions
    apart = {item.command for item in (*contributed.sample_data, *contributed.widgets)}
    ran = []
    for command in contributed.commands:
        if command.id in apart or command.enablement == "False":
            continue
        function = import_python_name(command.python_name)
        asked = inspect.signature(function, eval_str=True).parameters.values()
        # napari gives its viewer to those that ask for it.
        assert all(p.default is not p.empty or p.annotation is Viewer for p in asked), command.id
        ran.append(command.id)
    assert "napari-abdiffuser.export_figure" in ran
    assert "napari-abdiffuser.read" not in ran
