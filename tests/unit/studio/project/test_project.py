from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.imaging.hints import Hints, RegionHint
from napari_abdiffuser.studio.document.state import PictureIdentity, StudioState
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.project.fitting import fitted
from napari_abdiffuser.studio.project.project import (
    Project,
    apply_project,
    is_project,
    project_of,
)
from napari_abdiffuser.studio.region_fix import RegionFix, with_fixes

LEGEND = Legend.of({"cell": "#a04020", "wall": "teal"}).lock("wall")


def hints(shape=(20, 30)):
    labels = np.zeros(shape, int)
    labels[5:10, 6:18] = 1
    points = Hints.from_points(
        [(0, 0), (shape[0] - 1, shape[1] - 1)], ["#a04020", "teal"], 3, ["cell", "wall"]
    )
    return points + Hints.from_labels(labels, {1: "#a04020"}, {1: "cell"})


def test_a_project_comes_back_as_it_was(tmp_path):
    project = Project(
        LEGEND,
        {(): hints()},
        (20, 30),
        "pollen 550×",
        {"n_outputs": 4},
        {"seed": 7},
        {"later": [1, 2]},
    )
    path = project.save(tmp_path / "view")
    assert path.name == "view.abdiffuser.json"
    assert is_project(path)
    assert not is_project("hints.json")
    assert Project.load(path) == project
    assert json.loads(path.read_text(encoding="utf-8"))["later"] == [1, 2]
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@settings(max_examples=50)
@given(
    st.tuples(st.integers(20, 60), st.integers(30, 60)),
    st.tuples(st.integers(1, 80), st.integers(1, 80)),
)
def test_hints_fit_whatever_the_size(source, target):
    given_hints = hints(source)
    there, lost = fitted(given_hints, source, target)
    there.validated(target)
    assert len(there) + lost == len(given_hints)
    assert len(there.points) == 2
    if source == target:
        assert there == given_hints


def test_scaling_is_that_of_pixel_areas():
    there, _ = fitted(hints(), (20, 30), (40, 60))
    assert (there.points[0].y, there.points[0].x) == (0.5, 0.5)
    assert there.points[0].size == 6
    mask = np.zeros((40, 60), bool)
    mask[10:20, 12:36] = True
    assert np.array_equal(there.regions[0].mask, mask)
    back, _ = fitted(there, (40, 60), (20, 30))
    assert back == hints()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "abdiffuser-hints"},
        {"version": 2},
        {"picture": {"shape": [0, 3]}},
        {"slices": [{"index": []}]},
        {"classes": [{"name": "a", "color": "no colour"}]},
        {"slices": [{"index": [], "hints": {"format": "x"}}]},
    ],
)
def test_what_is_no_project_is_refused(change, tmp_path):
    data = {**Project(LEGEND, {(): hints()}, (20, 30)).to_dict(), **change}
    path = tmp_path / "p.abdiffuser.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InvalidFile):
        Project.load(path)
    with pytest.raises(InvalidFile, match="check the path"):
        Project.load(tmp_path / "none.json")


def test_kept_colourings_and_region_fixes_come_back_on_the_picture_that_they_are_of(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    told = {"seed": 5, "input": {"lightness_sha256": "mine"}}
    fix = RegionFix.of(rgb[..., 0] > 99, rgb, "erased", source="mine", group="one")
    state = StudioState().open(PictureIdentity("key", "a", (8, 9)))
    state = state.add_class("cells", "red").lock_class("cells")
    state = state.deliver(
        lambda g: g.add([rgb, rgb[::-1]], 5, provenance=told, fixes=[fix, fix]).show(1), "Erase"
    )
    state = state.with_gallery(lambda g: g.star(2))
    project = Project.load(project_of(state).save(tmp_path / "work"))
    assert project.legend["cells"].locked
    assert project.pictures == {(): {"mine"}}
    other = project.of_pictures({(): "other"})
    assert not other.fixes
    assert not other.kept
    mine = project.of_pictures({(): "mine"})
    ((kept,), (read,)) = mine.kept, mine.fixes[()]
    assert (kept.seed, kept.output, kept.starred) == (5, 1, True)
    np.testing.assert_array_equal(kept.rgb, rgb[::-1])
    np.testing.assert_array_equal(with_fixes(rgb * 0, [read]), with_fixes(rgb * 0, [fix]))
    fresh = StudioState().open(PictureIdentity("key", "a", (8, 9)))
    applied, _ = apply_project(fresh, mine)
    assert applied.fixes == (read,)
    assert applied.undo().fixes == ()
    entered = applied.gallery.enter(kept)
    assert [v.number for v in entered.kept] == [1]
    assert entered[1].provenance["output"] == 1


def test_an_outline_keeps_its_place_on_a_larger_picture():
    vertices = [[1.0, 1.0], [1.0, 5.0], [5.0, 5.0]]
    region = RegionHint(
        np.eye(8, dtype=bool),
        (1, 0, 0),
        "a",
        {"outline": {"kind": "polygon", "vertices": vertices}},
    )
    (made,) = fitted(Hints((), (region,)), (8, 8), (16, 16))[0].regions
    assert made.extra["outline"]["vertices"] == [[2.5, 2.5], [2.5, 10.5], [10.5, 10.5]]
    broken = RegionHint(np.eye(8, dtype=bool), (1, 0, 0), "a", {"outline": 3})
    assert len(fitted(Hints((), (broken,)), (8, 8), (16, 16))[0]) == 1
