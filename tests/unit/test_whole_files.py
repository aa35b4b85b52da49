"""Files read and written whole."""

import os
import stat

import pytest

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.whole_files import read_small, replacing, write_whole


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_mode_is_the_old_files_or_what_the_umask_leaves(tmp_path):
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "new", b"a")
        write_whole(tmp_path / "old", b"a")
        os.chmod(tmp_path / "old", 0o664)
        write_whole(tmp_path / "old", b"b")
    finally:
        os.umask(before)
    assert _mode(tmp_path / "new") == 0o600
    assert _mode(tmp_path / "old") == 0o664
    assert (tmp_path / "old").read_bytes() == b"b"


def test_a_drive_that_refuses_chmod_takes_files(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError("Operation not permitted")

    write_whole(tmp_path / "a", b"old")
    monkeypatch.setattr(os, "chmod", refuse)
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_an_error_leaves_the_old_file_and_no_temporary_one(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a") as partial:
        partial.write_bytes(bytes(1 // 0))
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_leavings_of_killed_runs_are_removed_later(tmp_path):
    old, fresh = tmp_path / ".abdiffuser-1.part", tmp_path / ".abdiffuser-2.part"
    for left in (old, fresh):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    write_whole(tmp_path / "a", b"new")
    assert not old.exists()
    assert fresh.exists()  # another run may be writing it


@pytest.mark.parametrize("name", ["y" * 255, "試" * 85])
def test_the_longest_legal_names_can_be_written(tmp_path, name):
    write_whole(tmp_path / name, b"a")
    assert (tmp_path / name).read_bytes() == b"a"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "hints.json")
    with pytest.raises(OSError, match="regular"):
        read_small(tmp_path / "hints.json")
    with pytest.raises(InvalidHints):
        Hints.load(tmp_path / "hints.json")
