"""Hints of all slices of a stack at once."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from napari.layers import Image, Labels, Points, Shapes

from napari_abdiffuser.imaging.hints import PointHint
from napari_abdiffuser.layers import allocation as room
from napari_abdiffuser.layers.hints.lasso import LassoLink
from napari_abdiffuser.layers.hints.points import PointsLink
from napari_abdiffuser.layers.hints.reading import Place, Reading
from napari_abdiffuser.layers.hints.strokes import StrokesLink, new_strokes_layer
from napari_abdiffuser.layers.images import read_image
from napari_abdiffuser.studio.legend.classes import Legend

OWN = {"abdiffuser_hints": True, "abdiffuser_classes": {1: "cell"}}


@pytest.fixture
def place() -> Place:
    """One slice of a stack with time and depth."""
    image = Image(np.zeros((3, 4, 20, 30), np.uint8), scale=(1, 5, 2, 2), translate=(0, 7, 0, 0))
    legend = Legend().add("cell", "#ff0000")
    return Place(image, read_image(image, index=(0, 0)), None, legend)


def slices(link, place):
    return dict(link.slices(place).build().slices)


def test_points_of_every_slice_are_those_that_a_visit_finds(place: Place):
    at = [[0, 0, 3, 4], [2, 3, 3, 4], [2, 3, 8, 9], [1, 2, 99, 9], [0, np.nan, 3, 3]]
    with np.errstate(invalid="ignore"):
        layer = Points(at, face_color="#ff0000", scale=(1, 5, 2, 2), translate=(0, 7, 0, 0))
    link = PointsLink(layer, own=True)
    found = slices(link, place)
    assert set(found) == {(0, 0), (2, 3), (1, 2)}
    assert [(p.y, p.x) for p in found[(2, 3)].points] == [(3, 4), (8, 9)]
    assert found[(1, 2)].left_out.outside == 1
    for index, reading in found.items():
        assert link.source(place.at(index)).build().points == reading.points


def test_outlines_count_in_the_slice_that_they_lie_in(place: Place):
    flat = np.array([[3, 4], [3, 14], [14, 14]], float)
    inside = np.hstack([np.full((3, 2), 2), flat])
    across = inside + np.array([[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    layer = Shapes([inside, across], shape_type="polygon", scale=(1, 5, 2, 2),
                   translate=(0, 7, 0, 0))  # fmt: skip
    assert {i: len(r.regions) for i, r in slices(LassoLink(layer, own=True), place).items()} == {
        (2, 2): 1
    }


def test_painted_slices_are_found_where_the_layer_has_fewer(place: Place):
    painted = np.zeros((3, 2, 20, 30), np.uint8)
    painted[1, 1, 5:8, 5:8] = 1
    # It begins at the third depth of the stack.
    layer = Labels(painted, scale=(1, 5, 2, 2), translate=(0, 17, 0, 0), metadata=OWN)
    link = StrokesLink(layer, own=True)
    found = slices(link, place)
    assert set(found) == {(1, 3)}
    (region,) = found[(1, 3)].regions
    assert (region.class_name, int(region.mask.sum())) == ("cell", 9)
    assert not link.reaches(place.at((1, 1)))
    assert link.reaches(place.at((1, 2)))
    assert not slices(StrokesLink(layer, own=False), place)


def test_a_flat_layer_says_the_same_of_every_slice(place: Place):
    points = Points([[3, 4]], scale=(2, 2), face_color="#ff0000")
    labels = Labels(np.ones((20, 30), np.uint8), scale=(2, 2), metadata=OWN)
    for link in (PointsLink(points, own=True), StrokesLink(labels, own=True)):
        read = link.slices(place).build()
        assert not read.slices
        assert len(read.at((2, 1)).points + read.at((2, 1)).regions) == 1
    link.write(place, Reading())
    assert not labels.data.any()


def test_a_layer_to_paint_on_has_all_slices_whatever_their_size(monkeypatch):
    monkeypatch.setattr(room, "_IN_MEMORY", 10)
    image = Image(np.zeros((3, 4, 20, 30), np.uint8), scale=(1, 5, 2, 2))
    layer = new_strokes_layer(image)
    assert layer.data.shape == image.data.shape
    place = Place(image, read_image(image, index=(2, 3)), None, Legend())
    layer.data[2, 3, 1, 1] = 1
    assert len(StrokesLink(layer, own=True).source(place).build().regions) == 1


def test_hints_are_what_a_layer_says_if_nothing_but_a_class_was_given_to_them():
    read = Reading((PointHint(1, 2, 3, (1, 0, 0)), PointHint(4, 5, 3, (1, 0, 0), "b")))
    named = [PointHint(4.00001, 5, 3, (1, 0, 0), "b"), PointHint(1, 2, 3, (1, 0, 0), "a")]
    assert read.matches(named)
    assert not read.matches(named[:1])
    assert not read.matches([named[0], PointHint(1, 2, 3, (0, 1, 0), "a")])
    assert not read.matches([named[0], PointHint(1, 3, 3, (1, 0, 0), "a")])


def test_what_the_first_layer_of_hints_needs_is_imported_ahead_in_a_thread():
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
from napari_abdiffuser.layers.hints.strokes import prepare
assert "pandas" not in sys.modules
with ThreadPoolExecutor(1) as pool:
    pool.submit(prepare).result()
assert "pandas" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
