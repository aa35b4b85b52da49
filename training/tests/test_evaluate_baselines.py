"""Baselines on pictures whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.segmentation import random_walker as walk

from abdiffuser_training.evaluate.subjects.baselines import (
    BASELINES,
    all_gray,
    levin,
    levin_least_squares,
    nearest_hint,
    random_walker,
)
from abdiffuser_training.hint_sampling.fixed import hint_map

LEFT, RIGHT = (30.0, 20.0), (-25.0, 10.0)


@pytest.fixture
def step():
    """Dark left, bright right, some texture; one hint in each half."""
    rng = np.random.default_rng(1)
    lightness = np.full((40, 60), 30, np.float32)
    lightness[:, 30:] = 80
    lightness += rng.normal(0, 0.3, lightness.shape).astype(np.float32)
    # The left hint is far from the edge, the right one near: nearness alone gets it wrong.
    boxes = np.array([[18, 4, 22, 8], [18, 34, 22, 38]])
    return lightness, hint_map(lightness.shape, boxes, [LEFT, RIGHT])


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_without_hints_and_with_one(name, step):
    lightness, hints = step
    method = BASELINES[name]
    nothing = method(lightness, np.zeros_like(hints))
    assert nothing.shape == (40, 60, 2)
    assert not nothing.any()
    one = hints.copy()
    one[:, :, 30:] = 0
    expected = (0, 0) if method is all_gray else LEFT
    np.testing.assert_allclose(method(lightness, one) - expected, 0, atol=1e-3)


@pytest.mark.parametrize("method", [nearest_hint, levin, levin_least_squares, random_walker])
def test_hints_everywhere_are_the_answer(method):
    rng = np.random.default_rng(0)
    hints = np.ones((3, 9, 11), np.float32)
    hints[:2] = rng.normal(0, 30, (2, 9, 11))
    lightness = rng.uniform(0, 100, (9, 11)).astype(np.float32)
    np.testing.assert_array_equal(method(lightness, hints), np.moveaxis(hints[:2], 0, -1))


@pytest.mark.parametrize("method", [levin, random_walker])
def test_edges_stop_colors(method, step):
    lightness, hints = step
    chroma = method(lightness, hints)
    np.testing.assert_allclose(chroma[:, :28] - LEFT, 0, atol=6)
    np.testing.assert_allclose(chroma[:, 32:] - RIGHT, 0, atol=6)
    np.testing.assert_allclose(chroma[20, 6], LEFT, atol=1e-4)


def test_levin_solves_its_equations():
    """Without any edge: a straight ramp, and the cubic without slope at its ends."""
    hints = np.zeros((3, 5, 21), np.float32)
    hints[2, :, [0, 20]] = 1
    hints[0, :, 20] = 40
    flat = np.full((5, 21), 50, np.float32)
    ramp = np.linspace(0, 1, 21)
    np.testing.assert_allclose(levin(flat, hints)[2, :, 0], 40 * ramp, atol=1e-3)
    smooth = levin_least_squares(flat, hints)[2, :, 0]
    np.testing.assert_allclose(smooth, 40 * ramp**2 * (3 - 2 * ramp), atol=0.3)


def test_nearest_hint_ignores_lightness(step):
    lightness, hints = step
    chroma = nearest_hint(lightness, hints)
    np.testing.assert_array_equal(chroma[20, 12], LEFT)
    np.testing.assert_array_equal(chroma[20, 29], RIGHT)


def test_the_random_walker_is_that_of_scikit_image(step):
    lightness, hints = step
    hints[:, 30:34, 20:24] = np.array([5, -40, 1], np.float32)[:, None, None]
    colors, label = np.unique(hints[:2, hints[2] > 0], axis=1, return_inverse=True)
    labels = np.zeros(lightness.shape, np.int32)
    labels[hints[2] > 0] = label.ravel() + 1
    share = walk(lightness / 100, labels, beta=130, mode="bf", return_full_prob=True)
    expected = np.einsum("chw,kc->hwk", share, colors)
    np.testing.assert_allclose(random_walker(lightness, hints), expected, atol=0.05)
