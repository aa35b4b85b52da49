"""Checks of the arguments that hints are made of."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidHints

__all__ = ["class_name", "listed", "pairs", "real", "whole"]


def pairs(coordinates: ArrayLike) -> NDArray[np.float64]:
    """Read coordinates as an array of shape (N, 2)."""
    places = real(coordinates)
    if places.size == 0 and places.ndim > 0:
        places = places.reshape(0, 2)
    if places.ndim != 2 or places.shape[1] != 2:
        raise InvalidHints(
            "Coordinates are N pairs, shape (N, 2); for a single hint give [(row, column)]."
        )
    return places


def real(values: Any) -> NDArray[np.float64]:
    """Read real numbers; what is none is an array without axes."""
    try:
        array = np.asarray(values)
        # numpy would drop the imaginary part with a warning.
        return np.empty(()) if array.dtype.kind == "c" else array.astype(np.float64)
    except (TypeError, ValueError):
        return np.empty(())


def listed(values: Any, n: int, what: str) -> list[Any]:
    """Read `values` as a list of n items; `what` names them in the message."""
    try:
        items = [] if isinstance(values, str) else list(values)
    except TypeError:
        items = []
    if len(items) != n or (isinstance(values, str) and n == 0):
        raise InvalidHints(
            f"There are {n} coordinates and {len(items)} {what}: give a list with one for each."
        )
    return items


def whole(size: Any) -> int:
    """Read a whole number of pixels."""
    try:
        return operator.index(size)
    except TypeError:
        pass
    try:
        if not isinstance(size, complex | np.complexfloating) and float(size) == int(size):
            return int(size)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidHints(f"{size!r} is not a size: give a whole number of pixels, for example 9.")


def class_name(name: Any) -> str | None:
    """Read a class name or None."""
    if name is None:
        return None
    if isinstance(name, str) and name:
        return str(name)  # numpy's texts print as np.str_('cell')
    raise InvalidHints(f"{name!r} is not a class name: give a text such as 'cell', or None.")
