from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points

from napari_abdiffuser.errors import InvalidImage, InvalidRequest
from napari_abdiffuser.layers.console import colorize_layer
from napari_abdiffuser.layers.images import read_image


def test_full_resolution_of_a_multiscale_image():
    levels = [np.arange(64.0).reshape(8, 8), np.zeros((4, 4))]
    picture = read_image(Image(levels, multiscale=True, contrast_limits=(3, 60)))
    np.testing.assert_array_equal(picture.load(), levels[0])
    assert picture.contrast_limits == (3.0, 60.0)
    assert picture.shape == (8, 8)


def test_lazy_slices_are_computed_only_when_loaded():
    computed = []

    def block(block_info=None):
        at = block_info[None]["chunk-location"][0]
        computed.append(at)
        return np.full((1, 4, 5), at, dtype=np.uint16)

    stack = da.map_blocks(block, chunks=((1,) * 6, (4,), (5,)), dtype=np.uint16)
    viewer = ViewerModel()
    layer = viewer.add_image(stack, contrast_limits=(0, 9), visible=False)
    viewer.dims.set_current_step(0, 3)
    computed.clear()
    picture = read_image(layer, viewer.dims)
    assert picture.index == (3, None, None)
    assert computed == []
    np.testing.assert_array_equal(picture.load(), np.full((4, 5), 3))
    assert set(computed) == {3}


def test_rgb_keeps_its_channels_and_has_no_contrast_limits():
    stack = np.random.default_rng(0).integers(0, 255, (3, 9, 7, 3), dtype=np.uint8)
    picture = read_image(Image(stack, rgb=True), index=(1,))
    assert (picture.shape, picture.rgb, picture.contrast_limits) == ((9, 7), True, None)
    np.testing.assert_array_equal(picture.load(), stack[1])


def test_a_source_outlives_its_layer_unchanged(tilted):
    viewer = ViewerModel()
    layer = viewer.add_layer(tilted())
    picture = read_image(layer, viewer.dims)
    layer.scale = (9, 9)
    viewer.layers.clear()
    assert picture.load().shape == (12, 20)
    np.testing.assert_array_equal(picture.placement.scale, (0.5, 0.25))


@pytest.mark.parametrize("index", [None, 9, (9,), (-1,), (0, 0), (None, 0, 0)])
def test_a_stack_needs_one_of_its_slices(index):
    with pytest.raises(InvalidImage):
        read_image(Image(np.zeros((5, 6, 7))), index=index)


@pytest.mark.parametrize("index", [2, np.int64(2), (2,), [2, None, None], np.array([2])])
def test_a_slice_is_named_by_whole_numbers(index):
    assert read_image(Image(np.zeros((5, 6, 7))), index=index).index == (2, None, None)


@pytest.mark.parametrize("index", [2.5, "2", ("a",), (1.0,), {}, [[1], [2, 3]]])
def test_what_is_no_slice(index):
    with pytest.raises(InvalidRequest, match="give a whole number"):
        read_image(Image(np.zeros((5, 6, 7))), index=index)


@pytest.mark.parametrize("layer", [Labels(np.zeros((5, 6), int)), Points(), None, np.zeros((5, 6))])
def test_only_image_layers_are_pictures(layer, plain_colorizer):
    ViewerModel()
    with pytest.raises(InvalidImage, match=r"viewer\.layers"):
        colorize_layer(layer, colorizer=plain_colorizer)


@pytest.mark.parametrize("lazy", [False, True])
def test_a_mask_comes_along(lazy):
    masked = np.ma.masked_greater(np.arange(40, dtype=np.uint16).reshape(2, 4, 5), 35)
    layer = Image(da.from_array(masked) if lazy else masked, contrast_limits=(0, 40))
    loaded = read_image(layer, index=1).load()
    np.testing.assert_array_equal(loaded.mask, masked[1].mask)
    np.testing.assert_array_equal(loaded.data, masked[1].data)
