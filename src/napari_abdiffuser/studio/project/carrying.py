"""Which hints a slice of a stack is coloured with."""

from __future__ import annotations

from collections.abc import Mapping

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.slices import Index

__all__ = ["nearest_hints"]


def nearest_hints(slices: Mapping[Index, Hints], index: Index) -> tuple[Index | None, Hints]:
    """Return the hints of a slice, or those of the nearest slice that has any.

    Parameters
    ----------
    slices
        Hints by slice.
    index
        The slice that is to be coloured.

    Returns
    -------
    (Index or None, Hints)
        Whose hints they are; of two slices equally near the earlier one. None where no slice
        has hints.
    """
    if len(slices.get(index, Hints())):
        return index, slices[index]
    made = [other for other, hints in slices.items() if len(hints)]
    if not made:
        return None, Hints()

    def distance(other: Index) -> tuple[int, Index]:
        return sum(abs(a - b) for a, b in zip(other, index, strict=True)), other

    nearest = min(made, key=distance)
    return nearest, slices[nearest]
