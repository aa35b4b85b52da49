"""Protocol ``objects`` on colourings whose figures are known."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from abdiffuser_training.evaluate.inputs.hint_files import read_plans, write_plans
from abdiffuser_training.evaluate.inputs.scenes import GROUND_HINTS, object_scenes
from abdiffuser_training.evaluate.measures.records import Settings
from abdiffuser_training.evaluate.protocols.objects import (
    measure_objects,
    object_figures,
    objects_table,
)
from abdiffuser_training.evaluate.subjects.baselines import nearest_hint_geodesic
from abdiffuser_training.evaluate.subjects.subjects import Subjects
from napari_abdiffuser.imaging.colorspace import srgb_to_lab


@pytest.fixture
def scenes(discs):
    return object_scenes(discs.mask, 5, (0, 0)).by_condition


def obeyed(mask, scene):
    table = np.zeros((int(mask.max()) + 1, 2), np.float32)
    table[list(scene.objects)] = scene.colors[: len(scene.objects)]
    return table[mask]


def turned(chroma, degrees):
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    return chroma @ turn.T


def test_scenes_hint_the_largest_objects_where_a_user_would_click(discs, scenes):
    assert {name: len(scene.objects) for name, scene in scenes.items()} == {
        "2": 2, "6": 6, "6, anywhere": 6, "6, no gray hints": 6,
    }  # fmt: skip
    six = scenes["6"]
    assert len(six.boxes) == 6 + GROUND_HINTS
    assert len(scenes["6, no gray hints"].boxes) == 6
    for scene in scenes.values():
        for number, (top, left, bottom, right) in zip(scene.objects, scene.boxes, strict=False):
            assert (discs.mask[top:bottom, left:right] == number).all()
        for top, left, bottom, right in scene.boxes[len(scene.objects) :]:
            assert (discs.mask[top:bottom, left:right] == 0).all()
    centres = (six.boxes[:6, :2] + six.boxes[:6, 2:]) / 2
    middle = [np.argwhere(discs.mask == n).mean(0) for n in six.objects]
    assert np.abs(centres - middle).max() < 1.5
    # Objects of equal size follow each other by number: the first colour is orange.
    orange = srgb_to_lab(np.array([[1.0, 165 / 255, 0.0]]))[0, 1:]
    assert six.colors[0] == pytest.approx(orange, abs=1e-3)


def test_an_obeyed_hint_scores_one_and_each_fault_shows_in_its_own_figure(discs, scenes):
    scene = scenes["6"]
    figures = partial(object_figures, discs.mask, discs.lightness, scene)
    chroma = obeyed(discs.mask, scene)
    assert figures(chroma) == {"objects": 6, "own": 1, "wrong": 0, "ground": 0, "ring": 0}
    # A gray object and one of another hue are both wrong: two of six.
    first, second = scene.objects[:2]
    faulty = chroma.copy()
    faulty[discs.mask == first] = 0
    faulty[discs.mask == second] = turned(chroma[discs.mask == second], 60)
    assert figures(faulty)["wrong"] == pytest.approx(2 / 6)
    assert figures(faulty)["own"] == pytest.approx(4 / 6)
    # Half of the colour is the right hue, but not the colour asked for.
    assert figures(chroma / 2)["wrong"] == 0
    assert figures(chroma / 2)["own"] < 0.5
    spilled = chroma.copy()
    spilled[discs.mask == 0] = (20, 0)
    assert (figures(spilled)["ground"], figures(spilled)["ring"]) == (1, 1)
    assert figures(spilled)["own"] == 1


class Obedient:
    sha256 = "0" * 64
    backgrounds = ("auto", "gray")

    def __init__(self, mask):
        self.mask = mask

    def best(self, lightness, hint_map, background=None):
        chroma = np.zeros((*lightness.shape, 2), np.float32)
        for number in np.unique(self.mask[(hint_map[2] > 0) & (self.mask > 0)]):
            at = np.argwhere((self.mask == number) & (hint_map[2] > 0))[0]
            chroma[self.mask == number] = hint_map[:2, at[0], at[1]]
        return chroma if background != "gray" else chroma * 0

    def samples(self, lightness, hint_map, n, steps=None, seed=None):
        return np.stack([self.best(lightness, hint_map)] * n)


def test_every_way_of_painting_is_measured_under_every_condition(discs, tmp_path):
    settings = Settings("objects", "x", size=96, cell=5, samples=1)
    plan = object_scenes(discs.mask, 5, (0, 0))
    write_plans(tmp_path, settings, ["discs"], [plan])
    (again,) = read_plans(tmp_path, settings, ["discs"])
    subjects = Subjects({"nearest, geodesic": nearest_hint_geodesic}, {"": Obedient(discs.mask)})
    table = objects_table(measure_objects(discs, again, subjects, settings), settings)
    rows = {row[:2]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert len(rows) == 4 * len(plan.by_condition)
    assert rows["best, auto", "6"]["own colour"] == 1
    assert rows["one sample", "2"]["own colour"] == 1
    assert rows["best, gray", "6"]["wrong hue"] == 1
    # Discs are bright on a dark ground: the path to the own hint crosses no edge.
    assert rows["nearest, geodesic", "6"]["own colour"] > 0.9
    assert rows["nearest, geodesic", "6"]["objects"] == 6
