"""Targets of progressive distillation, against samplers and an analytic teacher."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from abdiffuser_training.distill.steps import grid_chain, halved, step_pairs, two_steps
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.sampler import ddim, time_grid
from napari_abdiffuser.model.diffusion.schedule import Schedule

SCHEDULE = Schedule("sigmoid")


def gaussian(mean, spread, schedule=SCHEDULE):
    """The exact denoiser of normal data: E[x0 | z]."""

    def denoise(z, t):
        signal, noise = schedule.factors(t, z)
        gain = signal * spread**2 / (signal**2 * spread**2 + noise**2)
        return mean + gain * (z - signal * mean)

    return denoise


def state(batch=5):
    return torch.randn(batch, 7, 2, generator=torch.Generator().manual_seed(0)).double()


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 1000))
def test_halving_keeps_the_ends_and_drops_half(steps):
    times = time_grid(steps)
    half = halved(times)
    assert (half[0], half[-1]) == (1.0, 0.0)
    assert len(half) - 1 == -(-steps // 2)
    assert set(half) <= set(times)
    # The clean end, where colours are decided, is paired; one step at the noisy end may be left.
    pairs = step_pairs(times, half)
    assert int((pairs[:, 1] == pairs[:, 2]).sum()) == steps % 2
    assert steps % 2 == 0 or pairs[0, 1] == pairs[0, 2]


def test_the_thesis_thousand_steps_end_at_four_of_its_own_times():
    grids = grid_chain(time_grid(1000), [4])
    assert [len(g) - 1 for g in grids] == [500, 250, 125, 63, 32, 16, 8, 4]
    assert grids[-1] == pytest.approx((1.0, 0.768, 0.512, 0.256, 0.0))


def test_a_power_of_two_stays_evenly_spaced():
    assert grid_chain(time_grid(16), [8, 4]) == [time_grid(8), time_grid(4)]


@pytest.mark.parametrize("steps", [[5], [32], []])
def test_steps_that_halving_does_not_reach_are_refused(steps):
    with pytest.raises(InvalidRequest, match="choose among"):
        grid_chain(time_grid(16), steps)


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 12), st.sampled_from(["linear", "cosine", "sigmoid"]))
def test_the_target_leads_where_two_steps_of_ddim_lead(steps, kind):
    schedule = Schedule(kind)
    denoise = gaussian(0.3, 0.5, schedule)
    times = time_grid(steps)
    for begin, middle, end in step_pairs(times, halved(times)).tolist():
        z = state()
        target = two_steps(denoise, z, torch.tensor([[begin, middle, end]] * 5).double(), schedule)
        # The sampler's own steps, by the implicit process' formula rather than by weights.
        passed = z
        for t, s in [(begin, middle), (middle, end)] if middle > end else [(begin, end)]:
            passed = _ddim_step(denoise(passed, torch.tensor([t] * 5)), passed, t, s, schedule)
        torch.testing.assert_close(
            _ddim_step(target, z, begin, end, schedule), passed, rtol=1e-6, atol=1e-6
        )


def _ddim_step(x0, z, t, s, schedule):
    signal, noise = schedule.factors(torch.tensor(t, dtype=torch.float64), z)
    if s == 0:
        return x0
    later, less = schedule.factors(torch.tensor(s, dtype=torch.float64), z)
    return later * x0 + less * (z - signal * x0) / noise


def test_items_of_a_batch_may_be_at_different_steps():
    times = time_grid(5)
    pairs = step_pairs(times, halved(times))
    z = state(len(pairs))
    denoise = gaussian(0.3, 0.5)
    together = two_steps(denoise, z, pairs, SCHEDULE)
    alone = [two_steps(denoise, z[i : i + 1], pairs[i : i + 1], SCHEDULE) for i in range(len(z))]
    torch.testing.assert_close(together, torch.cat(alone))


@pytest.mark.parametrize("steps", [16, 7, 1000])
def test_a_perfect_student_samples_what_its_teacher_samples_in_half_the_steps(steps):
    teacher = gaussian(-0.2, 0.4)
    times = time_grid(steps)
    half = halved(times)
    rows = {round(float(row[0]), 6): row for row in step_pairs(times, half)}

    def student(z, t):
        row = rows[round(float(t[0]), 6)]
        return two_steps(teacher, z, row.expand(len(z), 3), SCHEDULE)

    noise = state()
    slow = ddim(teacher, noise, SCHEDULE, steps, times=times)
    fast = ddim(student, noise, SCHEDULE, len(half) - 1, times=half)
    torch.testing.assert_close(fast, slow, rtol=1e-5, atol=1e-5)


def test_a_target_stays_within_the_range_of_the_predictions():
    def denoise(z, t):
        return (3 * z).clamp(-1, 1)

    pairs = step_pairs(time_grid(8), time_grid(4))
    target = two_steps(denoise, 4 * state(4), pairs, SCHEDULE)
    assert float(target.abs().max()) <= 1 + 1e-12
