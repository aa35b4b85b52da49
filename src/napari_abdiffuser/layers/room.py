"""Room for arrays of the size of a stack."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["room_for"]

_IN_MEMORY = 1 << 30  # bytes; larger arrays are kept in a temporary file


def room_for(shape: Sequence[int]) -> NDArray[np.uint8]:
    """Return an array of zeros: in memory, or in a temporary file if it is large.

    What is never written takes no room in either. The file has no name that anybody could trip
    over, and goes with the array.
    """
    if np.prod(shape, dtype=np.float64) <= _IN_MEMORY:
        return np.zeros(shape, np.uint8)  # pages are taken when they are written
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.uint8, "w+", shape=tuple(shape))
