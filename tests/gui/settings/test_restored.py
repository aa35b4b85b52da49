"""Files of the plugin bring back seed, steps, background, model and classes."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.readers.own_files import project_layers, restored_layers
from napari_abdiffuser.studio.figure.compose import compose
from napari_abdiffuser.studio.figure.export import export
from napari_abdiffuser.studio.figure.options import FigureOptions
from napari_abdiffuser.studio.figure.provenance import figure_provenance
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.project.project import Project

GRAY = np.tile(np.linspace(0, 255, 60, dtype=np.uint8), (40, 1))
HINTS = Hints.from_points([(5, 5)], ["#c8463f"], 5, ["cell"])
LEGEND = Legend.of({"cell": "#c8463f", "ground": "#4483cb"})
MADE = {
    "seed": 41, "steps": 17, "background": "gray",
    "model": {"name": "default", "sha256": None}, "hints": HINTS.to_dict(),
}  # fmt: skip


@pytest.fixture
def figure(tmp_path):
    def make(**changes):
        rgb = np.repeat(GRAY[..., None], 3, -1)
        composed = compose(rgb, FigureOptions())
        about = figure_provenance({**MADE, **changes}, composed, LEGEND, "", "pollen")
        return export(tmp_path / "figure.png", composed, about)

    return make


def dropped(w, layers, qtbot):
    for made in layers:
        w.viewer.add_layer(Layer.create(*made))
    qtbot.waitUntil(lambda: not w.widget.restored._soon.isActive(), timeout=20_000)
    settled = []
    w.widget.sync.when_settled(lambda: settled.append(True))
    qtbot.waitUntil(lambda: bool(settled), timeout=20_000)


def shown(w):
    options = w.widget.options
    return options.values.seed, options.values.steps, options.values.background


def test_a_figure_brings_back_how_it_was_made_and_the_user_goes_on_from_there(
    window, figure, qtbot
):
    w = window(GRAY)
    dropped(w, restored_layers(figure()), qtbot)
    options, image = w.widget.options, w.widget.sources.image
    assert image.name == "pollen"  # what was dropped is what is worked on
    assert shown(w) == (41, 17, "gray")
    assert {"cell", "ground"} <= set(w.widget.store.state.legend.names)
    assert "As in the file: seed 41, 17 steps" in w.widget.footer.status.text()
    options.seed_field.setValue(3)
    for layer in (w.viewer.layers[0], image):  # away and back
        w.widget.sources.image_field.choose(layer)
        qtbot.waitUntil(lambda: not w.widget.restored._soon.isActive(), timeout=20_000)
    assert shown(w) == (3, 17, "gray")
    dropped(w, [image.as_layer_data_tuple()], qtbot)  # a copy, which says the same
    assert w.widget.sources.image.name == "pollen [1]"  # what was opened last
    assert shown(w) == (3, 17, "gray")


def test_a_model_that_is_not_there_is_said_and_the_one_in_use_stays(window, figure, qtbot):
    w = window(GRAY)
    path = figure(model={"name": "/none/mine.safetensors", "sha256": "ab"}, seed=2**40)
    dropped(w, restored_layers(path), qtbot)
    said = w.widget.footer.status.text()
    assert "'mine.safetensors', which is not here, so 'default' stays in use" in said
    assert f"seed {2**40} is larger" in said
    assert w.widget.options.values.model == "default"
    assert shown(w) == (0, 17, "gray")


def test_a_project_opened_as_a_file_brings_settings_for_the_picture_that_is_open(
    window, qtbot, tmp_path
):
    w = window()
    w.viewer.add_image(GRAY, name="pollen")
    made = {k: v for k, v in MADE.items() if k != "hints"}
    project = Project(LEGEND, {(): HINTS}, GRAY.shape, "pollen", {"seed": 7}, made)
    dropped(w, project_layers(project.save(tmp_path / "work")), qtbot)
    assert shown(w) == (7, 17, "gray")
    assert "ground" in w.widget.store.state.legend
    project = Project(LEGEND, {(): HINTS}, GRAY.shape, "pollen", {"seed": 8}, made)
    dropped(w, project_layers(project.save(tmp_path / "later")), qtbot)
    assert shown(w)[0] == 8


def test_a_figure_that_was_open_before_the_dock_is_heard_too(window, figure, qtbot):
    w = window(GRAY)
    layers = restored_layers(figure())
    w.widget.cleanup()
    for made in layers:
        w.viewer.add_layer(Layer.create(*made))
    assert shown(w)[0] == 0
    from napari_abdiffuser.widgets.dock import ColorizeWidget

    del w.viewer.layers[0]
    again = ColorizeWidget(w.viewer, models=w.widget.context.models)
    qtbot.addWidget(again)
    try:
        qtbot.waitUntil(lambda: again.options.values.seed == 41, timeout=20_000)
    finally:
        again.cleanup()
