"""Data bars: the uniform strip with text that microscopes print under a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["bar_height"]

_TOLERANCE = 10  # gray values about the bar's own
_HIGHEST = 0.25  # of the picture's height
_ROWS = 3  # on either side of an edge
_TRIED = 8  # edges, the sharpest first


def bar_height(gray: NDArray[np.uint8]) -> int:
    """Measure the data bar at the foot of a picture.

    A bar has one gray value almost everywhere, bears something that differs from it clearly
    (text, a scale, a logo), spans the whole width, and ends at once.

    Parameters
    ----------
    gray : NDArray[np.uint8]
        (H, W) picture.

    Returns
    -------
    int
        Its height in rows; 0 where there is none.
    """
    h, w = gray.shape
    if h < 48 or w < 48:
        return 0
    highest = int(_HIGHEST * h)
    # The outermost rows may be a frame: the colour is the commonest of more than those.
    counts = np.bincount(gray[-max(4, h // 25) :].ravel(), minlength=256)
    colour = int(np.argmax(ndimage.uniform_filter1d(counts.astype(np.float64), 7)))
    deep = gray[h - highest - h // 20 :].astype(np.int16)
    flat = (np.abs(deep - colour) <= _TOLERANCE).mean(1)
    # Where uniform rows begin: the mean of a few rows below less that of a few above.
    sums = np.concatenate([[0.0], np.cumsum(flat)])
    at = np.arange(_ROWS, len(flat) - _ROWS)
    steps = (sums[at + _ROWS] - 2 * sums[at] + sums[at - _ROWS]) / _ROWS
    for k in np.argsort(-steps, kind="stable")[:_TRIED]:
        rows = len(flat) - int(at[k])
        if (
            steps[k] > 0.15
            and max(8, 0.02 * h) <= rows <= highest
            and _is_bar(deep, flat, rows, colour)
        ):
            return rows
    return 0


def _is_bar(deep: NDArray[np.int16], flat: NDArray[np.floating], rows: int, colour: int) -> bool:
    n = len(flat)
    bar, above = deep[n - rows :], deep[n - rows - max(3, rows // 6) : n - rows]
    off = np.abs(bar - colour)
    text = float((off > 60).mean())
    ground = off[off <= _TOLERANCE]
    inside = float(np.median(flat[n - rows :]))
    outside = float((np.abs(above - colour) <= _TOLERANCE).mean())
    printed = float(ground.astype(np.float64).mean()) < 3.0  # no noise but a JPEG's
    edge = np.abs(bar[:2].astype(np.float64).mean(0) - above[-2:].astype(np.float64).mean(0))
    spans = float((edge > _TOLERANCE).mean())
    # A bar ends in a line that spans the picture. Where a clipped ground has the bar's own gray
    # value, the line shows in part: then no specimen may reach over it at all, nor any noise.
    whole = outside < 0.4 and spans > 0.55
    clean = float((ground <= 2).mean()) > 0.8 and float(flat[n - rows : n - rows + 2].min()) > 0.97
    partial = outside < 0.88 and spans > 0.12 and clean
    return printed and 0.003 < text < 0.5 and inside > 0.55 and (whole or partial)
