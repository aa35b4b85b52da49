"""A scale bar of a round length."""

from __future__ import annotations

import math
from dataclasses import dataclass

from napari_abdiffuser.studio.figure.units import in_metres, symbol

__all__ = ["ScaleBar", "scale_bar"]

# Symbols that a bar is labelled with, and their exponents.
_STEPS = (("pm", -12), ("nm", -9), ("µm", -6), ("mm", -3), ("m", 0), ("km", 3))


@dataclass(frozen=True)
class ScaleBar:
    """A bar of a round length.

    Attributes
    ----------
    pixels : float
        Its length in pixels of the picture.
    metres : float or None
        Its length; None where the unit is not one of length, such as 'pixel'.
    text : str
        '20 µm'.
    """

    pixels: float
    metres: float | None
    text: str


def scale_bar(width: int, pixel_size: float, unit: str, share: float = 0.22) -> ScaleBar | None:
    """Choose the longest bar of 1, 2 or 5 times a power of ten that is not too long.

    Parameters
    ----------
    width : int
        Of the picture in pixels.
    pixel_size : float
        Width of a pixel in `unit`.
    unit : str
        'µm', 'um', 'micrometer', 'nm', …; other words ('pixel') are printed as they are.
    share : float
        Most of the width that the bar takes.

    Returns
    -------
    ScaleBar or None
        None where the pixel size is not a positive number: then there is nothing to show.
    """
    if not (math.isfinite(pixel_size) and pixel_size > 0.0 and width > 0):
        return None
    metres = in_metres(unit)
    longest = width * share * pixel_size * (metres or 1.0)
    exponent = math.floor(math.log10(longest) + 1e-9)
    digit = max(d for d in (1, 2, 5) if d * 10.0**exponent <= longest * (1.0 + 1e-9))
    length = digit * 10.0**exponent
    pixels = length / (pixel_size * (metres or 1.0))
    if metres is None:
        return ScaleBar(pixels, None, f"{_written(digit, exponent)} {unit}".strip())
    name, step = next((pair for pair in reversed(_STEPS) if exponent >= pair[1]), _STEPS[0])
    if symbol(unit) == "Å" and name in ("pm", "nm") and exponent < -7:
        name, step = "Å", -10
    return ScaleBar(pixels, length, f"{_written(digit, exponent - step)} {name}")


def _written(digit: int, exponent: int) -> str:
    """Write digit · 10^exponent without rounding."""
    if exponent >= 0:
        return f"{digit}{'0' * exponent}"
    return f"0.{'0' * (-exponent - 1)}{digit}"
