"""Palettes: named sets of colours, with those of the package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from napari_abdiffuser.errors import InvalidFile, InvalidHints, InvalidRequest
from napari_abdiffuser.imaging.colors import RGB, parse_color, to_hex

__all__ = ["GRAY", "Palette", "PaletteColor", "shipped_palettes"]

GRAY = "#808080"
"""The colour of gray hints; every list of colours that users see begins with it."""

_FORMAT, _VERSION = "abdiffuser-palette", 1
# The order in which they are offered.
_FILES = (
    "classic",
    "equal-lightness",
    "okabe-ito",
    "tol-bright",
    "tol-muted",
    "tol-light",
    "minerals",
    "pollen",
    "bacteria",
    "blood",
    "insects",
    "materials",
)


@dataclass(frozen=True)
class PaletteColor:
    """One colour of a palette.

    Attributes
    ----------
    name : str
        'vermilion', or what it is meant for: 'bacteria'.
    color : tuple of 3 floats
        sRGB, [0, 1].
    """

    name: str
    color: RGB

    @property
    def hex(self) -> str:
        """'#rrggbb'."""
        return to_hex(self.color)


@dataclass(frozen=True)
class Palette:
    """A named set of colours, without gray, which is always offered.

    Attributes
    ----------
    name : str
        Title that users see.
    colors : tuple of PaletteColor
    source : str
        Where it comes from: a citation, or 'user'.
    note : str
        What it is good for, one sentence.
    safe : bool
        Whether its source says that people with a colour-vision deficiency can tell its colours
        apart, at the lightness that they have in the palette.
    extra : mapping
        Keys of its file that this version does not know; they are written back.
    """

    name: str
    colors: tuple[PaletteColor, ...]
    source: str = "user"
    note: str = ""
    safe: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __len__(self) -> int:
        return len(self.colors)

    @classmethod
    def of(cls, name: str, colors: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Palette:
        """Make a palette of names and colours ('gold', '#rrggbb' or sRGB floats).

        Raises
        ------
        InvalidRequest
            A colour cannot be read, is not displayable, or a name is empty.
        """
        pairs = colors.items() if isinstance(colors, Mapping) else colors
        if not name.strip():
            raise InvalidRequest("A palette needs a name: type one.")
        return cls(name.strip(), tuple(_color(word, value) for word, value in pairs))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-serializable values."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "name": self.name,
            "source": self.source,
            "note": self.note,
            "safe": self.safe,
            "colors": [{"name": c.name, "color": c.hex} for c in self.colors],
            **self.extra,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Palette:
        """Read what `to_dict` gave.

        Raises
        ------
        InvalidFile
            It does not follow the format, or was written by a newer version.
        """
        if data.get("format") != _FORMAT:
            raise InvalidFile(f'This is not a palette: it must have "format": "{_FORMAT}".')
        if not isinstance(data.get("version"), int) or data["version"] > _VERSION:
            raise InvalidFile("This palette was written by a newer version: update the plugin.")
        known = ("format", "version", "name", "source", "note", "safe", "colors")
        try:
            palette = cls.of(
                str(data["name"]), [(str(c["name"]), c["color"]) for c in data["colors"]]
            )
        except (KeyError, TypeError, InvalidRequest) as error:
            raise InvalidFile(f"This palette is malformed: {error}. Save it again.") from error
        return cls(
            palette.name,
            palette.colors,
            str(data.get("source", "user")),
            str(data.get("note", "")),
            bool(data.get("safe", False)),
            {k: v for k, v in data.items() if k not in known},
        )


@lru_cache(maxsize=1)
def shipped_palettes() -> tuple[Palette, ...]:
    """Return the palettes of the package, in the order in which they are offered."""
    import json

    folder = resources.files("napari_abdiffuser.data") / "palettes"
    return tuple(
        Palette.from_dict(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
        for name in _FILES
    )


def _color(name: Any, value: Any) -> PaletteColor:
    try:
        color = parse_color(value)
        to_hex(color)
    except InvalidHints as error:
        raise InvalidRequest(str(error)) from error
    if not isinstance(name, str) or not name.strip():
        raise InvalidRequest(f"The colour {value!r} needs a name: type one.")
    return PaletteColor(name.strip(), color)
