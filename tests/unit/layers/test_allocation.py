"""Room for stacks: there before anything is written, or refused in words."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from napari_abdiffuser.errors import Cancelled, OutOfMemory
from napari_abdiffuser.layers import allocation as room

MIB = 1 << 20
SHAPE = (8, 512, 1024)  # 4 MiB


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(room, "_IN_MEMORY", MIB)
    monkeypatch.setattr(room, "_PIECE", MIB)
    monkeypatch.setattr(room, "_CHUNK", MIB - 1)


def blocks(file):
    return os.fstat(file).st_blocks * 512


@pytest.fixture
def kept():
    """A room, and a number of its file that stays open."""
    made = room.StackBuffer(SHAPE)
    file = os.dup(made._file.fileno())
    yield made, file
    os.close(file)


def unable(*_):
    raise OSError(errno.EOPNOTSUPP, "not here")


@pytest.mark.skipif(os.name == "nt", reason="Windows counts no blocks")
@pytest.mark.parametrize("way", ["reserved", "refused", "absent"])
def test_all_of_a_file_is_on_the_disk(kept, monkeypatch, way):
    made, file = kept
    if way == "refused":
        monkeypatch.setattr(os, "posix_fallocate", unable, raising=False)
    elif way == "absent":
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    assert blocks(file) < MIB
    made.reserve()
    assert blocks(file) >= 4 * MIB
    assert not made.array.any()
    made.array[...] = 7
    made.reserve()  # once is enough
    assert made.array.min() == 7


@pytest.mark.skipif(os.name == "nt", reason="Windows counts no blocks")
@pytest.mark.parametrize("error", [OutOfMemory, Cancelled])
def test_what_was_taken_is_given_back(kept, monkeypatch, error):
    made, file = kept
    asked = []

    def cancelled():
        asked.append(blocks(file))
        return error is Cancelled and len(asked) == 4

    def allocate(fd, start, length):
        if start >= 3 * MIB:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        os.pwrite(fd, bytes(length), start)

    monkeypatch.setattr(os, "posix_fallocate", allocate, raising=False)
    with pytest.raises(error):
        made.reserve(cancelled)
    assert asked[3] >= 3 * MIB
    assert blocks(file) == 0
    assert not made.array.any()


def test_a_full_disk_is_told_before_anything_is_written(monkeypatch):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, hard))
    try:
        with pytest.raises(OutOfMemory, match=r"takes 0\.0 GiB in .* delete files there"):
            room.allocate_zeros(SHAPE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    usage = room.shutil.disk_usage(".")
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: usage._replace(free=3 * MIB))
    with pytest.raises(OutOfMemory, match="TMPDIR"):
        room.allocate_zeros(SHAPE)


def test_memory_that_does_not_suffice_is_told(monkeypatch):
    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr(room.np, "zeros", refuse)
    with pytest.raises(OutOfMemory, match="close other programs"):
        room.StackBuffer((3, 3))


@pytest.mark.skipif(not hasattr(room.mmap, "MAP_ANONYMOUS"), reason="promises are kept there")
def test_what_is_not_painted_takes_no_room():
    array = room.allocate_sparse_zeros((1 << 9, 1 << 11, 1 << 11))  # 2 GiB
    array[500, 7] = 1
    assert array[500].sum() == 1 << 11
    assert isinstance(array, np.ndarray)
    assert not isinstance(array, np.memmap)
