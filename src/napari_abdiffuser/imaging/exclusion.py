"""Excluded pixels, such as an instrument's data bar: checks, and filling by reflection.

They stay gray in every output, and the network sees the specimen mirrored there instead of a frame,
letters and a scale bar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.imaging.hints.json_format import run_lengths

__all__ = ["checked_exclusion", "describe_exclusion", "mirror_into"]


def checked_exclusion(
    exclude: ArrayLike | None, shape: tuple[int, int]
) -> NDArray[np.bool_] | None:
    """Give the mask back as booleans of the picture's shape, None where it excludes nothing.

    Parameters
    ----------
    exclude : array-like of bool, shape (H, W), or None
        True where the picture shows no specimen.
    shape : (int, int)
        (H, W) of the picture.

    Raises
    ------
    InvalidImage
        If the mask is not boolean, has another shape, or excludes every pixel.
    """
    if exclude is None:
        return None
    mask = np.asarray(exclude)
    if mask.dtype != np.bool_ or mask.shape != shape:
        raise InvalidImage(
            f"exclude is a mask of booleans of the picture's shape {shape}, not {mask.dtype} of "
            f"shape {mask.shape}: make one with np.zeros({shape}, bool) and set rows to True."
        )
    if mask.all():
        raise InvalidImage("exclude covers the whole picture: leave some of it to colorize.")
    return mask.copy() if mask.any() else None


def describe_exclusion(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return a mask as JSON-serializable values, shape and runs, as hints files have regions."""
    return {"shape": list(mask.shape), "rle": run_lengths(mask)}


def mirror_into(values: NDArray[Any], exclude: NDArray[np.bool_]) -> None:
    """Fill excluded pixels, in place, with the picture mirrored at their border.

    A pixel takes the value as far behind its nearest border as it is before it; where that is
    outside the picture or excluded too, the value at the border.

    Parameters
    ----------
    values : ndarray, shape (H, W)
        Written to.
    exclude : ndarray of bool, shape (H, W)
        Not True everywhere.
    """
    from scipy.ndimage import distance_transform_edt

    # The border of an excluded pixel lies within one pixel of the box around all of them.
    box = tuple(
        slice(max(int(hit[0]) - 1, 0), int(hit[-1]) + 2)
        for hit in (np.flatnonzero(exclude.any(1)), np.flatnonzero(exclude.any(0)))
    )
    inside = exclude[box]
    nearest = distance_transform_edt(inside, return_distances=False, return_indices=True)
    start = np.array([part.start for part in box])[:, None]
    pixels = np.array(np.nonzero(inside)) + start
    border = nearest[:, inside].astype(np.int64) + start
    mirrored = 2 * border - pixels
    size = np.array(values.shape)[:, None]
    mirrored = np.where(((mirrored >= 0) & (mirrored < size)).all(0), mirrored, border)
    mirrored = np.where(exclude[tuple(mirrored)], border, mirrored)
    values[tuple(pixels)] = values[tuple(mirrored)]
