"""What callers hand over to build hints, checked: each message says how to write it instead."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidHints

__all__ = ["class_name", "listed", "pairs", "whole"]


def pairs(coordinates: ArrayLike) -> NDArray[np.float64]:
    """Read coordinates as an array of shape (N, 2)."""
    try:
        places = np.asarray(coordinates, dtype=np.float64)
    except (TypeError, ValueError):
        places = np.empty(())
    if places.size == 0 and places.ndim > 0:
        places = places.reshape(0, 2)
    if places.ndim != 2 or places.shape[1] != 2:
        raise InvalidHints(
            "Coordinates are N pairs, shape (N, 2); for a single hint give [(row, column)]."
        )
    return places


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
        if float(size) == int(size):
            return int(size)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidHints(f"{size!r} is not a size: give a whole number of pixels, for example 9.")


def class_name(name: Any) -> str | None:
    """Read a class name or None."""
    if name is None or (isinstance(name, str) and name):
        return name
    raise InvalidHints(f"{name!r} is not a class name: give a text such as 'cell', or None.")
