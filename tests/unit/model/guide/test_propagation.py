"""The learned propagation: what its equation says, and that the sweeps approach its solution."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.model.guide.propagation import (
    NEIGHBOURS,
    Affinity,
    _Pull,
    _SquaredDifferences,
    edge_weights,
    residual,
    solve,
)

DILATIONS = (2, 1)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def rand(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def problem(height=6, width=7, channels=2, seed=0, dilations=DILATIONS):
    """A random equation with a hint on about a fifth of the cells."""
    affinity = Affinity(
        weights=rand(1, 8 * len(dilations), height, width, seed=seed),
        screening=0.5 + rand(1, 1, height, width, seed=seed + 1),
        dilations=dilations,
    )
    attended = rand(1, channels, height, width, seed=seed + 2) - 0.5
    hint = rand(1, channels, height, width, seed=seed + 3) - 0.5
    strength = 20 * (rand(1, 1, height, width, seed=seed + 4) < 0.2).double()
    return affinity, attended, hint, strength


def neighbours(height, width, dilations):
    """Every (cell, place in the weights, neighbour), borders repeated; told by loops."""
    for y, x in itertools.product(range(height), range(width)):
        steps = itertools.product(dilations, NEIGHBOURS)
        for index, (d, (dy, dx)) in enumerate(steps):
            other = min(max(y + dy * d, 0), height - 1), min(max(x + dx * d, 0), width - 1)
            yield (y, x), index, other


def dense_solution(affinity, attended, hint, strength):
    height, width = attended.shape[-2:]
    cells = height * width
    matrix = torch.zeros(cells, cells, dtype=torch.float64)
    for (y, x), index, (v, u) in neighbours(height, width, affinity.dilations):
        weight = affinity.weights[0, index, y, x]
        matrix[y * width + x, y * width + x] += weight
        matrix[y * width + x, v * width + u] -= weight
    matrix += torch.diag((affinity.screening + strength).flatten())
    right = (affinity.screening * attended + strength * hint)[0].flatten(1).T
    return torch.linalg.solve(matrix, right).T.reshape(attended.shape)


def test_many_sweeps_reach_the_solution_of_the_dense_system():
    affinity, attended, hint, strength = problem()
    x = solve(affinity, attended, hint, strength, torch.ones(600, dtype=torch.float64))
    assert residual(affinity, x, attended, hint, strength).abs().max() < 1e-10
    torch.testing.assert_close(x, dense_solution(affinity, attended, hint, strength))


def test_every_sweep_comes_closer():
    affinity, attended, hint, strength = problem()
    exact = dense_solution(affinity, attended, hint, strength)
    errors = [
        (solve(affinity, attended, hint, strength, torch.ones(n).double()) - exact).abs().max()
        for n in (0, 1, 2, 4, 8, 16)
    ]
    assert errors == sorted(errors, reverse=True)


def test_the_dense_solution_leaves_no_residual_and_attended_does():
    affinity, attended, hint, strength = problem(seed=10)
    exact = dense_solution(affinity, attended, hint, strength)
    assert residual(affinity, exact, attended, hint, strength).abs().max() < 1e-10
    assert residual(affinity, attended, attended, hint, strength).abs().max() > 0.1


def test_without_neighbours_each_cell_weighs_its_hint_against_what_was_attended():
    affinity, attended, hint, strength = problem()
    alone = Affinity(torch.zeros_like(affinity.weights), affinity.screening, DILATIONS)
    lam = affinity.screening
    expected = (lam * attended + strength * hint) / (lam + strength)
    torch.testing.assert_close(solve(alone, attended, hint, strength, torch.ones(1)), expected)


def test_no_relaxation_leaves_what_was_attended():
    affinity, attended, hint, strength = problem()
    assert torch.equal(solve(affinity, attended, hint, strength, torch.zeros(3)), attended)


def test_strong_hints_keep_their_color():
    affinity, attended, hint, strength = problem()
    x = solve(affinity, attended, hint, 1e6 * strength, torch.ones(5, dtype=torch.float64))
    hinted = strength.expand_as(x) > 0
    assert hinted.any()
    torch.testing.assert_close(x[hinted], hint[hinted], rtol=0, atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    seed=st.integers(0, 1000),
    omega=st.floats(0, 1),
    a=st.floats(-3, 3),
    b=st.floats(-3, 3),
)
def test_linear_convex_and_true_to_constants(height, width, seed, omega, a, b):
    affinity, attended, hint, strength = problem(height, width, seed=seed)
    other, other_hint = problem(height, width, seed=seed + 1)[1:3]
    relaxation = torch.full((4,), omega, dtype=torch.float64)

    def solved(source, at_hints):
        return solve(affinity, source, at_hints, strength, relaxation)

    first, second = solved(attended, hint), solved(other, other_hint)
    both = solved(a * attended + b * other, a * hint + b * other_hint)
    torch.testing.assert_close(both, a * first + b * second)
    given_values = torch.cat([attended.flatten(), hint.flatten()])
    assert given_values.min() - 1e-9 <= first.min()
    assert first.max() <= given_values.max() + 1e-9
    constant = torch.full_like(attended, a)
    torch.testing.assert_close(solved(constant, constant), constant)


@pytest.mark.parametrize(("height", "width"), [(5, 6), (1, 1), (1, 4)])
def test_pull_and_differences_are_what_loops_say(height, width):
    x = rand(1, 3, height, width)
    weights = rand(1, 8 * len(DILATIONS), height, width, seed=1)
    pull = torch.zeros_like(x)
    far = torch.zeros_like(weights)
    for (y, z), index, (v, u) in neighbours(height, width, DILATIONS):
        pull[0, :, y, z] += weights[0, index, y, z] * x[0, :, v, u]
        far[0, index, y, z] = (x[0, :, v, u] - x[0, :, y, z]).square().sum()
    torch.testing.assert_close(_Pull.apply(x, weights, DILATIONS), pull)
    torch.testing.assert_close(_SquaredDifferences.apply(x, DILATIONS), far)


@pytest.mark.parametrize(("height", "width"), [(3, 4), (1, 1)])
def test_gradients_written_by_hand(height, width):
    x = rand(2, 2, height, width).requires_grad_()
    weights = rand(2, 8 * len(DILATIONS), height, width, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, w: _Pull.apply(x, w, DILATIONS), (x, weights))
    assert torch.autograd.gradcheck(lambda f: _SquaredDifferences.apply(f, DILATIONS), (x,))


def test_edges_stop_where_features_differ():
    features = torch.zeros(1, 2, 4, 6, dtype=torch.float64)
    features[..., 3:] = 1  # one edge between columns 2 and 3; the squared distance is two
    logits = rand(1, 8, 4, 6)
    weights = edge_weights(logits, features, torch.tensor(5.0), (1,))
    right = NEIGHBOURS.index((0, 1))
    torch.testing.assert_close(weights[0, right, :, :2], logits[0, right, :, :2].exp())
    crossing = (logits[0, right, :, 2] - 10).exp()
    torch.testing.assert_close(weights[0, right, :, 2], crossing)
    assert edge_weights(logits + 1e4, features, torch.tensor(5.0), (1,)).isfinite().all()
