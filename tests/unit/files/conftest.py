from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest


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
