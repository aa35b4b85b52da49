"""Layers that go with an image."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Image, Points

from napari_abdiffuser.layers.rescaling import move_along, set_pixel_size
from napari_abdiffuser.layers.spatial import LayerTransform, pixel_size

numbers = st.floats(0.2, 5)


@settings(deadline=None, max_examples=25)
@given(
    st.tuples(numbers, numbers), st.tuples(numbers, numbers), st.floats(-90, 90), numbers, numbers
)
def test_a_layer_stays_where_it_was_on_the_image(scale, shift, angle, size, coarse):
    image = Image(np.zeros((8, 9)), scale=scale, translate=shift, rotate=angle)
    place = LayerTransform.of(image).as_kwargs()
    # A coarser copy whose first pixel lies at (2, 3) of the image.
    start = np.asarray(image.data_to_world((2, 3)))
    layer = Points(ndim=2, **{**place, "scale": np.array(scale) * coarse, "translate": start})
    spots = [np.zeros(2), np.array([1.0, 4.0])]
    before = [np.asarray(image.world_to_data(layer.data_to_world(p))) for p in spots]
    was = LayerTransform.of(image)
    set_pixel_size(image, size, "nm")
    image.translate, image.rotate = (5, -3), angle / 2
    assert move_along(layer, was, LayerTransform.of(image))
    after = [np.asarray(image.world_to_data(layer.data_to_world(p))) for p in spots]
    np.testing.assert_allclose(after, before, atol=1e-6)
    np.testing.assert_allclose(image.scale[1], size)
    assert str(layer.units[-1]) == "nanometer"


def test_what_is_turned_against_the_image_stays():
    image = Image(np.zeros((8, 9)))
    layer = Points(ndim=2, rotate=30)
    was = LayerTransform.of(image)
    set_pixel_size(image, 2.0, "nm")
    assert not move_along(layer, was, LayerTransform.of(image))
    np.testing.assert_array_equal(layer.scale, (1, 1))


def test_the_size_is_that_in_the_world_whatever_enlarges_the_layer():
    image = Image(np.zeros((8, 9)), scale=(2, 1), affine=np.diag([5.0, 5.0, 1.0]))
    set_pixel_size(image, 4, "nm")
    assert pixel_size(LayerTransform.of(image), (0, 1)) == ((8.0, 4.0), "nm")
