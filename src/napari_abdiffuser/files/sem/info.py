"""An instrument's account of one picture, whoever wrote it, and the parsing that all share."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "DATA_BAR_KEY",
    "SEM_KEY",
    "SemInfo",
    "believed",
    "fit_size",
    "ini_sections",
    "known",
    "length",
    "natural_unit",
    "number",
    "positive",
    "quantity",
    "volts",
]

# In a layer's metadata: what the instrument says, and in it the rows of its data bar.
SEM_KEY = "sem"
DATA_BAR_KEY = "data_bar_rows"

# Metres in the units of length that instruments write; µ and Å come in two characters each.
_METRES = {
    "pm": 1e-12, "\u00c5": 1e-10, "\u212b": 1e-10, "nm": 1e-9,
    "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "mm": 1e-3, "cm": 1e-2, "m": 1.0,
    "micron": 1e-6, "microns": 1e-6, "micrometer": 1e-6, "nanometer": 1e-9, "inch": 0.0254,
}  # fmt: skip
_VOLTS = {"v": 1.0, "volt": 1.0, "kv": 1e3}
_NUMBER = re.compile(r"([-+]?)(\d*)([.,]?)(\d*)([eE][-+]?\d+)?\s*([^\s\d.,+-][^\s\d,]*)?")
# Metres a pixel may measure: less is smaller than any atom, more is no microscope's.
_SMALLEST_PIXEL, _LARGEST_PIXEL = 1e-12, 1e-3


@dataclass(frozen=True)
class SemInfo:
    """What an instrument says of one picture.

    Attributes
    ----------
    vendor
        'Thermo Fisher / FEI', 'Phenom', 'Zeiss', 'Tescan', 'Hitachi', 'JEOL'; 'OME', 'ImageJ' or
        'TIFF' where the file says it in their words and names no maker's own tags.
    pixel_size
        (y, x) in metres; None where it is not said, or said for a picture of another size.
    data_bar
        Rows of the data bar at the foot; None where nothing is said, 0 where there is none.
    settings
        What is known, under one set of names: ``instrument``, ``voltage`` (V),
        ``working_distance`` (m), ``magnification``, ``detector``, ``date``, ``time``.
    raw
        Everything the instrument wrote, as it was written.
    sized
        Whether the size of the picture is said, too, and is that of the file.

    Notes
    -----
    A pixel below 1 pm or above 1 mm is a misread number, not a microscope's: it counts as not said.
    """

    vendor: str
    pixel_size: tuple[float, float] | None = None
    data_bar: int | None = None
    settings: Mapping[str, float | str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    sized: bool = False

    def __post_init__(self) -> None:
        """Forget a pixel size that cannot be."""
        sides = self.pixel_size or ()
        if not all(believed(side) for side in sides):
            object.__setattr__(self, "pixel_size", None)

    def to_dict(self) -> dict[str, Any]:
        """Return what goes into a layer's metadata."""
        return {
            "vendor": self.vendor,
            "pixel_size_m": None if self.pixel_size is None else list(self.pixel_size),
            "settings": dict(self.settings),
            "raw": dict(self.raw),
        }


def believed(side: Any, metres: float = 1.0) -> bool:
    """Tell whether a microscope can have pixels with a side of so many units of `metres`."""
    if not isinstance(side, int | float) or isinstance(side, bool):
        return False
    return _SMALLEST_PIXEL <= side * metres * (1 + 1e-9) <= _LARGEST_PIXEL * (1 + 2e-9)


def number(value: Any) -> float | None:
    """Read a finite number; see `quantity`."""
    found = quantity(value)
    return None if found is None else found[0]


def positive(value: Any) -> float | None:
    """Read a number above 0."""
    found = number(value)
    return found if found is not None and found > 0 else None


def quantity(value: Any) -> tuple[float, str] | None:
    """Read a number and the unit after it, '' where there is none: all of the text, or nothing.

    A comma is a decimal one, as many instruments write it, unless it may part thousands:
    '2,5e-09' and '0,125 nm' are numbers, '1,024' may be two.
    """
    if isinstance(value, bool):
        return None
    match = _NUMBER.fullmatch(str(value).strip())
    if match is None:
        return None
    sign, whole, point, decimals, exponent, unit = (part or "" for part in match.groups())
    thousands = len(decimals) == 3 and not exponent and 1 <= len(whole) <= 3 and whole[0] != "0"
    if not whole + decimals or (point == "," and thousands):
        return None
    found = float(f"{sign}{whole or '0'}.{decimals or '0'}{exponent}")
    return (found, unit) if math.isfinite(found) else None


def length(value: Any, unit: str = "") -> float | None:
    """Read a length in metres; `unit` counts where the value names none."""
    found = quantity(value)
    if found is None:
        return None
    factor = _METRES.get((found[1] or unit).strip())
    return None if factor is None else found[0] * factor


def natural_unit(pixel_size: tuple[float, float]) -> tuple[float, str]:
    """Return how many of the unit that suits a pixel are in a metre, and the unit."""
    return (1e9, "nm") if max(pixel_size) < 1e-6 else (1e6, "um")


def volts(value: Any, unit: str = "") -> float | None:
    """Read a voltage in volts; `unit` counts where the value names none."""
    found = quantity(value)
    if found is None:
        return None
    factor = _VOLTS.get((found[1] or unit).strip().lower())
    return None if factor is None else found[0] * factor


def fit_size(
    told: tuple[float | None, float | None], shape: tuple[int, int], bar: float | None = None
) -> tuple[bool, int | None]:
    """Compare the size that an instrument says with the picture's own.

    Parameters
    ----------
    told
        (height, width) of the specimen's picture, with or without its data bar; None where not
        said.
    shape
        (H, W) of the picture as it is: it may have been cropped or resized since.
    bar
        Rows of the data bar that the instrument says; None where not said.

    Returns
    -------
    fits : bool
        Whether a pixel is still the one that the instrument measured, as far as is said.
    rows : int or None
        Rows of the data bar; None where that cannot be known any more.
    """
    said = None if bar is None or not 0 <= bar < shape[0] else int(bar)
    height, width = told
    if width is not None and int(width) != shape[1]:
        return False, None
    if height is None:
        return True, said
    over = shape[0] - int(height)
    if over < 0 or over > max(said or 0, shape[0] // 3):
        return width is not None and over < 0, None  # cut off, or not this picture
    if over == 0 and said:
        return True, 0  # told without its bar, which was cut off, or with it
    return True, over


def known(**settings: Any) -> dict[str, float | str]:
    """Keep the settings that say something."""
    return {
        name: value if isinstance(value, float | int) else str(value).strip()
        for name, value in settings.items()
        if value is not None and str(value).strip()
    }


def ini_sections(text: str) -> dict[str, dict[str, str]]:
    """Read ``[section]`` and ``key=value`` lines; what is neither is passed over."""
    sections: dict[str, dict[str, str]] = {}
    entries: dict[str, str] = {}
    for raw in text.splitlines():
        line = raw.strip(" \t\r\0")
        if line.startswith("[") and line.endswith("]"):
            entries = sections.setdefault(line[1:-1].strip(), {})
        elif "=" in line:
            key, _, value = line.partition("=")
            entries[key.strip()] = value.strip()
    return sections
