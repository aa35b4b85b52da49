"""Other colours: turned, drawn anew by cluster, erased with gray hints."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from abdiffuser_training.data.areas import area_around, deep_places
from abdiffuser_training.data.recoloring import draw_turn, erase, recolor, turn


def quarters(size=40):
    """Four quarters: red, green, blue-gray shades, and gray."""
    colors = np.array([[[0.5, 0.2], [-0.4, 0.3]], [[0.1, -0.5], [0.0, 0.0]]], np.float32)
    chroma = np.repeat(np.repeat(np.moveaxis(colors, 2, 0), size // 2, 1), size // 2, 2)
    return chroma + 0.004 * np.random.default_rng(0).standard_normal(chroma.shape, np.float32)


def test_turns_keep_angles_and_scale_lengths_alike():
    rng = np.random.default_rng(0)
    turns = np.stack([draw_turn(rng) for _ in range(400)])
    scale = np.sqrt(np.abs(np.linalg.det(turns)))
    assert 0.7 <= scale.min() < 0.75 < 1.15 < scale.max() <= 1.2
    assert (np.linalg.det(turns) > 0).mean() == pytest.approx(0.5, abs=0.08)
    expected = scale[:, None, None] ** 2 * np.eye(2)
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), expected, atol=1e-6)
    angle = np.arctan2(turns[:, 1, 0], turns[:, 0, 0])
    assert np.histogram(angle, 4, (-np.pi, np.pi))[0].min() > 70
    chroma = torch.rand(400, 2, 3, 5)
    by_matrix = torch.einsum("bij,bjhw->bihw", torch.from_numpy(turns), chroma)
    torch.testing.assert_close(turn(chroma, torch.from_numpy(turns)), by_matrix)


def test_clusters_get_colors_of_their_own():
    chroma = quarters()
    apart = 0
    for seed in range(20):
        made = recolor(chroma, np.random.default_rng(seed))
        assert made.dtype == np.float32
        assert made.shape == chroma.shape
        assert np.hypot(*made).max() <= 1.2 * np.hypot(*chroma).max() + 1e-5
        assert np.hypot(*made[:, 20:, 20:]).max() < 0.05  # gray stays gray
        for rows in (slice(2, 18), slice(22, 38)):  # what was one colour is one colour
            assert made[:, rows, 2:18].std((1, 2)).max() < 0.03
        first, second = made[:, :20, :20].mean((1, 2)), made[:, :20, 20:].mean((1, 2))
        angles = np.arctan2([first[0], second[0]], [first[1], second[1]])
        before = np.arctan2([0.5, -0.4], [0.2, 0.3])
        same = (np.diff(angles) - np.diff(before)) % (2 * np.pi)
        apart += bool(0.1 < same[0] < 2 * np.pi - 0.1)
    assert apart > 12  # no turn of the whole plane gives these


def test_a_gray_picture_stays_gray():
    assert not recolor(np.zeros((2, 8, 8), np.float32), np.random.default_rng(0)).any()
    assert erase(np.zeros((2, 8, 8), np.float32), None, np.random.default_rng(0)) is None


@pytest.mark.parametrize("masked", [True, False])
def test_one_thing_is_erased_with_gray_hints_in_it(masked):
    chroma = quarters()
    regions = np.kron([[1, 2], [3, 0]], np.ones((20, 20), int)).astype(np.int32)
    erased = [
        erase(chroma, regions if masked else None, np.random.default_rng(i)) for i in range(30)
    ]
    found = [e for e in erased if e is not None]
    assert len(found) > 25
    for one in found:
        assert 1 <= len(one.boxes) <= 2
        for top, left, bottom, right in one.boxes:
            assert not one.chroma[:, top:bottom, left:right].any()
        changed = np.hypot(*(one.chroma - chroma)) > 0.02
        assert 0.2 < changed.mean() < 0.33  # a quarter, with its softened border
        assert (np.hypot(*one.chroma)[changed] < np.hypot(*chroma)[changed]).all()


def test_areas_are_connected_and_of_one_color():
    chroma = quarters()
    chroma[:, 20:, :20] = chroma[:, :20, 20:]  # the same colour, touching at a corner only
    area = area_around(chroma, (5, 30), 10.0)
    assert area[:20, 20:].all()
    assert area[20:, :20].all()  # corners connect
    assert area.sum() == 800
    chroma[:, 19:21, 19:21] = 0
    assert area_around(chroma, (5, 30), 10.0).sum() == 399


def test_places_are_deep_inside():
    area = np.zeros((40, 40), bool)
    area[5:16, 20:31] = True
    for seed in range(20):
        places = deep_places(area, 3, np.random.default_rng(seed))
        assert len(np.unique(places, axis=0)) == 3
        assert (
            np.abs(places - [10, 25]) <= 3
        ).all()  # depth 6 in the middle: 0.35 x 6 from the rim
