"""Detection of the data bar, the printed strip at the foot of a micrograph.

What tells print from specimen: a specimen has noise, print has none. A bar's ground is one gray
value, it bears a little of something clearly different (text, a scale), and it begins at once, in
a straight line from side to side.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.imaging.picture import as_picture

__all__ = ["data_bar_mask", "find_data_bar", "is_printed"]

_HIGHEST = 0.25  # of the picture's height
_SMALLEST_PICTURE, _LOWEST_BAR = 48, 8  # pixels
_WIDTH = 1024  # columns looked at, at most: a line across the picture is seen in a few as well
_TOLERANCE = 10.0  # 8-bit gray values that JPEG and blurred letters may move the ground by
_INK = 60.0  # what is written differs from the ground by more than this
_PRINT_TOLERANCE, _PRINT_SHARE = 3.0, 0.4  # as little as this is ground in a bar full of letters
_ROWS = 3  # on either side of an edge
_TRIED = 8  # edges, the sharpest first


def find_data_bar(image: ArrayLike) -> slice | None:
    """Find the rows of the instrument's data bar.

    Parameters
    ----------
    image : array-like, shape (H, W), (H, W, 3) or (H, W, 4)
        Real numbers of any type.

    Returns
    -------
    slice or None
        Rows from the bar's first to the picture's last; None where there is no bar. Letters that
        lie on the specimen itself are no bar.

    Raises
    ------
    InvalidImage
        If it is no picture.
    """
    picture = as_picture(image)
    height, width = picture.shape[:2]
    if min(height, width) < _SMALLEST_PICTURE:
        return None
    highest = int(_HIGHEST * height)
    columns = slice(None, None, max(1, width // _WIDTH))
    foot = _gray(picture[height - highest - height // 20 :, columns])
    ground = _ground(foot[-max(4, height // 25) :])
    off = np.abs(foot - ground)
    flat = (off <= _TOLERANCE).mean(1)
    # Where uniform rows begin: the mean of a few rows below less that of a few above.
    sums = np.concatenate([[0.0], np.cumsum(flat)])
    at = np.arange(_ROWS, len(flat) - _ROWS)
    steps = (sums[at + _ROWS] - 2 * sums[at] + sums[at - _ROWS]) / _ROWS
    for k in np.argsort(-steps, kind="stable")[:_TRIED]:
        first = int(at[k])
        rows = len(flat) - first
        if steps[k] <= 0.15 or not max(_LOWEST_BAR, 0.02 * height) <= rows <= highest:
            continue
        if _is_bar(foot, off, flat, first):
            return slice(height - rows, height)
    return None


def data_bar_mask(image: ArrayLike) -> NDArray[np.bool_] | None:
    """Mark the pixels of the data bar: what ``Colorizer.open`` takes as ``exclude``.

    Parameters
    ----------
    image : array-like
        As for `find_data_bar`.

    Returns
    -------
    ndarray of bool, shape (H, W), or None
        None where there is no bar.
    """
    picture = as_picture(image)
    rows = find_data_bar(picture)
    if rows is None:
        return None
    mask = np.zeros(picture.shape[:2], bool)
    mask[rows] = True
    return mask


def is_printed(image: ArrayLike, rows: int) -> bool:
    """Tell whether the foot of a picture looks like the data bar that its file says is there.

    A picture that was cropped since has specimen there, with its noise.

    Parameters
    ----------
    image : array-like
        As for `find_data_bar`.
    rows : int
        Rows at the foot, more than 0.

    Returns
    -------
    bool
    """
    picture = as_picture(image)
    columns = slice(None, None, max(1, picture.shape[1] // _WIDTH))
    foot = _gray(picture[-2 * rows :, columns])[-rows:]
    return float((np.abs(foot - _ground(foot)) <= _PRINT_TOLERANCE).mean()) >= _PRINT_SHARE


def _gray(foot: NDArray[Any]) -> NDArray[np.float32]:
    """Return grays from 0 to 255; what is not 8 bit is stretched over its own range."""
    gray = foot.astype(np.float32) if foot.ndim == 2 else foot[..., :3].mean(-1, dtype=np.float32)
    if foot.dtype == np.uint8:
        return gray
    good = np.isfinite(gray)
    low, high = (float(gray[good].min()), float(gray[good].max())) if good.any() else (0.0, 0.0)
    scale = 255.0 / (high - low) if high > low else 0.0
    return np.where(good, (gray - low) * scale, 0.0).astype(np.float32)


def _ground(rows: NDArray[np.float32]) -> float:
    """Return the commonest gray, of a few rows so that a frame around the picture is none."""
    counts = np.bincount(np.clip(rows + 0.5, 0, 255).astype(np.intp).ravel(), minlength=256)
    around = float(np.argmax(np.convolve(counts, np.ones(7), mode="same")))
    return float(np.median(rows[np.abs(rows - around) <= _TOLERANCE]))


def _is_bar(
    foot: NDArray[np.float32], off: NDArray[np.float32], flat: NDArray[np.float64], first: int
) -> bool:
    """Tell whether what begins at row `first` is print."""
    bar = off[first:]
    above = slice(first - max(3, len(bar) // 6), first)
    ground = bar[bar <= _TOLERANCE]
    ink = float((bar[_ROWS:] > _INK).mean())  # the rows next to an edge may be either side
    if not 0.003 < ink < 0.5 or float(np.median(flat[first:])) <= 0.55 or ground.mean() >= 3.0:
        return False
    outside = float(flat[above].mean())
    edge = np.abs(foot[first : first + 2].mean(0) - foot[first - 2 : first].mean(0))
    spans = float((edge > _TOLERANCE).mean())
    if outside < 0.4 and spans > 0.55:
        return True
    # Where a clipped specimen has the bar's own gray, the line shows in part: then the rows under
    # it must be free of specimen, and the ground of noise.
    clean = float((ground <= 2).mean()) > 0.8 and float(flat[first : first + 2].min()) > 0.97
    return outside < 0.88 and spans > 0.12 and clean
