from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.project.fitting import fitted
from napari_abdiffuser.studio.project.project import Project, is_project

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
