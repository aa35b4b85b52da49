"""Fixed hints: their distributions, their values, their files."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from abdiffuser_training.evaluate.inputs.hint_files import digest, read_plans, write_plans
from abdiffuser_training.evaluate.inputs.pictures import PictureSet
from abdiffuser_training.evaluate.inputs.plans import draw_hints, draw_plans
from abdiffuser_training.evaluate.measures.records import Settings
from abdiffuser_training.evaluate.subjects.models import displayable_color, patches
from abdiffuser_training.hint_sampling.fixed import (
    centred_cells,
    hint_map,
    icolorit_cells,
    mean_chroma,
    uniform_cells,
)
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colorspace import srgb_to_lab

LEFT, RIGHT = (30.0, 20.0), (-25.0, 10.0)


def test_uniform_cells_lie_inside_and_grow():
    many = uniform_cells(np.random.default_rng(3), (20, 31), 500, 6)
    assert (many[:, :2] >= 0).all()
    assert (many[:, 2:] <= [20, 31]).all()
    assert (many[:, 2:] - many[:, :2] == 6).all()
    assert set(many[:, 0]) == set(range(15))  # every place is reached, the last one too
    assert set(many[:, 1]) == set(range(26))
    few = uniform_cells(np.random.default_rng(3), (20, 31), 7, 6)
    np.testing.assert_array_equal(few, many[:7])
    with pytest.raises(InvalidRequest, match="another size"):
        uniform_cells(np.random.default_rng(3), (5, 31), 7, 6)


def test_hint_values_are_means_and_later_ones_win():
    chroma = np.random.default_rng(0).normal(0, 20, (12, 12, 2)).astype(np.float32)
    boxes = np.array([[0, 0, 4, 4], [2, 2, 6, 6]])
    means = mean_chroma(chroma, boxes)
    np.testing.assert_allclose(means[1], chroma[2:6, 2:6].mean((0, 1)), rtol=1e-5)
    painted = hint_map((12, 12), boxes, means)
    np.testing.assert_array_equal(painted[:2, 3, 3], means[1])
    np.testing.assert_array_equal(painted[:2, 1, 1], means[0])
    assert painted[2].sum() == 16 + 16 - 4


def test_icolorit_sets_are_drawn_by_one_generator_over_counts_then_pictures():
    sets = icolorit_cells(3, 224)
    source = random.Random(1234)
    for count in (0, 1, 2):
        for one in sets:
            expected = [
                [2 * source.randint(0, 111), 2 * source.randint(0, 111)] for _ in range(count)
            ]
            assert one[count][:, :2].tolist() == expected
    assert [len(sets[2][n]) for n in (0, 1, 200)] == [0, 1, 200]
    drawn = draw_hints("icolorit", 3, 224, (10,), 2, 1234)
    np.testing.assert_array_equal(drawn[1]["10"], sets[1][10])


def test_centred_cells_have_the_thesis_distribution():
    drawn = [centred_cells(np.random.default_rng(i), (64, 64)) for i in range(2000)]
    counts = np.array([len(boxes) for boxes in drawn])
    assert (counts == 0).mean() == pytest.approx(1 / 8, abs=0.03)
    assert counts.mean() == pytest.approx(7, abs=0.5)
    boxes = np.concatenate(drawn)
    assert boxes[:, :2].min() >= 0
    assert boxes[:, 2:].max() <= 64
    assert set(boxes[:, 2] - boxes[:, 0]) == set(range(1, 10))


def test_a_hint_map_comes_apart_into_points():
    boxes = np.array([[1, 2, 7, 8], [10, 10, 12, 12]])
    found = patches(hint_map((20, 20), boxes, [LEFT, RIGHT]))
    assert sorted(found) == [(3.5, 4.5, 6, LEFT), (10.5, 10.5, 2, RIGHT)]
    rgb = displayable_color(np.array([60, 50], np.float32), 95)  # none so bright in sRGB
    np.testing.assert_allclose(srgb_to_lab(np.array(rgb))[1:], [60, 50], atol=0.01)


@pytest.mark.parametrize("protocol", ["zhang", "icolorit", "thesis", "bleeding"])
def test_hint_files_give_the_same_hints(protocol, discs, tmp_path):
    settings = Settings(protocol, "default", size=96, cell=4, counts=(0, 2), seed=3)
    chosen = PictureSet((discs, discs), (1, 4), 5)
    plans = draw_plans(chosen, settings)
    path = write_plans(tmp_path, settings, ["a", "b"], plans)
    assert json.loads(path.read_text())["protocol"] == protocol
    read = read_plans(tmp_path, settings, ["b", "a"])[::-1]
    assert digest(settings, ["a", "b"], read) == digest(settings, ["a", "b"], plans)
    # Hints follow a picture's place in the whole set, not what is measured of it.
    alone = draw_plans(PictureSet((discs,), (4,), 5), settings)
    assert digest(settings, ["b"], alone) == digest(settings, ["b"], plans[1:])
    for other, match in (
        (Settings(protocol, "default", size=64), "--size 96"),
        (Settings("guided", "default"), "--write-hints"),
    ):
        with pytest.raises(InvalidRequest, match=match):
            read_plans(tmp_path, other, ["a"])
    with pytest.raises(InvalidRequest, match="no hints for 1 pictures"):
        read_plans(tmp_path, settings, ["c"])
