"""Geodesic nearness: shortest paths, edges that stop it, and what is kept of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.graph import MCP_Geometric

from napari_abdiffuser.model.guide import geodesic
from napari_abdiffuser.model.guide.geodesic import (
    HintPaths,
    edge_cost,
    geodesic_distances,
    nearness_of,
)


def exact(cost, cell):
    return MCP_Geometric(cost).find_costs([tuple(cell)])[0]


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=st.integers(0, 99),
    power=st.floats(0, 6),
)
def test_enough_scans_give_the_shortest_paths(shape, seed, power):
    rng = np.random.default_rng(seed)
    cost = (0.002 + rng.random(shape) ** power).astype(np.float32)
    cells = np.stack([rng.integers(0, n, 3) for n in shape], 1)
    found = geodesic_distances(cost, cells, rounds=sum(shape))
    for cell, one in zip(cells, found, strict=True):
        np.testing.assert_allclose(one, exact(cost, cell), rtol=1e-4, atol=1e-4)


def test_two_scans_are_nearly_exact_on_pictures():
    rows, columns = np.mgrid[:96, :96]
    rings = 0.5 + 0.5 * np.sign(np.sin(np.hypot(rows - 40, columns - 55) / 4))
    cost = edge_cost((2 * rings - 1).astype(np.float32))
    cells = np.array([[40, 55], [3, 3], [70, 20]])
    near = nearness_of(geodesic_distances(cost, cells))
    right = nearness_of(np.stack([exact(cost, cell) for cell in cells]))
    assert np.abs(near - right).max() < 0.04


def test_a_flat_picture_costs_its_length():
    cost = edge_cost(np.zeros((5, 9), np.float32))
    (found,) = geodesic_distances(cost, np.array([[2, 0]]))
    assert found[2, 8] == pytest.approx(8 * geodesic.FLAT_COST, rel=1e-3)
    diagonal = 2 * np.sqrt(2) * geodesic.FLAT_COST
    assert found[4, 2] == pytest.approx(diagonal, rel=1e-3)


def test_one_edge_lets_little_through_and_its_own_side_all():
    light = -np.ones((20, 40), np.float32)
    light[:, 20:] = 1
    near = HintPaths(light).nearness(torch.tensor([[10.0, 5.0]])).view(20, 40)
    assert near[:, :18].min() > 0.4
    assert near[:, 23:].max() == 0


def test_each_place_is_computed_once_and_the_oldest_are_forgotten(monkeypatch):
    asked = []

    def counting(cost, cells):
        asked.append(len(cells))
        return geodesic_distances(cost, cells)

    monkeypatch.setattr(geodesic, "geodesic_distances", counting)
    light = np.random.default_rng(0).uniform(-1, 1, (8, 6)).astype(np.float32)
    paths = HintPaths(light, kept_bytes=2 * 4 * light.size)
    first, second, third = torch.tensor([[1.0, 1.0], [6.2, 3.0], [4.0, 5.0]])
    both = paths.nearness(torch.stack([first, second, first]))
    assert torch.equal(both[0], both[2])
    paths.nearness(torch.stack([second, third]))
    paths.nearness(torch.stack([first]))
    assert asked == [2, 1, 1]


def test_places_beyond_the_border_are_taken_at_it():
    paths = HintPaths(np.zeros((4, 5), np.float32))
    outside = paths.nearness(torch.tensor([[-3.0, 9.0]]))
    assert torch.equal(outside, paths.nearness(torch.tensor([[0.0, 4.0]])))
    assert paths.nearness(torch.zeros(0, 2)).shape == (0, 20)
