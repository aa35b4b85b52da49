"""Block-wise rendering of a* and b* planes to 8-bit colours, for live previews.

The same arithmetic in the same order as `napari_abdiffuser.imaging.colorspace.render`, so the same
bytes; numpy only, one block at a time, small enough for the cache.
"""

from __future__ import annotations

import array_api_compat.numpy as xp
import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.colorspace import (
    CURVE_PAD,
    CURVE_STEPS,
    curve_table,
    map_planes,
    max_chroma_table,
)

__all__ = ["map_block", "render_block"]


def render_block(
    lightness: NDArray[np.float32],
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    out: NDArray[np.uint8],
) -> None:
    """Render a block of pixels.

    Parameters
    ----------
    lightness : ndarray, shape (m, n)
        L*, [0, 100].
    a, b : ndarray of float32, shape (m, n)
        a* and b*; written to.
    out : ndarray of uint8, shape (m, n, 3)
        Receives sRGB.
    """
    planes = map_planes(lightness.ravel(), a.ravel(), b.ravel(), _table(), xp)[2]
    curve = curve_table()
    for channel, plane in enumerate(planes):
        plane *= CURVE_STEPS
        plane += CURVE_PAD + 0.5
        out[..., channel] = np.take(curve, plane.astype(np.int64)).reshape(lightness.shape)


def map_block(
    lightness: NDArray[np.float32], a: NDArray[np.float32], b: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Map a block of pixels into the gamut; see `render_block`."""
    a_out, b_out, _ = map_planes(lightness.ravel(), a.ravel(), b.ravel(), _table(), xp)
    return a_out.reshape(lightness.shape), b_out.reshape(lightness.shape)


def _table() -> NDArray[np.float32]:
    return max_chroma_table().reshape(-1)
