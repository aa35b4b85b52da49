from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image


class PlainColorizer:
    """Real in form, simple in content: repeats the gray values and notes what it was given."""

    device = "cpu"
    device_reason = "a test"
    default_steps = 2

    def open(self, image, contrast_limits=None, exclude=None):
        gray = np.asarray(image)
        gray = gray if gray.ndim == 2 else gray[..., 0]
        self.contrast_limits, self.exclude = contrast_limits, exclude

        def paint(hints=None, *, n_outputs=1, seed=0, **options):
            self.hints, self.options = hints, options
            best = np.repeat(gray[..., None], 3, axis=-1).astype(np.uint8)
            return SimpleNamespace(
                best=best,
                rgb=np.stack([best] * n_outputs) if n_outputs else np.empty((0, *best.shape)),
                provenance={"seed": seed, "hints": len(hints)},
            )

        return SimpleNamespace(paint=paint)


@pytest.fixture
def plain_colorizer():
    return PlainColorizer()


@pytest.fixture
def tilted():
    """Make an Image layer under every transform that napari knows."""

    def make(shape=(12, 20), **kwargs):
        ndim = len(shape)
        rotation = np.eye(ndim)
        rotation[-2:, -2:] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
        affine = np.eye(ndim + 1)
        affine[-3:-1, -3:-1] = [[1.1, 0.2], [-0.1, 0.9]]
        affine[:-1, -1] = np.arange(ndim) + 3.0
        data = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
        return Image(
            data,
            name="source",
            **{
                "scale": [2.0, 0.5, 0.25][-ndim:],
                "translate": [1e3, -7.0, 40.0][-ndim:],
                "rotate": rotation,
                "shear": np.linspace(0.1, 0.3, ndim * (ndim - 1) // 2),
                "affine": affine,
                "units": ("nm",) * ndim,
                "axis_labels": ("z", "y", "x")[-ndim:],
                **kwargs,
            },
        )

    return make
