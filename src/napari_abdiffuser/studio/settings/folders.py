"""Folders that the user last saved to or opened from."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.files.atomic import config_folder, read_json, write_json

__all__ = ["last_folder", "remember_folder"]

_FILE = "folders.json"


def last_folder(purpose: str) -> Path:
    """Return the folder last used for a purpose, or the home folder where it is unknown or gone.

    Parameters
    ----------
    purpose : str
        'figure', 'project'.
    """
    with suppress(InvalidFile, OSError):
        stored = read_json(config_folder() / _FILE, "list of folders").get(purpose)
        if isinstance(stored, str) and Path(stored).is_dir():
            return Path(stored)
    return Path.home()


def remember_folder(purpose: str, folder: Path) -> None:
    """Remember the folder of a purpose; where that cannot be written, nothing happens."""
    file = config_folder() / _FILE
    known = {}
    with suppress(InvalidFile, OSError):
        known = read_json(file, "list of folders")
    if known.get(purpose) != str(folder):
        with suppress(InvalidFile):
            write_json(file, {**known, purpose: str(folder)}, "list of folders")
