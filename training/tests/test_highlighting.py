"""Highlighting: hints in the chosen objects, gray ones on the ground, and nothing else coloured."""

from __future__ import annotations

import numpy as np
import pytest

from abdiffuser_training.data.highlighting import highlighted


def grid(size=64, step=16, side=10):
    """Squares of `side` pixels on a gray ground, numbered from one."""
    instances = np.zeros((size, size), np.int32)
    number = 0
    for top in range(5, size - side - 5, step):
        for left in range(5, size - side - 5, step):
            number += 1
            instances[top : top + side, left : left + side] = number
    return instances


def centres(boxes):
    top, left, bottom, right = boxes.T
    return (top + bottom) // 2, (left + right) // 2


def test_hints_lie_in_the_chosen_objects_and_on_the_ground():
    instances = grid()
    for seed in range(60):
        found = highlighted(instances, np.random.default_rng(seed))
        chosen = set(np.unique(instances[found.kept]))
        assert 0 not in chosen
        assert np.array_equal(found.kept, np.isin(instances, list(chosen)))
        labels = instances[centres(found.boxes)]
        hinted = labels[labels > 0]
        assert set(hinted) == chosen
        assert np.bincount(hinted).max() <= 2
        assert (labels == 0).sum() <= 10
        sides = found.boxes[:, 2:] - found.boxes[:, :2]
        assert (sides[:, 0] == sides[:, 1]).all()
        assert sides.min() >= 2
        assert sides.max() <= 7
        assert found.boxes.min() >= 0
        assert found.boxes.max() <= 64


def test_how_often_people_do_what():
    instances = grid()
    runs = [highlighted(instances, np.random.default_rng(seed)) for seed in range(1500)]
    objects = np.array([len(np.unique(instances[r.kept])) for r in runs])
    for bound in (2, 4, 8):  # log-uniform
        expected = np.log(bound) / np.log(13)
        assert (objects < bound).mean() == pytest.approx(expected, abs=0.04)
    grays = np.array([(instances[centres(r.boxes)] == 0).sum() for r in runs])
    assert (grays > 0).mean() == pytest.approx(0.7 * 10 / 11, abs=0.04)
    hints = np.array([len(r.boxes) for r in runs]) - grays
    assert hints.sum() / objects.sum() == pytest.approx(1.2, abs=0.03)


def test_specks_are_not_highlighted():
    instances = np.zeros((32, 32), np.int32)
    instances[4:10, 4:10] = 5  # 36 pixels
    assert highlighted(instances, np.random.default_rng(0)) is None
    instances[20:30, 20:30] = 9
    for seed in range(10):
        found = highlighted(instances, np.random.default_rng(seed))
        assert np.array_equal(found.kept, instances == 9)
