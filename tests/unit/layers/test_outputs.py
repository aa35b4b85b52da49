from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer, Points

from napari_abdiffuser.layers.console import colorize_layer


def test_outputs_lie_on_their_source_and_know_how_they_were_made(tilted, plain_colorizer):
    viewer = ViewerModel()
    image = viewer.add_layer(tilted())
    units = viewer.layers.units
    tuples = colorize_layer(image, n_outputs=2, seed=7, colorizer=plain_colorizer)
    outputs = [viewer.add_layer(Layer.create(*data)) for data in tuples]
    assert [layer.name for layer in outputs] == [
        "source colorized", "source variation 1", "source variation 2",
    ]  # fmt: skip
    assert viewer.layers.units == units
    for layer, output in zip(outputs, ("best", 1, 2), strict=True):
        assert layer.rgb
        assert layer.data.shape == (12, 20, 3)
        for name in ("scale", "translate", "rotate", "shear", "units", "axis_labels"):
            np.testing.assert_array_equal(getattr(layer, name), getattr(image, name))
        np.testing.assert_array_equal(layer.affine.affine_matrix, image.affine.affine_matrix)
        provenance = layer.metadata["abdiffuser"]
        assert (provenance["seed"], provenance["output"]) == (7, output)
        assert provenance["source"] == {"layer": "source", "index": [None, None]}


def test_a_slice_gives_a_layer_that_is_seen_at_that_slice_only(tilted, plain_colorizer):
    viewer = ViewerModel()
    image = viewer.add_layer(tilted((6, 12, 20), affine=None, shear=None, rotate=None))
    (data,) = colorize_layer(image, index=(4,), n_outputs=0, colorizer=plain_colorizer)
    layer = viewer.add_layer(Layer.create(*data))
    assert layer.data.shape == (1, 12, 20, 3)
    np.testing.assert_array_equal(layer.data[0, ..., 0], image.data[4])
    assert layer.extent.world[:, 0].tolist() == [1e3 + 8, 1e3 + 8]


def test_the_console_function_uses_hints_limits_and_options(plain_colorizer):
    viewer = ViewerModel()
    image = viewer.add_image(np.linspace(0, 1, 30).reshape(5, 6), contrast_limits=(0.1, 0.5))
    points = Points([[1, 1], [99, 99]])
    with pytest.warns(UserWarning, match="Left out 1 hint: 1 outside the picture"):
        colorize_layer(image, points, steps=3, background="gray", colorizer=plain_colorizer)
    assert len(plain_colorizer.hints) == 1
    assert plain_colorizer.contrast_limits == (0.1, 0.5)
    assert plain_colorizer.options["steps"] == 3
    assert plain_colorizer.options["background"] == "gray"
