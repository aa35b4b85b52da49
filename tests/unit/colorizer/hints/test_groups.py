"""Hints by class and by place; colours that stand for samples."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdiffuser.colorizer.hints.groups import HintGroups, hints_inside, recolored
from napari_abdiffuser.colorizer.picture.insights import distinct_colors
from napari_abdiffuser.errors import InvalidHints, InvalidRequest
from napari_abdiffuser.imaging.colorspace import srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints

HINTS = Hints.from_points(
    [[1, 1], [2, 8], [8, 8]], ["red", "red", "blue"], classes=["cell", "cell", None]
) + Hints.from_labels(np.eye(10, dtype=int), {1: "gold"}, {1: "fibre"})


def test_groups_are_classes_and_colors_without_one():
    assert HintGroups.of(HINTS).names == ("cell", "#0000ff", "fibre")
    assert HintGroups.of(Hints()).names == ()


def test_other_colors_for_classes():
    new = recolored(HINTS, {"cell": "lime", "#0000ff": (0, 0.5, 0)})
    assert [point.color for point in new.points] == [(0, 1, 0), (0, 1, 0), (0, 0.5, 0)]
    assert new.regions == HINTS.regions
    with pytest.raises(InvalidRequest, match="fibre"):
        recolored(HINTS, {"mineral": "red"})
    with pytest.raises(InvalidHints):
        recolored(HINTS, {"cell": "no colour"})


def test_hints_of_a_part():
    mask = np.zeros((10, 10), bool)
    mask[:5] = True
    part = hints_inside(HINTS, mask)
    assert [point.y for point in part.points] == [1, 2]
    assert part.regions[0].mask.sum() == 5
    assert not hints_inside(HINTS, np.zeros((10, 10), bool)).regions


def test_colors_that_stand_for_samples():
    rng = np.random.default_rng(0)
    centres = np.array([[30, 0], [0, 30], [-20, -20]])
    chroma = np.repeat(centres, [20, 8, 4], axis=0) + rng.normal(0, 0.5, (32, 2))
    colors = distinct_colors(chroma.astype(np.float32), 60.0, 3)
    lab = srgb_to_lab(np.array(colors))
    np.testing.assert_allclose(lab[:, 1:], centres, atol=1.5)
    np.testing.assert_allclose(lab[:, 0], 60, atol=0.5)
    assert len(distinct_colors(np.zeros((5, 2), np.float32), 50.0, 4)) == 1
