"""What a user has is never overwritten, and odd bytes are read right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_abdiffuser.errors import InvalidHints, InvalidRequest
from napari_abdiffuser.files.output import output_path
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.lightness import to_lightness


def test_the_picture_itself_is_no_output(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.touch()
    with pytest.raises(InvalidRequest, match="another name"):
        output_path(picture, str(tmp_path / "." / "a.png"))
    assert output_path(picture, str(tmp_path / "b.png")) == tmp_path / "b.png"


def test_hints_saved_nowhere_say_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidHints, match="choose a folder"):
        Hints().save(tmp_path / "missing" / "hints.json")


def test_one_bit_pictures_may_hold_other_bytes_than_one() -> None:
    picture = np.frombuffer(b"\x00\xff\x01\x00", bool).reshape(2, 2)
    np.testing.assert_allclose(to_lightness(picture).display, [[0, 100], [100, 0]], atol=1e-3)
