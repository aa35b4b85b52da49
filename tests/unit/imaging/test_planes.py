"""Live rendering gives the same bytes as rendering."""

from __future__ import annotations

import numpy as np

from napari_abdiffuser.imaging.colorspace import render
from napari_abdiffuser.imaging.planes import map_block, render_block


def test_the_same_bytes_as_render():
    rng = np.random.default_rng(3)
    light = rng.uniform(0, 100, (40, 50)).astype(np.float32)
    chroma = rng.normal(0, 40, (2, 40, 50)).astype(np.float32)
    expected, mapped = render(light, np.moveaxis(chroma, 0, -1).copy())
    a, b = map_block(light, *chroma.copy())
    np.testing.assert_array_equal(np.stack([a, b], -1), mapped)
    out = np.empty((40, 50, 3), np.uint8)
    render_block(light, *chroma.copy(), out)
    np.testing.assert_array_equal(out, expected)
