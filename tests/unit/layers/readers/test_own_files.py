"""napari's reader of what the plugin wrote."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.layers import Layer, Points
from PIL import Image as Pillow

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.readers.own_files import get_reader, restored_layers
from napari_abdiffuser.studio.figure.compose import compose
from napari_abdiffuser.studio.figure.export import export
from napari_abdiffuser.studio.figure.options import FigureOptions
from napari_abdiffuser.studio.figure.provenance import figure_provenance
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.project.project import Project

GRAY = np.tile(np.linspace(0, 255, 60, dtype=np.uint8), (50, 1))
RGB = np.stack([GRAY, GRAY, GRAY], -1)
POINTS = Hints.from_points([(3, 4), (20, 30)], ["gold", "purple"], classes=["mineral", "cell"])
LABELS = np.zeros((50, 60), np.uint8)
LABELS[5:9, 7:11] = 1
REGION = Hints.from_labels(LABELS, {1: "teal"})


@pytest.mark.parametrize("name", ["figure.png", "figure.tif"])
def test_a_figure_gives_back_picture_coloring_hints_and_provenance(tmp_path, name):
    figure = compose(RGB, FigureOptions(original=True), original=GRAY)
    made = {
        "seed": 5,
        "model": {"name": "default", "sha256": "ab"},
        "hints": (POINTS + REGION).to_dict(),
        "pixel": {"size": [2.0, 3.0], "unit": "nm"},
    }
    about = figure_provenance(made, figure, Legend(), source="pollen")
    path = export(tmp_path / name, figure, about)
    reader = get_reader(str(path))
    gray, colouring, points, strokes = (Layer.create(*t) for t in reader(str(path)))
    np.testing.assert_array_equal(gray.data, GRAY)
    np.testing.assert_array_equal(colouring.data, RGB)
    assert (gray.name, colouring.name) == ("pollen", "pollen colorized")
    assert colouring.rgb
    assert colouring.metadata["abdiffuser"]["seed"] == 5
    assert colouring.metadata["abdiffuser"]["model"]["sha256"] == "ab"
    np.testing.assert_allclose(colouring.scale, (2, 3))
    assert str(colouring.units[0]) == "nanometer"
    np.testing.assert_allclose(points.data, [(3, 4), (20, 30)])
    assert list(points.features["class"]) == ["mineral", "cell"]
    np.testing.assert_array_equal(strokes.data, LABELS)


def test_without_the_original_its_gray_is_what_the_colors_lie_on(tmp_path):
    from napari_abdiffuser.imaging.colorspace import render
    from napari_abdiffuser.imaging.lightness import to_lightness

    lightness = to_lightness(GRAY).display
    chroma = np.full((*GRAY.shape, 2), 12.0, np.float32)
    figure = compose(render(lightness, chroma)[0], FigureOptions())
    path = export(tmp_path / "f.png", figure, figure_provenance({"seed": 1}, figure, Legend()))
    gray = restored_layers(path)[0][0]
    assert np.abs(gray.astype(int) - GRAY).max() <= 2


def test_files_of_others_are_left_to_others(tmp_path):
    Pillow.fromarray(RGB).save(tmp_path / "plain.png")
    tifffile.imwrite(tmp_path / "plain.tif", GRAY)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xff")
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    for file in tmp_path.iterdir():
        assert get_reader(str(file)) is None
    assert get_reader(str(tmp_path / "missing.png")) is None
    assert get_reader([str(tmp_path / "plain.png")] * 2) is None
    with pytest.raises(InvalidFile, match="does not say"):
        restored_layers(tmp_path / "plain.png")


def test_a_project_gives_its_hints_slice_by_slice(tmp_path):
    slices = {(0,): POINTS, (2,): POINTS + REGION}
    path = Project(Legend(), slices, (50, 60), "series", {"seed": 3}).save(tmp_path / "work")
    points, strokes = (Layer.create(*t) for t in get_reader(str(path))(str(path)))
    assert isinstance(points, Points)
    assert points.name == "series hints"
    np.testing.assert_allclose(points.data[:, 0], (0, 0, 2, 2))
    assert strokes.data.shape == (3, 50, 60)
    np.testing.assert_array_equal(strokes.data[2], LABELS)
    assert points.metadata["abdiffuser_project"]["settings"] == {"seed": 3}
