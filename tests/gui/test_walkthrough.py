"""The tutorial's way through the studio, with the model that ships, and what it does to pixels."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QThreadPool
from skimage.color import rgb2lab

_FILE = Path(__file__).parents[2] / "docs" / "walkthrough.py"
_PART = (slice(96, 352), slice(40, 296))


@pytest.fixture
def walkthrough(monkeypatch):
    monkeypatch.syspath_prepend(str(_FILE.parent))
    spec = importlib.util.spec_from_file_location("walkthrough", _FILE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "walkthrough", module)
    spec.loader.exec_module(module)
    return module


def test_from_the_sample_to_the_figure(make_napari_viewer_proxy, walkthrough, tmp_path):
    from napari_abdiffuser.widgets.dock import ColorizeWidget

    viewer = make_napari_viewer_proxy(show=True)
    viewer.window.resize(1280, 800)
    walkthrough.open_sample(viewer, _PART)
    widget = ColorizeWidget(viewer)
    viewer.window.add_dock_widget(widget, name="AB-diffuser")
    walk = walkthrough.Walk(viewer, widget, patience=100)
    walk.open()
    walk.name({"teal": "bacteria", "blue": "spheres"})
    walk.hint((60, 215), "spheres")
    result = walk.colorize(1)
    gray, rgb = np.asarray(viewer.layers[0].data), np.asarray(result.data)

    lab = rgb2lab(rgb)
    lightness = rgb2lab(np.repeat(gray[..., None], 3, -1))[..., 0]
    assert np.abs(lab[..., 0] - lightness).max() < 0.6
    points = widget.store.state.hints.points
    assert len(points) >= 8
    kinds = set()
    for point in points:
        a, b = lab[round(point.y), round(point.x), 1:]
        wanted = rgb2lab(np.asarray(point.color, float).reshape(1, 1, 3)[..., :3])[0, 0, 1:]
        if np.hypot(*wanted) < 5:
            assert np.hypot(a, b) < 3, "a gray hint keeps gray"
            kinds.add("gray")
        else:
            turned = np.angle(complex(a, b) / complex(*wanted), deg=True)
            assert abs(turned) < 15, point
            kinds.add("colour")
    assert kinds == {"gray", "colour"}

    walk.measure()
    caption = walk.export(tmp_path / "figure.png")
    assert "bacteria" in caption
    assert "lightness" in caption
    with Image.open(tmp_path / "figure.png") as figure:
        written = np.asarray(figure.convert("RGB"))
    half = gray.shape[0] // 2  # the scale bar is below
    np.testing.assert_array_equal(written[:half, : gray.shape[1]], rgb[:half])
    widget.cleanup()
    assert QThreadPool.globalInstance().waitForDone(20000)
