"""Figures of pictures whose pixels are no squares: one scale that is true along both axes."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.jobs.figure import write
from napari_abdiffuser.layers.shown import Shown
from napari_abdiffuser.studio.figure.options import FigureOptions


def shown(size, shape=(40, 120)):
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    return Shown(rgb, {"seed": 1, "hints": {}}, "side view", (), size, "nm")


def exported(tmp_path, size):
    options = FigureOptions(legend="none", scale_bar="none", dpi=0)
    path, look = write(tmp_path / "figure.tif", shown(size), options, lambda: False)
    with tifffile.TiffFile(path) as file:
        tags = file.pages.first.tags
        per_unit = [tags[name].value for name in ("XResolution", "YResolution")]
    return look.figure.pixels.shape[:2], [d / n for n, d in per_unit]


def test_square_pixels_are_kept(tmp_path):
    shape, _ = exported(tmp_path, (5.0, 5.0))
    assert shape == (40, 120)


@pytest.mark.parametrize(
    ("size", "expected"), [((20.0, 5.0), (160, 120)), ((5.0, 20.0), (40, 480))]
)
def test_the_longer_side_is_resampled_and_the_scale_is_the_shorter_one(tmp_path, size, expected):
    shape, (across, down) = exported(tmp_path, size)
    assert shape == expected
    assert across == pytest.approx(down)
    assert across in (pytest.approx(5.0), pytest.approx(0.005, rel=1e-3))  # nm, or µm


def test_needles_are_refused_in_words(tmp_path):
    with pytest.raises(InvalidRequest, match="times as long as wide"):
        exported(tmp_path, (500.0, 5.0))
    assert not (tmp_path / "figure.tif").exists()
