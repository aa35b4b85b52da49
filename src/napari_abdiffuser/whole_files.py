"""Small files read whole, and files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["read_small", "remove_partials", "replacing", "write_whole"]

_PREFIX, _SUFFIX = ".abdiffuser-", ".part"
_LEFT_AFTER = 24 * 3600.0
"""Seconds after which no run can still be writing a temporary file."""


_MAX_SMALL = 1 << 28
"""Bytes of a file of settings, hints or a project; parsed, JSON takes several times as many."""


def read_small(path: Path) -> bytes:
    """Read a whole file of settings, hints or the like.

    Raises
    ------
    OSError
        It cannot be read, is no regular file (reading a named pipe waits for ever), or is too
        large for what it should be.
    """
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    with path.open("rb") as file:
        content = file.read(_MAX_SMALL + 1)
    if len(content) > _MAX_SMALL:
        raise OSError(errno.EFBIG, f"it is larger than {_MAX_SMALL >> 20} MiB")
    return content


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give an empty temporary file beside `path` that takes its place at the end.

    The content is on the disk before the name is. The file has the mode of the one that it
    replaces, or what the umask leaves. After an error `path` is as it was, and the temporary file
    is gone; those of killed runs are removed a day later.

    Parameters
    ----------
    path
        Of the file; its folder must exist.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    remove_partials(path.parent, older_than=_LEFT_AFTER)
    # Of fixed length: a legal name may already be as long as the file system allows.
    partial = path.with_name(f"{_PREFIX}{uuid.uuid4().hex}{_SUFFIX}")
    try:
        # Not mkstemp, whose 0600 ignores the umask and would hide the file from colleagues.
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        with suppress(OSError):  # no file there, or a drive that refuses chmod
            os.chmod(partial, path.stat().st_mode & 0o777)
        os.replace(partial, path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as a whole; see `replacing`."""
    with replacing(path) as partial:
        partial.write_bytes(content)


def remove_partials(folder: Path, older_than: float = 0.0) -> None:
    """Remove temporary files that killed runs left in a folder.

    Parameters
    ----------
    folder
        Where they are.
    older_than
        Seconds since they were last written.
    """
    limit = time.time() - older_than
    with suppress(OSError):
        for partial in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            with suppress(OSError):  # another run was quicker
                if partial.stat().st_mtime <= limit:
                    partial.unlink()
