"""Units of length as people, napari and microscopes write them."""

from __future__ import annotations

import re

__all__ = ["in_metres", "parse_length", "symbol"]

_LENGTH = re.compile(r"\s*(\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE]([+-]?\d+))?\s*(\S.*?)\s*")

# Metres by the symbol that is printed. Spaces and case are as people write them: 'Mm' is rare in a
# microscope, 'MM' is not.
_METRES = {
    "pm": 1e-12,
    "Å": 1e-10,
    "nm": 1e-9,
    "µm": 1e-6,
    "mm": 1e-3,
    "cm": 1e-2,
    "m": 1.0,
    "km": 1e3,
    "in": 0.0254,
}
_WORDS = {
    "picometer": "pm",
    "angstrom": "Å",
    "a": "Å",
    "å": "Å",
    "nanometer": "nm",
    "micrometer": "µm",
    "micron": "µm",
    "um": "µm",
    "μm": "µm",  # with the Greek letter instead of the micro sign
    "\\u00b5m": "µm",  # as ImageJ writes it into TIFF files
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "kilometer": "km",
    "inch": "in",
    "inches": "in",
}


def symbol(unit: str) -> str | None:
    """Return the symbol of a unit of length ('micrometer' → 'µm'), or None if it is none."""
    word = unit.strip()
    if word in _METRES:
        return word
    word = word.casefold().replace("metre", "meter")
    for candidate in (word, word.removesuffix("s")):
        if candidate in _METRES:
            return candidate
        if candidate in _WORDS:
            return _WORDS[candidate]
    return None


def parse_length(text: str) -> tuple[float, str] | None:
    """Read a length as people type it ('10 µm', '0,5um').

    Returns
    -------
    (value, symbol of the unit), or None if it is not a length greater than 0.
    """
    found = _LENGTH.fullmatch(text)
    unit = None if found is None else symbol(found[3])
    if found is None or unit is None:
        return None
    value = float(f"{found[1].replace(',', '.')}e{found[2] or 0}")
    return (value, unit) if 0.0 < value < float("inf") else None


def in_metres(unit: str) -> float | None:
    """Return the length of a unit in metres, or None if it is no unit of length."""
    name = symbol(unit)
    return None if name is None else _METRES[name]
