"""Colours as people write them: CSS names, '#rrggbb' or three sRGB floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import ImageColor

from napari_abdiffuser.errors import InvalidHints

__all__ = ["RGB", "parse_color", "to_hex"]

RGB = tuple[float, float, float]
"""sRGB, floats; a displayable colour has them in [0, 1]."""


def parse_color(color: Any) -> RGB:
    """Read one colour.

    Parameters
    ----------
    color : str or sequence of 3 floats
        A CSS name ('gold'), '#rgb', '#rrggbb', or sRGB floats. Numbers outside [0, 1] pass; it
        is `Hints` that refuses them.

    Returns
    -------
    tuple of 3 floats
        sRGB.

    Raises
    ------
    InvalidHints
        If it is not a colour.
    """
    if isinstance(color, str):
        try:
            red, green, blue = ImageColor.getrgb(color.strip())[:3]
        except ValueError:
            raise InvalidHints(
                f"{color!r} is not a colour: give a CSS name such as 'gold', '#rrggbb', or three "
                "numbers from 0 to 1."
            ) from None
        return red / 255.0, green / 255.0, blue / 255.0
    try:
        values = np.asarray(color)
        # numpy would drop an imaginary part with a warning.
        values = np.empty(0) if values.dtype.kind == "c" else values.astype(np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.shape != (3,):
        raise InvalidHints(
            f"{color!r} is not a colour: give red, green and blue, three numbers from 0 to 1 "
            "(without an alpha), a CSS name or '#rrggbb'."
        )
    return float(values[0]), float(values[1]), float(values[2])


def to_hex(color: Sequence[float]) -> str:
    """Write sRGB floats as '#rrggbb', each rounded to 8 bits.

    Raises
    ------
    InvalidHints
        If a value is outside [0, 1] or not a number.
    """
    if not all(0.0 <= value <= 1.0 for value in color):
        raise InvalidHints(f"The colour {tuple(color)} cannot be written: give values from 0 to 1.")
    return "#" + "".join(f"{int(value * 255.0 + 0.5):02x}" for value in color)
