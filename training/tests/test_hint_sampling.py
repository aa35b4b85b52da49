"""The simulated user: how many hints, where, how large, what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.hint_sampling import HintSettings, draw_count, hint_batch, sample_boxes
from abdiffuser_training.seeding import Purpose, generator

ALWAYS = HintSettings(none=0.0)


def chroma(batch=2, size=32, seed=0):
    return torch.rand(batch, 2, size, size, generator=torch.Generator().manual_seed(seed)) - 0.5


def batch_of(chroma, boxes=None, indices=None):
    count = len(chroma)
    gray = chroma[:, :1]
    return Batch(
        gray,
        gray,
        chroma,
        torch.ones(count, dtype=torch.bool),
        torch.zeros(count),
        boxes or (None,) * count,
        indices or tuple(range(count)),
    )


def test_counts_are_log_uniform():
    rng = np.random.default_rng(0)
    counts = np.array([draw_count(ALWAYS, rng) for _ in range(6000)])
    assert counts.min() == 1
    assert counts.max() == 64
    for bound in (2, 4, 8, 16, 32):
        expected = np.log(bound) / np.log(65)
        assert (counts < bound).mean() == pytest.approx(expected, abs=0.025)


@settings(deadline=None, max_examples=40)
@given(
    size=st.integers(9, 80),
    count=st.integers(1, 64),
    seed=st.integers(0, 2**32 - 1),
    sides=st.tuples(st.integers(1, 9), st.integers(1, 9)).map(sorted).map(tuple),
)
def test_patches_are_squares_within_the_picture(size, count, seed, sides):
    settings = HintSettings(none=0.0, sizes=sides)
    boxes = sample_boxes(size, count, settings, np.random.default_rng(seed))
    assert boxes.shape == (count, 4)
    top, left, bottom, right = boxes.T
    assert np.array_equal(bottom - top, right - left)
    assert (sides[0] <= bottom - top).all()
    assert (bottom - top <= sides[1]).all()
    assert boxes.min() >= 0
    assert boxes.max() <= size


def test_every_size_and_every_place_is_drawn():
    boxes = sample_boxes(24, 4000, ALWAYS, np.random.default_rng(1))
    assert set(boxes[:, 2] - boxes[:, 0]) == set(range(2, 10))
    covered = np.zeros((24, 24), bool)
    for top, left, bottom, right in boxes:
        covered[top:bottom, left:right] = True
    assert covered.all()


def test_some_pictures_get_no_hint():
    rng = np.random.default_rng(2)
    empty = [len(sample_boxes(16, 3, HintSettings(none=0.25), rng)) == 0 for _ in range(2000)]
    assert np.mean(empty) == pytest.approx(0.25, abs=0.04)


def check(hints, truth, i, boxes):
    full = torch.zeros(3, 32, 32)
    assert hints.valid[i].tolist() == [n < len(boxes) for n in range(hints.valid.shape[1])]
    for n, (y0, x0, y1, x1) in enumerate(boxes.tolist()):
        mean = truth[i, :, y0:y1, x0:x1].mean((1, 2))
        torch.testing.assert_close(hints.colors[i, n], mean, rtol=1e-5, atol=1e-6)
        full[:, y0:y1, x0:x1] = torch.cat([mean, torch.ones(1)])[:, None, None]
    cells = full.reshape(3, 16, 2, 16, 2).mean((2, 4))
    torch.testing.assert_close(hints.hint_map[i], cells, rtol=1e-5, atol=1e-6)


def test_colors_are_means_and_later_patches_lie_on_top():
    truth = chroma(batch=3)
    hints = hint_batch(batch_of(truth), ALWAYS, 3, 7)
    count = draw_count(ALWAYS, generator(Purpose.COUNT, 3, 7))  # the same user again
    for i in range(3):
        check(hints, truth, i, sample_boxes(32, count, ALWAYS, generator(Purpose.HINTS, 3, 7, i)))


def test_given_boxes_are_used_as_they_are():
    truth = chroma(batch=2)
    given = np.array([[0, 0, 4, 4], [2, 2, 9, 9], [28, 28, 32, 32]])
    hints = hint_batch(batch_of(truth, (given, given[:1])), HintSettings(none=1.0), 0, 0)
    check(hints, truth, 0, given)
    check(hints, truth, 1, given[:1])


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_positions_are_patch_centres_in_cells(seed):
    # A picture whose chroma is the pixel's own row and column: means are the patches' centres.
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    hints = hint_batch(batch_of(torch.stack([rows, columns])[None]), ALWAYS, seed, 0)
    torch.testing.assert_close(hints.positions, (hints.colors + 0.5) / 2 - 0.5)


def test_a_batch_without_hints_is_padding_only():
    hints = hint_batch(batch_of(chroma()), HintSettings(none=1.0), 0, 0)
    assert hints.positions.shape == (2, 1, 2)
    assert not hints.valid.any()
    assert not hints.hint_map.any()


def test_the_user_depends_on_seed_step_and_place_in_the_global_batch():
    truth = chroma(batch=4)
    whole = hint_batch(batch_of(truth), ALWAYS, 4, 2)
    part = hint_batch(batch_of(truth[1::2], indices=(1, 3)), ALWAYS, 4, 2)
    assert torch.equal(whole.hint_map[1::2], part.hint_map)
    assert torch.equal(whole.positions[1::2], part.positions)
    assert not torch.equal(whole.hint_map[0], whole.hint_map[1])
    for seed, step in ((5, 2), (4, 3)):
        other = hint_batch(batch_of(truth), ALWAYS, seed, step)
        assert not torch.equal(whole.hint_map, other.hint_map)
