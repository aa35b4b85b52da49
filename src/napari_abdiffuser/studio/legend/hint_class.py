"""One class of a legend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from napari_abdiffuser.errors import InvalidHints, InvalidRequest
from napari_abdiffuser.imaging.colors import RGB, parse_color, to_hex

__all__ = ["HintClass", "checked_color", "checked_name"]

_identities = count(1)


@dataclass(frozen=True)
class HintClass:
    """What hints of one colour mark.

    Attributes
    ----------
    name : str
        'bacteria'; unique in its legend.
    color : tuple of 3 floats
        sRGB, [0, 1].
    key : int or None
        The number key that chooses it, 1 … 9; 0 for gray.
    locked : bool
        Whether it is protected from changes.
    extra : mapping
        Keys of its file that this version does not know; they are written back.
    identity : int
        Tells it from all others as long as the program runs, whatever it is called.
    """

    name: str
    color: RGB
    key: int | None = None
    locked: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    identity: int = field(default_factory=_identities.__next__, compare=False, repr=False)

    @property
    def hex(self) -> str:
        """'#rrggbb'."""
        return to_hex(self.color)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-serializable values."""
        known = {"name": self.name, "color": self.hex, "key": self.key, "locked": self.locked}
        return {**known, **self.extra}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HintClass:
        """Read what `to_dict` gave.

        Raises
        ------
        KeyError, TypeError, InvalidRequest
            It does not follow the format.
        """
        item = dict(data)
        name, color = checked_name(item.pop("name")), checked_color(item.pop("color"))
        key, locked = item.pop("key", None), bool(item.pop("locked", False))
        if type(key) is not int or not 0 <= key <= 9:
            key = None
        return cls(name, color, key, locked, item)


def checked_name(name: Any) -> str:
    """Read a name, with single blanks.

    Raises
    ------
    InvalidRequest
        It is empty or no text.
    """
    if not isinstance(name, str) or not name.strip():
        raise InvalidRequest("A class needs a name: type one, for example 'cells'.")
    return " ".join(name.split())


def checked_color(color: Any) -> RGB:
    """Read a colour that can be displayed.

    Raises
    ------
    InvalidRequest
        It is none.
    """
    try:
        rgb = parse_color(color)
        to_hex(rgb)
    except InvalidHints as error:
        raise InvalidRequest(str(error)) from error
    return rgb
