"""Runs in a real window."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from napari.layers import Image
from napari.utils.notifications import notification_manager

from napari_abdiffuser.errors import DeviceUnavailable
from napari_abdiffuser.jobs import texts as jobs_texts
from napari_abdiffuser.layers.console import colorize_layer
from napari_abdiffuser.widgets.common import texts

GRAY = np.random.default_rng(0).integers(0, 255, (40, 60), dtype=np.uint8)


def outputs(viewer):
    return [layer for layer in viewer.layers if "abdiffuser" in layer.metadata]


def test_a_run_adds_layers_below_the_hints_and_off_the_gui_thread(window, colorizer, qtbot):
    w = window(GRAY)
    w.viewer.layers[0].scale = (3, 2)
    w.widget.sources.new_button.click()
    hints = w.widget.sources.hints
    hints.add([5, 5])
    hints.add([99, 5])
    w.widget.options.outputs_field.setValue(2)
    colorizer.go.clear()
    w.button.click()
    assert w.button.text() == "Cancel"
    qtbot.waitUntil(colorizer.started.is_set)
    qtbot.waitUntil(lambda: w.widget.footer.bar.maximum() == 4)
    colorizer.go.set()
    w.idle()
    names = [layer.name for layer in w.viewer.layers]
    assert names == [
        "image", "image variation 2", "image variation 1", "image colorized", "image hints",
    ]  # fmt: skip
    assert [layer.visible for layer in w.viewer.layers] == [True, False, False, True, True]
    for layer in outputs(w.viewer):
        assert isinstance(layer, Image)
        assert layer.rgb
        np.testing.assert_array_equal(layer.scale, (3, 2))
    assert w.viewer.layers.selection.active == hints
    assert len(colorizer.requests[0]["hints"]) == 1
    assert colorizer.threads[0] is not threading.main_thread()
    assert w.widget.footer.status.text() == texts.finished(
        2, 0, "Left out 1 hint: 1 outside the picture."
    )
    assert w.widget.options.device_state.text() == "Runs on cpu: a test needs no more"


def test_cancel_ends_the_run_at_once_and_its_result_never_comes(window, colorizer, qtbot):
    w = window(GRAY)
    colorizer.go.clear()
    w.button.click()
    qtbot.waitUntil(colorizer.started.is_set)
    w.button.click()
    assert not w.widget.footer.busy
    assert w.widget.footer.status.text() == texts.CANCELLED
    qtbot.waitUntil(colorizer.ended.is_set)
    colorizer.go.set()
    qtbot.wait(50)
    assert outputs(w.viewer) == []
    w.button.click()  # and the next run works
    w.idle()
    assert len(outputs(w.viewer)) == 4


def test_taking_the_widget_out_of_its_dock_cancels_the_run(window, colorizer, qtbot):
    w = window(GRAY)
    colorizer.go.clear()
    w.button.click()
    qtbot.waitUntil(colorizer.started.is_set)
    w.viewer.window.remove_dock_widget(w.widget)
    qtbot.waitUntil(colorizer.ended.is_set)
    assert not w.widget.footer.busy
    assert outputs(w.viewer) == []
    w.widget.cleanup()
    w.widget.deleteLater()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DeviceUnavailable("There is no 'cuda' here. Choose 'cpu'."), "There is no 'cuda' here."),
        (RuntimeError("CUDA out of memory. Tried to allocate"), jobs_texts.OUT_OF_MEMORY),
        (RuntimeError("mat1 and mat2"), "RuntimeError: mat1 and mat2"),
    ],
)
def test_failures_are_sentences_and_leave_the_widget_ready(window, colorizer, error, sentence):
    w = window(GRAY)
    colorizer.error = error
    notification_manager.records.clear()
    w.button.click()
    w.idle()
    assert sentence in w.widget.footer.status.text()
    assert [str(record.severity) for record in notification_manager.records] == ["error"]
    assert sentence in notification_manager.records[0].message
    assert w.button.isEnabled()
    assert outputs(w.viewer) == []


def test_the_image_may_be_deleted_during_a_run(window, colorizer, qtbot):
    w = window(GRAY)
    w.viewer.layers[0].scale = (3, 2)
    colorizer.go.clear()
    w.button.click()
    qtbot.waitUntil(colorizer.started.is_set)
    w.viewer.layers.clear()
    assert w.button.text() == "Cancel"
    assert w.button.isEnabled()
    colorizer.go.set()
    w.idle()
    assert len(outputs(w.viewer)) == 4
    np.testing.assert_array_equal(outputs(w.viewer)[0].scale, (3, 2))
    assert not w.button.isEnabled()


def test_closing_the_window_cancels_the_run_and_frees_the_widget(window, colorizer, qtbot):
    w = window(GRAY)
    layers = w.viewer.layers
    colorizer.go.clear()
    w.button.click()
    qtbot.waitUntil(colorizer.started.is_set)
    gone = weakref.ref(w.widget)
    w.viewer.close()
    qtbot.waitUntil(colorizer.ended.is_set)
    qtbot.wait(20)
    w.widget = w.button = w.idle = None
    gc.collect()
    assert gone() is None
    layers.append(Image(GRAY))  # nothing that is left listens


def test_the_current_slice_of_a_stack_is_colorized_where_it_lies(window, colorizer):
    stack = np.stack([np.full((20, 30), value, np.uint8) for value in (10, 20, 30)])
    w = window(stack)
    w.viewer.layers[0].scale = (5, 1, 1)
    w.widget.options.outputs_field.setValue(0)
    w.viewer.dims.set_current_step(0, 1)
    assert "slice 1" in w.widget.sources.info.text()
    w.button.click()
    w.idle()
    (layer,) = outputs(w.viewer)
    assert layer.data.shape == (1, 20, 30, 3)
    assert (layer.data == 20).all()
    np.testing.assert_allclose(layer.translate, (5, 0, 0))
    # The console takes the same slice.
    options = {"progress": lambda *_: None, "cancel": lambda: False, "n_outputs": 0}
    ((data, meta, _),) = colorize_layer(w.viewer.layers[0], colorizer=colorizer, **options)
    np.testing.assert_array_equal(data, layer.data)
    assert meta["metadata"]["abdiffuser"]["source"]["index"] == [1, None, None]
