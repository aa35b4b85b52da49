from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.hints import Hints, RegionHint

FILE = {
    "format": "abdiffuser-hints",
    "version": 1,
    "points": [
        {"y": 3.5, "x": 4, "size": 9, "color": "#c8a24a", "class": "cell", "note": "sure?"},
        {"y": 1, "x": 2, "size": 1, "color": "#000000", "class": None},
    ],
    "regions": [
        {"shape": [2, 3], "rle": [1, 2, 3], "color": "#ff0000", "class": None, "by": [1, {"a": 2}]}
    ],
    "author": "someone",
}


def test_a_file_is_read_and_written_back_with_all_it_holds(tmp_path):
    hints = Hints.from_dict(FILE)
    assert hints.points[0].class_name == "cell"
    np.testing.assert_array_equal(hints.regions[0].mask, [[0, 1, 1], [0, 0, 0]])
    assert hints.to_dict() == FILE
    hints.save(tmp_path / "hints.json")
    assert json.loads((tmp_path / "hints.json").read_text()) == FILE
    assert Hints.load(tmp_path / "hints.json") == hints
    assert [p.name for p in tmp_path.iterdir()] == ["hints.json"]
    assert (hints + hints).to_dict()["author"] == "someone"


def test_reading_does_not_change_what_was_handed_over():
    before = json.dumps(FILE)
    Hints.from_dict(FILE)
    assert json.dumps(FILE) == before


def test_colors_come_back_to_the_last_digit():
    hints = Hints.from_points([(0, 0), (1, 1)], [(0.1, 0.2, 1 / 3), "teal"])
    stored = json.loads(json.dumps(hints.to_dict()))
    assert "rgb" not in stored["points"][1]
    assert Hints.from_dict(stored) == hints
    stored["points"][0]["color"] = "#ff0000"  # edited by hand
    assert Hints.from_dict(stored).points[0].color == (1.0, 0.0, 0.0)


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)))
def test_regions_survive(mask):
    hints = Hints(regions=(RegionHint(mask, (0.0, 1.0, 0.0)),))
    again = Hints.from_dict(json.loads(json.dumps(hints.to_dict())))
    assert again == hints
    assert sum(again.to_dict()["regions"][0]["rle"]) == mask.size


def changed(**changes):
    return {**FILE, **changes}


def point(**changes):
    return changed(points=[{**FILE["points"][0], **changes}])


def region(**changes):
    return changed(regions=[{**FILE["regions"][0], **changes}])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ([], "not a hints file"),
        ({"points": []}, "not a hints file"),
        (changed(version=2), "update napari-abdiffuser"),
        (changed(version="1"), '"version": 1'),
        (changed(points={}), "must be a list"),
        (changed(points=[5]), "points\\[0\\]"),
        (changed(points=[{"y": 1, "color": "red"}]), "lacks 'x'"),
        (changed(points=[{"y": 1, "x": 1}]), "lacks 'color'"),
        (point(y="3"), '"y" must be a number'),
        (point(x=None), '"x" must be a number'),
        (point(size=2.5), "whole number"),
        (point(size=float("inf")), "points"),
        (point(y=10**400), "points"),
        (point(color="nope"), "CSS name"),
        (point(color=7), "not a colour"),
        (point(**{"class": 3}), '"class"'),
        (point(size=0), "at least 1 pixel"),
        (point(y=float("nan")), "not finite"),
        (region(rle=[1, 2]), "add up"),
        (region(rle=[1, -2, 7]), "whole numbers"),
        (region(rle="1"), "whole numbers"),
        (region(shape=[6]), "whole numbers"),
        (region(shape=6), "regions\\[0\\]"),
    ],
)
def test_wrong_data_is_refused(data, what):
    with pytest.raises(InvalidHints, match=what):
        Hints.from_dict(data)


@pytest.mark.parametrize("content", [b"", b'{"format": ', b"\xff\xfe\x00", b"[" * 100_000])
def test_broken_files_are_refused(tmp_path, content):
    path = tmp_path / "hints.json"
    path.write_bytes(content)
    with pytest.raises(InvalidHints, match="not a hints file"):
        Hints.load(path)
    with pytest.raises(InvalidHints, match="Check the path"):
        Hints.load(tmp_path / "elsewhere.json")


def test_a_save_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "hints.json"
    Hints.from_dict(FILE).save(path)
    before = path.read_bytes()
    with pytest.raises(InvalidHints, match="cannot be written"):
        Hints(extra={"odd": object()}).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["hints.json"]
