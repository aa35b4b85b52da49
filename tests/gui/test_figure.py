"""The figure: looked at, declared, written, and read back by napari."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.layers import Layer
from npe2 import PluginManifest
from PIL import Image
from qtpy.QtGui import QGuiApplication

import napari_abdiffuser
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.readers.own_files import restored_layers
from napari_abdiffuser.studio.figure.compose import compose
from napari_abdiffuser.studio.figure.export import export as export_figure
from napari_abdiffuser.studio.figure.options import FigureOptions
from napari_abdiffuser.studio.figure.provenance import figure_provenance, read_provenance
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.settings.folders import last_folder
from napari_abdiffuser.studio.settings.settings import load_settings
from napari_abdiffuser.widgets.figure import panel as figure_module
from napari_abdiffuser.widgets.figure.panel import FigurePanel

GRAY = np.tile(np.linspace(0, 255, 120, dtype=np.uint8), (90, 1))


@pytest.fixture
def ran(window, qtbot):
    """A window with a colouring and the panel in sight."""
    w = window(GRAY)
    w.viewer.layers[0].scale = (50, 50)
    w.viewer.layers[0].units = ("nm", "nm")
    w.panel = next(p for p in w.widget.panels if isinstance(p, FigurePanel))
    w.settled = lambda: qtbot.waitUntil(lambda: not w.panel.busy, timeout=20_000)
    w.button.click()
    w.idle()
    w.widget.bring_forward(w.panel)
    qtbot.waitUntil(lambda: w.panel.export_button.isEnabled(), timeout=20_000)
    w.settled()
    return w


def export(w, qtbot, path):
    w.panel.export_to(path)
    qtbot.waitUntil(lambda: "Saved" in w.widget.footer.status.text(), timeout=20_000)


def test_the_file_has_the_pixels_of_the_screen_and_says_how_they_were_made(ran, qtbot, tmp_path):
    ran.panel.controls.bar_field.setCurrentIndex(1)  # below: the picture stays whole
    ran.panel.controls.original_field.setChecked(True)
    ran.settled()
    export(ran, qtbot, tmp_path / "figure.png")
    found = read_provenance(tmp_path / "figure.png")
    top, left, height, width = found.colored
    pixels = np.asarray(Image.open(tmp_path / "figure.png"))
    shown = ran.viewer.layers["image colorized"].data
    np.testing.assert_array_equal(pixels[top : top + height, left : left + width], shown)
    np.testing.assert_array_equal(pixels[:90, :120, 0], GRAY)
    assert found.raw["seed"] == 0
    told = {"size": [50.0, 50.0], "unit": "nm", "shape": list(pixels.shape[:2])}
    assert found.raw["pixel"] == told
    assert found.raw["figure"]["caption"] == ran.panel.caption.text()
    assert "lightness unchanged" in found.raw["figure"]["caption"]
    assert "Scale bar, 1 µm." in found.raw["figure"]["caption"]
    assert last_folder("figure") == tmp_path
    assert not list(tmp_path.glob(".*"))


def test_the_resolution_chosen_is_in_the_file_and_in_the_next_session(ran, qtbot, tmp_path):
    ran.panel.controls.dpi_field.setValue(450)
    ran.settled()
    assert "cm at 450 dpi" in ran.panel.picture.toolTip()
    export(ran, qtbot, tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as image:
        assert image.info["dpi"] == pytest.approx((450, 450), abs=0.1)
    export(ran, qtbot, tmp_path / "figure.tif")
    with tifffile.TiffFile(tmp_path / "figure.tif") as file:
        tags = file.pages[0].tags
        assert (tags["XResolution"].value, tags["ResolutionUnit"].value) == ((450, 1), 2)
    ran.widget.cleanup()
    assert load_settings()[0].preferences.figure_dpi == 450


def test_the_caption_goes_to_the_clipboard(ran):
    ran.panel.copy_button.click()
    assert QGuiApplication.clipboard().text().startswith("False colour.")


def test_pixels_that_another_tool_changed_are_not_called_unchanged(ran, qtbot):
    layer = next(x for x in ran.viewer.layers if x.visible and "abdiffuser" in x.metadata)
    layer.data = 255 - layer.data
    qtbot.waitUntil(lambda: "unchanged" not in ran.panel.caption.text(), timeout=20_000)


def test_another_picture_of_the_same_name_is_not_put_beside(ran, qtbot):
    ran.panel.controls.original_field.setChecked(True)
    ran.settled()
    assert ran.panel.controls.options.original
    ran.viewer.layers.remove("image")
    ran.viewer.add_image(np.ascontiguousarray(GRAY[:, ::-1]), name="image")
    qtbot.waitUntil(lambda: not ran.panel.controls.original_field.isEnabled(), timeout=20_000)
    assert "unchanged" not in ran.panel.caption.text()
    assert "have changed" in ran.panel.controls.original_field.toolTip()


def test_what_is_hidden_is_no_figure(ran, qtbot):
    for layer in ran.viewer.layers:
        layer.visible = False
    qtbot.waitUntil(lambda: not ran.panel.export_button.isEnabled(), timeout=20_000)
    assert "no colouring" in ran.panel.export_button.toolTip()


def test_without_a_unit_there_is_no_scale_bar_and_the_reason_is_told(window, qtbot):
    w = window(GRAY)
    panel = next(p for p in w.widget.panels if isinstance(p, FigurePanel))
    w.button.click()
    w.idle()
    w.widget.bring_forward(panel)
    qtbot.waitUntil(lambda: panel.export_button.isEnabled(), timeout=20_000)
    assert not panel.controls.bar_field.isEnabled()
    assert "how large a pixel is" in panel.controls.bar_field.toolTip()


def test_dropped_into_napari_it_brings_everything_back(ran, qtbot, tmp_path, npe2pm):
    export(ran, qtbot, tmp_path / "figure.tif")
    npe2pm.register(
        PluginManifest.from_file(Path(napari_abdiffuser.__file__).parent / "napari.yaml")
    )
    before = len(ran.viewer.layers)
    ran.viewer.open(tmp_path / "figure.tif", plugin="napari-abdiffuser")
    gray, colouring = ran.viewer.layers[before:]
    assert colouring.metadata["abdiffuser"]["seed"] == 0
    np.testing.assert_allclose(gray.scale, (50, 50))
    assert gray in ran.widget.sources.image_field.layers
    assert colouring not in ran.widget.sources.image_field.layers


def test_hints_of_a_figure_go_to_its_own_picture_not_to_the_one_of_its_name(studio, tmp_path):
    s = studio()
    image = s.viewer.layers[0]
    places = [[5, 5], [20, 30]]
    hints = Hints.from_points(places, ["#c8463f", "#4483cb"], 5, ["cell", "ground"])
    s.sync.start("points")
    s.store.apply(lambda state: state.set_hints(hints))
    rgb = np.repeat(GRAY[:30, :40, None], 3, -1)
    figure = compose(rgb, FigureOptions())
    about = figure_provenance({"hints": hints.to_dict()}, figure, Legend(), "", image.name)
    path = export_figure(tmp_path / "figure.png", figure, about)
    for made in restored_layers(path):
        s.viewer.add_layer(Layer.create(*made))
    assert s.hints() == s.store.state.hints
    assert len(s.hints()) == 2  # and not four, with those of the file among them
    assert len(s.viewer.layers["picture 0 hints"].data) == 2
    again = s.viewer.layers["picture 0 [1]"]
    s.sources.image_field.choose(again)
    s.sync.pictures.catch_up()
    assert s.sync.image is again
    assert [(p.y, p.x) for p in s.hints().points] == [(5, 5), (20, 30)]
    s.sync.layer("points").add([9, 9])
    assert len(s.viewer.layers["picture 0 hints"].data) == 2


def test_a_name_without_ending_gets_one_and_overwrites_nothing(ran, tmp_path, monkeypatch):
    (tmp_path / "a.tif").write_bytes(b"mine")
    answer = (str(tmp_path / "a"), "TIFF picture (*.tif *.tiff)")
    monkeypatch.setattr(figure_module.QFileDialog, "getSaveFileName", lambda *_: answer)
    assert figure_module.ask_path(ran.panel, tmp_path).name == "a 2.tif"
