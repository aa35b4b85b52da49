"""Pixel coordinates round an object, and the domes that round bodies are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.synth.drawing.canvas import AnyFloats, Floats, Ints

Point = tuple[float, float]

# Keeps slopes finite at silhouettes: cos(tilt) there is about the root of this.
RIM = np.float32(2e-3)


def frame(centre: Point, reach: float, angle: float = 0.0) -> tuple[int, int, Floats, Floats]:
    """Pixel coordinates in a square around a centre, turned by an angle.

    Parameters
    ----------
    centre : tuple[float, float]
        (row, column) in pixels.
    reach : float
        Half the side of the square in pixels.
    angle : float
        Direction of the first axis in radians, from the columns towards the rows.

    Returns
    -------
    tuple[int, int, NDArray[np.float32], NDArray[np.float32]]
        First row, first column, and the (n, n) coordinates along and across the axis.
    """
    row, col = int(np.floor(centre[0] - reach)), int(np.floor(centre[1] - reach))
    n = int(np.ceil(2 * reach)) + 2
    y = (np.arange(n, dtype=np.float32) + np.float32(row - centre[0]))[:, None]
    x = (np.arange(n, dtype=np.float32) + np.float32(col - centre[1]))[None]
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return row, col, c * x + s * y, c * y - s * x


def turn(slope_u: AnyFloats, slope_v: AnyFloats, angle: float) -> tuple[AnyFloats, AnyFloats]:
    """Slopes along and across an axis → slopes along rows and along columns."""
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return s * slope_u + c * slope_v, c * slope_u - s * slope_v


def pick(
    inside: NDArray[np.bool_], row: int, col: int, *fields: Floats
) -> tuple[Ints, Ints, list[Floats]]:
    """Canvas rows and columns of the true pixels, and the fields' values there."""
    i = np.flatnonzero(inside)
    r, c = np.divmod(i, inside.shape[1])
    return r + row, c + col, [field.ravel()[i] for field in fields]


def dome(
    rho2: Floats, row: int, col: int, *fields: Floats
) -> tuple[Ints, Ints, Floats, list[Floats]]:
    """Pixels inside a silhouette, and the height of the unit dome over them.

    Parameters
    ----------
    rho2 : NDArray[np.float32]
        (h, w) square of the distance from the middle, 1 at the silhouette.
    row, col : int
        Canvas place of its first pixel.
    *fields : NDArray[np.float32]
        (h, w) fields that are wanted there, too.

    Returns
    -------
    tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], list[NDArray[np.float32]]]
        Canvas rows, columns and sqrt(1 - rho2) of the n pixels, and the fields' values there, those
        of ``rho2`` last.
    """
    rows, cols, values = pick(rho2 < 1, row, col, *fields, rho2)
    root = np.sqrt(np.maximum(1 - values[-1], RIM))
    return rows, cols, root, values
