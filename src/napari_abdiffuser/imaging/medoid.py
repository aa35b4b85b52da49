"""The most typical of several colourings of one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.colorspace import srgb_to_lab

__all__ = ["medoid"]

_SIDE = 64  # pixels: colours of objects, not of their edges


def medoid(pictures: Sequence[NDArray[np.uint8]]) -> int:
    """Find the colouring that is nearest to all others.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8
        (H, W, 3) sRGB, at least one, all of one size.

    Returns
    -------
    int
        Place of the one with the smallest sum of mean distances in a*b* to the others; of several
        the first.
    """
    step = max(1, max(pictures[0].shape[:2]) // _SIDE)
    small = np.stack([picture[::step, ::step] for picture in pictures])
    chroma = np.asarray(srgb_to_lab(small.astype(np.float32) / 255))[..., 1:]
    away = [np.linalg.norm(chroma - one, axis=-1).mean() for one in chroma]
    return int(np.argmin(np.round(away, 3)))  # alike but for rounding: the first
