"""Kinds of hint: a patch around a point, and a set of pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.colors import RGB

__all__ = ["OUTLINE_KEY", "Hint", "PointHint", "RegionHint"]

OUTLINE_KEY = "outline"
"""Of what is told beside a region: the outline that was drawn, as vertices and their kind."""


@dataclass(frozen=True)
class PointHint:
    """One colour on a square patch around a point.

    Attributes
    ----------
    y, x : float
        Row and column of the patch's centre in pixels; pixel centres are integers.
    size : int
        Side of the patch in pixels.
    color : tuple of 3 floats
        sRGB, [0, 1].
    class_name : str or None
        What it marks ('cell'); hints of one class have one colour.
    extra : mapping
        Keys of a hints file that this version does not know; they are written back.
    """

    y: float
    x: float
    size: int
    color: RGB
    class_name: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def patch(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Return rows and columns of the patch, clipped to a picture of this shape.

        A pixel belongs to it if its centre is in (centre - size/2, centre + size/2]; this holds
        for ``size`` rows and columns wherever the centre is.
        """
        starts = (math.floor(self.y - self.size / 2 + 1), math.floor(self.x - self.size / 2 + 1))
        rows, columns = (
            slice(min(max(start, 0), length), min(max(start + self.size, 0), length))
            for start, length in zip(starts, shape, strict=True)
        )
        return rows, columns

    def own_fault(self) -> str | None:
        """Return why this hint cannot be used on any picture; None if it can."""
        if not (math.isfinite(self.y) and math.isfinite(self.x)):
            return f"its position ({self.y}, {self.x}) is not finite; give a row and a column"
        if self.size < 1:
            return f"its size is {self.size}; give at least 1 pixel"
        return _color_fault(self.color)

    def fault(self, shape: tuple[int, int]) -> str | None:
        """Return why this hint cannot be used on a picture of this shape; None if it can."""
        if (own := self.own_fault()) is not None:
            return own
        if not (-0.5 <= self.y < shape[0] - 0.5 and -0.5 <= self.x < shape[1] - 0.5):
            return (
                f"its position (row {self.y:g}, column {self.x:g}) is outside the picture of "
                f"{shape[0]} × {shape[1]} pixels; move or remove it"
            )
        return None


@dataclass(frozen=True, eq=False)
class RegionHint:
    """One colour on a set of pixels.

    Attributes
    ----------
    mask : ndarray of bool, shape (H, W), read-only
        True where the colour is meant.
    color : tuple of 3 floats
        sRGB, [0, 1].
    class_name : str or None
        What it marks; hints of one class have one colour.
    extra : mapping
        Keys of a hints file that this version does not know; they are written back.
    hard : bool or None
        Of a whole region: True fills it exactly to its edges, and none of its colour gets beyond
        them; False lets the colour spread from it to what looks alike. None is a stroke, which
        spreads, too.
    """

    mask: NDArray[np.bool_]
    color: RGB
    class_name: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    hard: bool | None = None

    def __post_init__(self) -> None:
        given = self.mask
        # A mask that is another hint's already is shared: recolouring copies no pixels.
        frozen = isinstance(given, np.ndarray) and given.dtype == bool and given.flags.owndata
        mask = given if frozen and not given.flags.writeable else np.array(given, dtype=bool)
        if mask.ndim != 2:
            raise InvalidHints(f"A region is a (H, W) mask, this one has shape {mask.shape}.")
        mask.setflags(write=False)
        object.__setattr__(self, "mask", mask)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RegionHint):
            return NotImplemented
        mine = (self.color, self.class_name, self.hard, self.extra)
        theirs = (other.color, other.class_name, other.hard, other.extra)
        return mine == theirs and np.array_equal(self.mask, other.mask)

    def __hash__(self) -> int:
        return hash((self.mask.shape, self.color, self.class_name, self.hard))

    def own_fault(self) -> str | None:
        """Return why this hint cannot be used on any picture; None if it can."""
        return _color_fault(self.color)

    def fault(self, shape: tuple[int, int]) -> str | None:
        """Return why this hint cannot be used on a picture of this shape; None if it can."""
        if (own := self.own_fault()) is not None:
            return own
        if self.mask.shape != shape:
            return (
                f"it was drawn on {self.mask.shape[0]} × {self.mask.shape[1]} pixels and the "
                f"picture has {shape[0]} × {shape[1]}; draw it on this picture"
            )
        return None


Hint = PointHint | RegionHint
"""Either kind."""


def _color_fault(color: RGB) -> str | None:
    if all(0.0 <= value <= 1.0 for value in color):  # not true of NaN either
        return None
    advice = "divide 8-bit values by 255" if max(color) > 1.0 else "give three numbers from 0 to 1"
    return f"its colour {color} is outside [0, 1]; {advice}"
