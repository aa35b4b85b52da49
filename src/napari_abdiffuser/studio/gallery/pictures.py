"""Pictures of a gallery: thumbnails, and two pictures seen as one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pixels", "side_by_side", "swiped", "thumbnail"]

Pixels = NDArray[np.uint8]
"""An RGB picture, (H, W, 3)."""


def thumbnail(rgb: Pixels, side: int = 160) -> Pixels:
    """Scale a picture down by area averaging.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
    side : int
        The longer side of the result in pixels; smaller pictures are not enlarged.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        A new array.
    """
    from PIL import Image

    height, width = rgb.shape[:2]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    if size == (width, height):
        return rgb.copy()
    # Each pixel of BOX is the mean of the area that it covers, fractions of pixels included.
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX)).copy()


def swiped(left: Pixels, right: Pixels, position: float) -> Pixels:
    """Put the left part of one picture beside the right part of another of the same shape.

    Parameters
    ----------
    left, right : ndarray of uint8, shape (H, W, 3)
    position : float
        Of the border as a share of the width, [0, 1].
    """
    border = round(min(max(position, 0.0), 1.0) * left.shape[1])
    return np.concatenate([left[:, :border], right[:, border:]], axis=1)


def side_by_side(left: Pixels, right: Pixels, gap: int = 8) -> Pixels:
    """Put two pictures of the same height beside each other, `gap` black pixels between them."""
    space = np.zeros((left.shape[0], gap, 3), np.uint8)
    return np.concatenate([left, space, right], axis=1)
