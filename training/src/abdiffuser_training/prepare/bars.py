"""Data bars: the uniform strip with text that microscopes print under a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.imaging.data_bar import find_data_bar

__all__ = ["bar_height"]


def bar_height(gray: NDArray[np.uint8]) -> int:
    """Measure the data bar at the foot of a picture, as the plugin finds it.

    Parameters
    ----------
    gray : NDArray[np.uint8]
        (H, W) picture.

    Returns
    -------
    int
        Its height in rows; 0 where there is none.
    """
    try:
        rows = find_data_bar(gray)
    except InvalidImage:  # nothing that could be colorized; others say so
        return 0
    return 0 if rows is None else rows.stop - rows.start
