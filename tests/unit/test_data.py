from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

from napari_abdiffuser.data import micrograph, micrograph_hints_path


def test_the_micrograph_is_a_full_range_gray_picture() -> None:
    picture = micrograph()
    assert picture.shape == (768, 1024)
    assert picture.dtype == np.uint8
    assert picture.flags.writeable
    low, high = np.percentile(picture, (1, 99))
    assert low < 40
    assert high > 180


def test_the_hints_fit_the_micrograph() -> None:
    content = json.loads(micrograph_hints_path().read_text())
    assert (content["format"], content["version"]) == ("abdiffuser-hints", 1)
    height, width = micrograph().shape
    points = content["points"]
    assert 25 <= len(points) <= 60
    assert all(0 <= p["y"] < height and 0 <= p["x"] < width for p in points)
    colors = {(p["class"], p["color"]) for p in points}
    classes = {name for name, _ in colors}
    assert len(colors) == len(classes)  # same class, same colour
    assert {"bacteria", "spheres", "fibres", "ground"} <= classes
    assert ("ground", "#808080") in colors


def test_importing_the_data_costs_nothing() -> None:
    code = (
        "import sys, napari_abdiffuser.data;"
        "print([m for m in ('numpy', 'torch', 'napari', 'imageio', 'qtpy') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
