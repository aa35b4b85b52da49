"""A real, if untrained, model behind the widget and behind the console's function."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Layer, Points
from skimage.color import rgb2lab

from napari_abdiffuser.layers.console import colorize_layer

NOISE = np.random.default_rng(1).integers(0, 256, (3, 33, 46), dtype=np.uint8)


@pytest.fixture
def colorizer(model_colorizer):
    return model_colorizer


def same_lightness(gray, rgb):
    light = [rgb2lab(picture)[..., 0] for picture in (np.repeat(gray[..., None], 3, -1), rgb)]
    return np.abs(light[0] - light[1]).max() < 0.6


def test_a_run_in_a_window(window, qtbot):
    w = window(NOISE[0])
    w.viewer.layers[0].scale = (3, 2)
    w.widget.sources.new_button.click()
    w.widget.sources.hints.add([15, 20])
    w.widget.options.outputs_field.setValue(2)
    w.button.click()
    w.idle()
    made = [layer for layer in w.viewer.layers if "abdiffuser" in layer.metadata]
    made = [layer for layer in made if not layer.metadata["abdiffuser"].get("preview")]
    assert [layer.name for layer in made] == [
        "image variation 2", "image variation 1", "image colorized",
    ]  # fmt: skip
    for layer in made:
        assert isinstance(layer, Image)
        assert layer.rgb
        assert layer.data.shape == (33, 46, 3)
        assert layer.data.dtype == np.uint8
        np.testing.assert_array_equal(layer.scale, (3, 2))
        assert layer.metadata["abdiffuser"]["model"]["name"] == "tiny"
        assert len(layer.metadata["abdiffuser"]["hints"]["points"]) == 1
        assert same_lightness(NOISE[0], layer.data)
    assert not np.array_equal(made[0].data, made[1].data)
    assert w.widget.options.device_state.text().startswith("Runs on cpu: it was asked for")


def test_the_widget_loads_a_model_file(make_napari_viewer_proxy, tiny_model, qtbot):
    from qtpy.QtCore import QThreadPool

    from napari_abdiffuser.jobs.run import Models, load_colorizer
    from napari_abdiffuser.widgets.dock import ColorizeWidget

    viewer = make_napari_viewer_proxy()
    viewer.add_image(NOISE[0].astype(np.uint16) * 200, contrast_limits=(0, 40000))
    models = Models(lambda model, device: load_colorizer(str(tiny_model), "cpu"))
    widget = ColorizeWidget(viewer, models=models)
    viewer.window.add_dock_widget(widget, name="AB-diffuser")
    widget.footer.button.click()
    qtbot.waitUntil(lambda: not widget.footer.busy, timeout=20000)
    made = [layer for layer in viewer.layers if "abdiffuser" in layer.metadata]
    assert made
    assert made[0].metadata["abdiffuser"]["input"]["mapping"] == "contrast_limits"
    assert QThreadPool.globalInstance().waitForDone(5000)


def test_from_the_console_on_a_flat_layer(make_napari_viewer_proxy, tiny_model):
    viewer = make_napari_viewer_proxy()
    layer = viewer.add_image(NOISE[0], translate=(5, 6))
    hints = Points([[20, 21]], face_color="red", size=5)
    hints.translate = (5, 6)
    made = colorize_layer(layer, hints, n_outputs=3, model=str(tiny_model), device="cpu")
    assert len(made) == 4
    for data in made:
        shown = viewer.add_layer(Layer.create(*data))
        assert shown.rgb
        assert shown.data.shape == (33, 46, 3)
        np.testing.assert_array_equal(shown.translate, (5, 6))
        assert same_lightness(NOISE[0], shown.data)
        red, green, blue = shown.data[20, 21].astype(int)
        assert red > max(green, blue) + 10


def test_from_the_console_on_a_stack(make_napari_viewer_proxy, tiny_colorizer):
    viewer = make_napari_viewer_proxy()
    layer = viewer.add_image(NOISE, scale=(4, 1, 1))
    viewer.dims.set_current_step(0, 2)
    for index, z in ((None, 2), ((1, None, None), 1)):
        made = colorize_layer(layer, colorizer=tiny_colorizer, n_outputs=1, index=index)
        assert len(made) == 2
        for data in made:
            shown = viewer.add_layer(Layer.create(*data))
            assert shown.rgb
            assert shown.data.shape == (1, 33, 46, 3)
            assert same_lightness(NOISE[z], np.asarray(shown.data)[0])
