"""The studio's own small files: where they are, read whole, written whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.whole_files import read_small, write_whole

__all__ = ["config_folder", "read_json", "write_bytes", "write_json"]

_SURROGATES = re.compile("[\ud800-\udfff]")
_VARIABLE = "ABDIFFUSER_CONFIG"


def config_folder() -> Path:
    """Return the folder of settings and palettes, whether or not it exists.

    The variable ``ABDIFFUSER_CONFIG`` moves it.
    """
    moved = os.environ.get(_VARIABLE)
    if moved:
        return Path(os.path.expanduser(moved))
    import platformdirs

    return Path(platformdirs.user_config_dir("napari-abdiffuser", appauthor=False))


def read_json(path: str | os.PathLike[str], what: str) -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    path
        Of the file.
    what
        What it should be, for the message: 'palette'.

    Raises
    ------
    InvalidFile
        It cannot be read, is not JSON, or not an object.
    """
    try:
        data = json.loads(read_small(Path(path)).decode("utf-8-sig"))
    except OSError as error:
        raise InvalidFile(
            f"The {what} {path} cannot be read ({error.strerror or error}): check the path."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidFile(
            f"{path} is not a {what} ({error}): choose another file, or repair its JSON."
        ) from error
    if not isinstance(data, dict):
        raise InvalidFile(f"{path} is not a {what}: it must hold a JSON object.")
    return data


def write_json(path: str | os.PathLike[str], data: Mapping[str, Any], what: str) -> None:
    """Write a JSON object by way of a temporary file beside it.

    Raises
    ------
    InvalidFile
        The values are not JSON's, or the file cannot be written.
    """
    try:
        text = json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InvalidFile(f"The {what} cannot be written as JSON ({error}): remove it.") from error
    # Unpaired surrogates stand for bytes of file names that are no UTF-8; JSON escapes them.
    text = _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    write_bytes(Path(path), (text + "\n").encode(), what)


def write_bytes(path: Path, content: bytes, what: str) -> None:
    """Write a file by way of a temporary one beside it; the folder is made if it is missing.

    Raises
    ------
    InvalidFile
        It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise InvalidFile(
            f"The {what} {path} cannot be written ({error.strerror or error}): choose a folder "
            "that can be written to."
        ) from error
