from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_abdiffuser.errors import InvalidFile, InvalidRequest
from napari_abdiffuser.files.output import write
from napari_abdiffuser.files.pictures import Picture
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.figure.compose import compose
from napari_abdiffuser.studio.figure.export import export
from napari_abdiffuser.studio.figure.options import FigureOptions
from napari_abdiffuser.studio.figure.provenance import figure_provenance, read_provenance
from napari_abdiffuser.studio.legend.classes import Legend

RGB = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
LEGEND = Legend.of({"a = b; µ\n": "gold", "cells": "teal"})
HINTS = Hints.from_points([(3, 4), (10, 20)], ["gold", "teal"], 5, ["a = b; µ", "cells"])
RESULT = {
    "model": {"name": "default", "sha256": "0" * 64},
    "seed": 2**53 + 1,
    "hints": HINTS.to_dict(),
    "output": 2,
}


@pytest.fixture
def figure():
    return compose(RGB, FigureOptions(legend="right", dpi=600), LEGEND.classes)


@pytest.mark.parametrize(
    ("name", "pixel_size"), [("f.png", None), ("f.TIF", None), ("f.tiff", 0.25), ("f.png", 0.25)]
)
def test_pixels_and_provenance_come_back(figure, tmp_path, name, pixel_size):
    about = figure_provenance(RESULT, figure, LEGEND, "False colour: …", "pollen = 1")
    path = export(tmp_path / name, figure, about, pixel_size, "µm")

    stored = tifffile.imread(path) if "t" in name.lower() else np.asarray(Image.open(path))
    assert np.array_equal(stored, figure.pixels)
    found = read_provenance(path)
    assert found.hints == HINTS
    assert found.raw["seed"] == 2**53 + 1
    assert found.legend == LEGEND
    assert found.raw["figure"]["caption"] == "False colour: …"
    assert found.raw == about
    assert found.raw["picture"] == "pollen = 1"
    top, left, height, width = found.colored
    assert np.array_equal(stored[top : top + height, left : left + width], RGB)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("size", "unit", "word", "width"),
    [
        (0.25, "um", "micron", 0.25),
        (5.0, "nm", "nm", 5.0),
        (3.0, "angstrom", "nm", 0.3),
        ((0.5, 0.2), "millimeter", "mm", 0.2),
    ],
)
def test_imagej_reads_the_scale_from_a_tiff(tmp_path, size, unit, word, width):
    figure = compose(RGB, FigureOptions(legend="right", dpi=0), LEGEND.classes)
    path = export(tmp_path / "f.tif", figure, RESULT, size, unit)
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        assert file.is_imagej
        assert file.imagej_metadata["unit"] == word
        x, y = (tags[name].value for name in ("XResolution", "YResolution"))
        assert tags["ResolutionUnit"].value == 1
        assert x[1] / x[0] == pytest.approx(width, rel=1e-6)
        tall = size[0] if isinstance(size, tuple) else width
        assert y[1] / y[0] == pytest.approx(tall, rel=1e-6)
        assert file.pages[0].description.isascii()


@pytest.mark.parametrize("unit", ["pixel", "nm"])
def test_the_file_says_dots_per_inch_where_they_are_asked_for(figure, tmp_path, unit):
    with tifffile.TiffFile(export(tmp_path / "f.tif", figure, {}, 1.0, unit)) as file:
        tags = file.pages[0].tags
        assert tags["XResolution"].value == tags["YResolution"].value == (600, 1)
        assert tags["ResolutionUnit"].value == 2
    with Image.open(export(tmp_path / "f.png", figure, {})) as image:
        assert image.info["dpi"] == pytest.approx((600, 600), abs=0.1)
    none = compose(RGB, FigureOptions(dpi=0))
    with Image.open(export(tmp_path / "g.png", none, {})) as image:
        assert "dpi" not in image.info
    with tifffile.TiffFile(export(tmp_path / "g.tif", none, {})) as file:
        assert file.pages[0].tags["ResolutionUnit"].value == 1


@pytest.mark.parametrize("calibration", [{}, {"unit": "nm"}, {"PhysicalSizeX": 0.5}])
def test_files_of_the_command_line_are_read_too(tmp_path, calibration):
    for name in ("a.tif", "a.png"):
        write(tmp_path / name, RGB, Picture(RGB, calibration=calibration), RESULT)
        found = read_provenance(tmp_path / name)
        assert found.hints == HINTS
        assert found.raw["seed"] == 2**53 + 1


def test_files_of_others_say_nothing_and_broken_ones_say_so(figure, tmp_path):
    Image.fromarray(RGB).save(tmp_path / "other.png")
    tifffile.imwrite(tmp_path / "other.tif", RGB)
    assert read_provenance(tmp_path / "other.png") is None
    assert read_provenance(tmp_path / "other.tif") is None
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n123")
    for name in ("broken.png", "missing.tif"):
        with pytest.raises(InvalidFile, match="check the path"):
            read_provenance(tmp_path / name)
    odd = {"seed": "x", "hints": {"format": "later"}, "classes": 3, "model": "m", "figure": []}
    found = read_provenance(export(tmp_path / "odd.png", figure, odd))
    assert len(found.hints) == 0
    assert found.legend == Legend()


def test_nothing_is_half_written(figure, tmp_path):
    target = tmp_path / "f.png"
    export(target, figure, RESULT)
    before = target.read_bytes()
    with pytest.raises(InvalidRequest, match="JSON"):
        export(target, figure, {"seed": object()})
    assert target.read_bytes() == before
    with pytest.raises(InvalidRequest, match=r"\.png or \.tif"):
        export(tmp_path / "f.jpg", figure, RESULT)
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(InvalidFile, match="choose a folder"):
        export(blocked / "f.png", figure, RESULT)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.png", "file"]
