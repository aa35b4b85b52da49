"""Which picture the studio works on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

__all__ = ["PictureIdentity"]


@dataclass(frozen=True)
class PictureIdentity:
    """Which picture is worked on.

    Attributes
    ----------
    key : hashable
        Tells one picture from another for as long as the program runs: id of the layer.
    name : str
        Of the layer.
    shape : (int, int)
        Height and width in pixels.
    leading : tuple of int
        Lengths of a stack's leading axes; empty for a single picture.
    pixel_size : (float, float) or None
        Height and width of a pixel in `unit`.
    unit : str
        Of length, 'µm'; empty where unknown.
    """

    key: Hashable
    name: str
    shape: tuple[int, int]
    leading: tuple[int, ...] = ()
    pixel_size: tuple[float, float] | None = None
    unit: str = ""
