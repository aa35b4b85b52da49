"""Files that appear whole or not at all, and tar members with the same bytes every time."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from napari_abdiffuser import whole_files
from napari_abdiffuser.errors import InvalidRequest

__all__ = [
    "add_sample",
    "make_folder",
    "member_size",
    "read_json",
    "replacing",
    "write_bytes",
    "write_json",
]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name in the same folder; what is there at the end becomes ``path``."""
    try:
        with whole_files.replacing(path) as partial:
            yield partial
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be written ({error}): make room or choose another folder, then run "
            "again; what is finished is kept."
        ) from error


def make_folder(folder: Path) -> None:
    """Make the folder of a run; InvalidRequest where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(
            f"{folder} cannot be made ({error.strerror}): choose another folder with --out."
        ) from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file as a whole."""
    with replacing(path) as partial:
        partial.write_bytes(content)


def write_json(path: Path, data: Any) -> None:
    """Write JSON as a whole file, keys in their own order."""
    write_bytes(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read JSON; None where the file is missing or is none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def member_size(content: bytes) -> int:
    """Bytes that a tar member takes: a header block and whole blocks of content."""
    return 512 + -(-len(content) // 512) * 512


def add_sample(tar: tarfile.TarFile, key: str, parts: Mapping[str, bytes]) -> None:
    """Add ``key.suffix`` members, suffixes sorted; no time, owner or mode of this machine."""
    for suffix in sorted(parts):
        member = tarfile.TarInfo(f"{key}.{suffix}")
        member.size = len(parts[suffix])
        tar.addfile(member, io.BytesIO(parts[suffix]))
