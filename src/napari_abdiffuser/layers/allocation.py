"""Allocation of arrays of the size of a stack."""

from __future__ import annotations

import errno
import math
import mmap
import os
import shutil
import tempfile
import weakref
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.errors import Cancelled, OutOfMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["StackBuffer", "allocate_sparse_zeros", "allocate_zeros"]

_IN_MEMORY = 1 << 30  # bytes; larger arrays are kept in a temporary file
_PIECE = 1 << 28  # bytes that are reserved at once: between two of them one may cancel
_CHUNK = 1 << 24  # bytes that are written at once
# What a file system says that cannot reserve, rather than has no room.
_CANNOT = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class StackBuffer:
    """An array of zeros: in memory, or in a temporary file if it is large.

    The file has no name that anybody could trip over, and goes with the array. It has holes at
    first. To write into a hole when the disk is full kills the process (SIGBUS), so that
    `reserve` must come before anything is written.

    Parameters
    ----------
    shape
        Of the array.

    Attributes
    ----------
    array
        uint8.

    Raises
    ------
    OutOfMemory
        There is no room at all.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        self._size = math.prod(shape)
        self._file: IO[bytes] | None = None
        self.array: NDArray[np.uint8]
        try:
            if self._size <= _IN_MEMORY:
                self.array = np.zeros(shape, np.uint8)  # pages are taken when they are written
                return
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (closed in `_close`)
            self._close = weakref.finalize(self, self._file.close)
            self.array = np.memmap(self._file, np.uint8, "w+", shape=tuple(shape))
        except MemoryError as error:
            raise OutOfMemory(
                f"Memory does not suffice for {_gib(self._size)}: close other programs, or colour "
                "fewer slices."
            ) from error
        except OSError as error:
            raise _full(self._size, error) from error

    def reserve(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Take the room on the disk, once.

        Most file systems do that at once, others by writing all of it, which takes as long as it
        takes to write a file of that size: call it in a worker.

        Parameters
        ----------
        cancelled
            Asked every now and then.

        Raises
        ------
        OutOfMemory
            The disk has less room; it has as much as before.
        Cancelled
            As it was asked to stop.
        """
        if self._file is None:
            return
        try:
            # Asked first, so that a disk is not filled to the brim for nothing.
            if shutil.disk_usage(tempfile.gettempdir()).free < self._missing():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            for start in range(0, self._size, _PIECE):
                if cancelled():
                    raise Cancelled("Cancelled.")
                _take(self._file, start, min(_PIECE, self._size - start))
        except OSError as error:
            self._give_back()
            raise _full(self._size, error) from error
        except Cancelled:
            self._give_back()
            raise
        self._file = None
        self._close()

    def _missing(self) -> int:
        assert self._file is not None
        # Blocks are of 512 bytes by definition; Windows does not count them.
        return self._size - 512 * int(getattr(os.fstat(self._file.fileno()), "st_blocks", 0))

    def _give_back(self) -> None:
        """Free what was taken: somebody may hold the array for a while."""
        assert self._file is not None
        try:
            self._file.truncate(0)
            self._file.truncate(self._size)  # holes again: the array can be read as before
        except OSError:  # Windows cuts no file that is mapped: it goes with the array
            pass


def allocate_zeros(shape: Sequence[int]) -> NDArray[np.uint8]:
    """Return an array of zeros, in memory or in a temporary file, all of which can be written.

    Raises
    ------
    OutOfMemory
        There is no room for it.
    """
    room = StackBuffer(shape)
    room.reserve()
    return room.array


def allocate_sparse_zeros(shape: Sequence[int]) -> NDArray[np.uint8]:
    """Return an array of zeros in which little will be written: what is not takes no room.

    Raises
    ------
    OutOfMemory
        There is no room for it.
    """
    size = math.prod(shape)
    # Strokes cover little of a stack. To reserve all of it in a file would take gigabytes for
    # nothing, and refuse to paint where the disk has less; a file with holes would kill the
    # process when the disk fills (see `StackBuffer`), on tmpfs even when a hole is read. Memory
    # that is promised and not reserved needs no disk, and only painted pages take any of it.
    try:
        if size <= _IN_MEMORY or not hasattr(mmap, "MAP_ANONYMOUS"):
            return np.zeros(shape, np.uint8)
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        return np.frombuffer(mmap.mmap(-1, size, flags), np.uint8).reshape(shape)
    except (MemoryError, OSError):
        # Systems that promise no more than they have. A moment's wait is better than no painting.
        return allocate_zeros(shape)


def _take(file: IO[Any], start: int, length: int) -> None:
    """Have the disk keep room for a part of a file that holds nothing but zeros."""
    allocate = getattr(os, "posix_fallocate", None)
    if allocate is not None:
        try:
            allocate(file.fileno(), start, length)
            return
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
    file.seek(start)
    zeros = memoryview(bytes(min(_CHUNK, length)))
    left = length
    while left:
        left -= file.write(zeros[: min(left, len(zeros))])


def _full(size: int, error: OSError) -> OutOfMemory:
    try:
        folder = tempfile.gettempdir()
        free = f", where {_gib(shutil.disk_usage(folder).free)} are free"
    except OSError:  # no temporary folder at all
        folder, free = "the temporary folder", ""
    reason = error.strerror or str(error)
    return OutOfMemory(
        f"The layer takes {_gib(size)} in {folder}{free} ({reason}): delete files there, colour "
        "fewer slices, or set the environment variable TMPDIR (TEMP on Windows) to a folder on a "
        "larger disk and start again."
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
