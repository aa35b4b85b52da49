from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Points

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.layers.spatial import (
    LayerTransform,
    displayed_index,
    map_between,
    pixel_size,
)


@pytest.mark.parametrize("index", [(3, None, None), (None, 5, None), (None, None, None)])
def test_a_slice_stays_where_it_was_in_the_stack(tilted, index):
    stack = tilted((6, 12, 20))
    placement = LayerTransform.of(stack, index)
    piece = stack.data[tuple(slice(None) if at is None else slice(at, at + 1) for at in index)]
    layer = Image(piece, **placement.as_kwargs())
    start = [at or 0 for at in index]
    for corner in ((0, 0, 0), tuple(np.array(piece.shape) - 1)):
        np.testing.assert_allclose(
            layer.data_to_world(corner), stack.data_to_world(np.add(corner, start)), rtol=1e-12
        )
    for name in ("scale", "rotate", "shear", "units", "axis_labels"):
        np.testing.assert_array_equal(getattr(layer, name), getattr(stack, name))
    np.testing.assert_array_equal(layer.affine.affine_matrix, stack.affine.affine_matrix)


def test_the_map_is_naparis_own(tilted):
    image = tilted()
    points = Points(
        np.random.default_rng(0).uniform(-50, 50, (7, 2)),
        scale=(3, 0.7), rotate=20, translate=(5, -1e6), units=("nm", "nm"),
    )  # fmt: skip
    ours = map_between(points, image)(points.data)
    for point, mapped in zip(points.data, ours, strict=True):
        expected = image.world_to_data(points.data_to_world(point))
        np.testing.assert_allclose(mapped, expected, atol=1e-6)


def test_units_of_one_kind_are_converted():
    image = Image(np.zeros((8, 8)), units=("um", "um"))
    nanometres = Points([[3000.0, 5000.0]], units=("nm", "nm"))
    pixels = Points([[3.0, 5.0]])
    for points in (nanometres, pixels):
        np.testing.assert_allclose(map_between(points, image)(points.data), [[3, 5]], rtol=1e-12)


def test_fewer_dimensions_than_the_target_lie_in_the_slice_given(tilted):
    stack = tilted((6, 12, 20), rotate=None, shear=None, affine=None)
    here = stack.data_to_world((4, 0, 0))
    mapped = map_between(Points(np.zeros((1, 2)), units=("nm", "nm")), stack, here)
    assert mapped(np.zeros((1, 2)))[0, 0] == pytest.approx(4)


def test_the_displayed_slice_follows_sliders_and_axis_order():
    viewer = ViewerModel()
    stack = viewer.add_image(np.zeros((6, 12, 20)), scale=(5, 1, 1), translate=(100, 0, 0))
    flat = viewer.add_image(np.zeros((12, 20)))
    viewer.dims.set_point(0, 110)
    assert displayed_index(stack, viewer.dims) == (2, None, None)
    assert displayed_index(flat, viewer.dims) == (None, None)
    viewer.dims.order = (1, 0, 2)
    viewer.dims.set_point(1, 7)
    assert displayed_index(stack, viewer.dims) == (None, 7, None)
    viewer.dims.order = (0, 1, 2)
    viewer.dims.ndisplay = 3
    assert displayed_index(stack, viewer.dims)[1:] == (None, None)


def test_a_layer_without_the_current_slice_says_so():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((40, 4, 4)))
    short = viewer.add_image(np.zeros((5, 4, 4)))
    viewer.dims.set_current_step(0, 30)
    with pytest.raises(InvalidImage, match="sliders"):
        displayed_index(short, viewer.dims)


LENGTH = {"units": ("nm", "nm")}


def size_of(**placement):
    layer = Image(np.zeros((96, 120, 3), np.uint8), rgb=True, **{**LENGTH, **placement})
    return pixel_size(LayerTransform.of(layer), (0, 1))


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        ({"scale": (5, 5)}, (5, 5)),
        ({"scale": (20, 5)}, (20, 5)),
        ({"scale": (1, 1), "affine": np.diag([5.0, 5.0, 1.0])}, (5, 5)),
        ({"scale": (-2, 4), "affine": np.diag([3.0, 1.0, 1.0])}, (6, 4)),
        ({"scale": (2, 3), "rotate": 30}, (2, 3)),
        ({"scale": (2, 2), "affine": [[0, -3, 7], [3, 0, 7], [0, 0, 1]]}, (6, 6)),
        ({"scale": (2, 2), "shear": (0.4,)}, None),
        ({"scale": (2, 2), "affine": [[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]}, None),
        ({"scale": (2, 2), "units": ("nm", "um")}, None),
        ({"scale": (2, 2), "units": ("pixel", "pixel")}, None),
    ],
)
def test_a_pixel_is_as_large_as_on_the_canvas_or_has_no_size(placement, expected):
    size, unit = size_of(**placement)
    assert size == (None if expected is None else pytest.approx(expected))
    assert unit == ("" if expected is None else "nm")
