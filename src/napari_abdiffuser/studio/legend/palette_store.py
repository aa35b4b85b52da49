"""The user's own palettes, as files in the settings folder."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from napari_abdiffuser.errors import InvalidFile, InvalidRequest
from napari_abdiffuser.files.atomic import config_folder, read_json, write_json
from napari_abdiffuser.studio.legend.palettes import Palette, shipped_palettes

__all__ = [
    "all_palettes",
    "delete_palette",
    "find_palette",
    "load_palette",
    "palette_folder",
    "save_palette",
    "user_palettes",
]


def palette_folder() -> Path:
    """Return the folder of the user's palettes, whether or not it exists."""
    return config_folder() / "palettes"


def load_palette(path: str | Path) -> Palette:
    """Read a palette file from anywhere.

    Raises
    ------
    InvalidFile
        It cannot be read or is not a palette.
    """
    return Palette.from_dict(read_json(path, "palette"))


def save_palette(palette: Palette) -> Path:
    """Save a palette under its name, over one of the same name.

    Returns
    -------
    Path
        Of the file, written completely or not at all.

    Raises
    ------
    InvalidRequest
        The package ships a palette of this name.
    InvalidFile
        It cannot be written.
    """
    if _key(palette.name) in {_key(shipped.name) for shipped in shipped_palettes()}:
        raise InvalidRequest(
            f"{palette.name!r} is a palette of the package: save yours under another name."
        )
    path = _file(palette.name)
    write_json(path, palette.to_dict(), "palette")
    return path


def user_palettes() -> tuple[tuple[Palette, ...], tuple[str, ...]]:
    """Read the user's palettes, sorted by name.

    Returns
    -------
    (palettes, notices)
        A notice for each file that could not be read; it stays where it is.
    """
    palettes, notices = [], []
    for path in sorted(palette_folder().glob("*.json")):
        try:
            palettes.append(load_palette(path))
        except InvalidFile as error:
            notices.append(str(error))
    return tuple(sorted(palettes, key=lambda p: _key(p.name))), tuple(notices)


def all_palettes() -> tuple[Palette, ...]:
    """Return the package's palettes, then the user's."""
    return (*shipped_palettes(), *user_palettes()[0])


def find_palette(name: str) -> Palette:
    """Return the palette of this name, in capitals or not, else the package's first.

    A palette that was deleted must not keep the studio from starting.
    """
    palettes = all_palettes()
    return next((p for p in palettes if _key(p.name) == _key(name)), palettes[0])


def delete_palette(name: str) -> None:
    """Delete one of the user's palettes.

    Raises
    ------
    InvalidRequest
        It is one of the package's, or there is none of this name.
    InvalidFile
        Its file cannot be removed.
    """
    path = _file(name)
    if not path.is_file():
        raise InvalidRequest(f"You have no palette {name!r}: choose one of your own.")
    try:
        path.unlink()
    except OSError as error:
        raise InvalidFile(
            f"{path} cannot be removed ({error.strerror or error}): remove it by hand."
        ) from error


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _file(name: str) -> Path:
    """Return a file name that any disk takes; its hash keeps 'a/b' and 'a b' apart."""
    words = re.sub(r"[^a-z0-9]+", "-", _key(name)).strip("-")[:40] or "palette"
    return palette_folder() / f"{words}-{hashlib.sha256(_key(name).encode()).hexdigest()[:8]}.json"
