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
}  # fmt: skip
_VOLTS = {"v": 1.0, "volt": 1.0, "kv": 1e3}
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)")


@dataclass(frozen=True)
class SemInfo:
    """What an instrument says of one picture.

    Attributes
    ----------
    vendor
        'Thermo Fisher / FEI', 'Phenom', 'Zeiss', 'Tescan', 'Hitachi', 'JEOL', or 'OME' where the
        file follows that standard of microscopy and names no maker's own tags.
    pixel_size
        (y, x) in metres; None where it is not said, or said for a picture of another size.
    data_bar
        Rows of the data bar at the foot; None where nothing is said, 0 where there is none.
    settings
        What is known, under one set of names: ``instrument``, ``voltage`` (V),
        ``working_distance`` (m), ``magnification``, ``detector``, ``date``, ``time``.
    raw
        Everything the instrument wrote, as it was written.
    """

    vendor: str
    pixel_size: tuple[float, float] | None = None
    data_bar: int | None = None
    settings: Mapping[str, float | str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what goes into a layer's metadata."""
        return {
            "vendor": self.vendor,
            "pixel_size_m": None if self.pixel_size is None else list(self.pixel_size),
            "settings": dict(self.settings),
            "raw": dict(self.raw),
        }


def number(value: Any) -> float | None:
    """Read a finite number, or the one that a text begins with."""
    found = quantity(value)
    return None if found is None else found[0]


def positive(value: Any) -> float | None:
    """Read a number above 0."""
    found = number(value)
    return found if found is not None and found > 0 else None


def quantity(value: Any) -> tuple[float, str] | None:
    """Read a number and the unit after it, '' where there is none."""
    match = _NUMBER.match(str(value))
    if match is None or isinstance(value, bool):
        return None
    found = float(match[1])
    return (found, match[2]) if math.isfinite(found) else None


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
