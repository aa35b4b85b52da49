"""Samplers against analytic oracles: a perfect denoiser, and Gaussian data."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.errors import Cancelled, InvalidRequest
from napari_abdiffuser.model.diffusion.sampler import (
    SAMPLERS,
    ancestral,
    ancestral_moments,
    ddim,
    ddim_moments,
    dpm_solver_2m,
    draw_noise,
    time_grid,
)
from napari_abdiffuser.model.diffusion.schedule import Objective, Schedule

KINDS = ["linear", "cosine", "sigmoid"]
STEPS = [1, 2, 7, 50, 1000]
MEAN, SPREAD = 0.4, 0.3
every_sampler = pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def gaussian_denoiser(schedule, mean=MEAN, spread=SPREAD):
    """The exact posterior mean of x0 given z for data N(mean, spread²)."""

    def denoise(z, t):
        signal, noise = schedule.factors(t, z)
        gain = signal * spread**2 / (signal**2 * spread**2 + noise**2)
        return mean + gain * (z - signal * mean)

    return denoise


def exact_flow(schedule, z, mean=MEAN, spread=SPREAD):
    """Where the probability flow ODE ends: a sample keeps its quantile."""
    signal, noise = schedule.factors(torch.ones(len(z)), z)
    return mean + spread * (z - signal * mean) / (signal**2 * spread**2 + noise**2).sqrt()


@every_sampler
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("kind", ["epsilon", "v", "x0"])
@pytest.mark.parametrize("shape", [(2, 5, 2), (1, 2, 3, 4)], ids=["anchors", "pixels"])
def test_a_perfect_network_gives_x0_back(sampler, steps, kind, shape):
    schedule = Schedule()
    objective = Objective(kind, schedule)
    x0 = torch.rand(shape, generator=seeded(1)) * 2.0 - 1.0

    def denoise(z, t):
        epsilon = Objective("x0", schedule).to_epsilon(x0, z, t)
        return objective.to_x0(objective.target(x0, epsilon, t), z, t)

    noise = torch.randn(shape, generator=seeded(2))
    start = noise.clone()
    out = sampler(denoise, noise, schedule, steps, generator=seeded(3))
    torch.testing.assert_close(out, x0, rtol=0.0, atol=1e-3)
    assert torch.equal(noise, start)


@settings(deadline=None, max_examples=50)
@given(t=st.floats(0.01, 1.0), s=st.floats(0.0, 0.99), kind=st.sampled_from(KINDS))
def test_ddim_with_full_noise_is_ancestral(t, s, kind):
    ab_t, ab_s = Schedule(kind).alpha_bar(torch.tensor([t, s * t], dtype=torch.float64)).tolist()
    assert ddim_moments(ab_t, ab_s, 1.0) == pytest.approx(ancestral_moments(ab_t, ab_s), abs=1e-6)


def test_ddim_with_full_noise_draws_the_same_samples():
    schedule = Schedule()
    noise = torch.randn(4, 3, 2, generator=seeded(0))
    runs = [
        sampler(gaussian_denoiser(schedule), noise, schedule, 20, generator=seeded(1))
        for sampler in (ancestral, partial(ddim, eta=1.0))
    ]
    torch.testing.assert_close(*runs, rtol=0.0, atol=1e-5)


@settings(deadline=None, max_examples=50)
@given(t=st.floats(0.01, 1.0), s=st.floats(0.01, 0.99), eta=st.floats(0.0, 1.0))
def test_every_step_keeps_the_marginals(t, s, eta):
    # With the true x0 and z ~ q(z_t | x0), the result must be distributed as q(z_s | x0).
    ab_t, ab_s = Schedule().alpha_bar(torch.tensor([t, s * t], dtype=torch.float64)).tolist()
    of_x0, of_z, sigma = ddim_moments(ab_t, ab_s, eta)
    assert of_x0 + of_z * ab_t**0.5 == pytest.approx(ab_s**0.5)
    assert of_z**2 * (1.0 - ab_t) + sigma**2 == pytest.approx(1.0 - ab_s)


@pytest.mark.parametrize("kind", KINDS)
def test_ancestral_moments_reach_the_data(kind):
    # Everything is linear and Gaussian: mean and variance are carried through exactly.
    schedule = Schedule(kind)
    times = torch.tensor(time_grid(1000), dtype=torch.float64)
    denoise = gaussian_denoiser(schedule)
    # x0 = offset + gain * z at each time.
    probes = [denoise(torch.full((1000, 1), z).double(), times[:-1])[:, 0] for z in (0.0, 1.0)]
    offsets, gains = probes[0].tolist(), (probes[1] - probes[0]).tolist()
    mean, variance = 0.0, 1.0
    alpha_bar = schedule.alpha_bar(times).tolist()
    for i, (ab_t, ab_s) in enumerate(pairwise(alpha_bar[:-1])):
        of_x0, of_z, sigma = ancestral_moments(ab_t, ab_s)
        mean = of_x0 * (offsets[i] + gains[i] * mean) + of_z * mean
        variance = (of_x0 * gains[i] + of_z) ** 2 * variance + sigma**2
    assert offsets[-1] + gains[-1] * mean == pytest.approx(MEAN, abs=3e-3)
    assert gains[-1] * variance**0.5 == pytest.approx(SPREAD, rel=0.02)


def test_ancestral_samples_are_distributed_as_the_data():
    schedule = Schedule()
    noise = torch.randn(1, 40_000, generator=seeded(0))
    out = ancestral(gaussian_denoiser(schedule), noise, schedule, 200, generator=seeded(1))
    # Five standard errors, plus the discretization's 2 %.
    assert float(out.mean()) == pytest.approx(MEAN, abs=5 * SPREAD / 200)
    assert float(out.std()) == pytest.approx(SPREAD, rel=0.04)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sampler", [ddim, dpm_solver_2m])
def test_deterministic_samplers_follow_the_flow(kind, sampler):
    schedule = Schedule(kind)
    z = torch.linspace(-3.0, 3.0, 7)[:, None]
    out = sampler(gaussian_denoiser(schedule), z, schedule, 1000)
    torch.testing.assert_close(out, exact_flow(schedule, z), rtol=0.0, atol=5e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("spread", "power"), [(1.0, 1.0), (0.3, 2.0)])
def test_second_order_beats_first_at_eight_steps(kind, spread, power):
    schedule = Schedule(kind)
    z = torch.linspace(-3.0, 3.0, 7)[:, None]
    exact = exact_flow(schedule, z, spread=spread)
    denoise = gaussian_denoiser(schedule, spread=spread)
    first, second = (
        float((run(denoise, z, schedule, 8, times=time_grid(8, power)) - exact).abs().max())
        for run in (ddim, dpm_solver_2m)
    )
    assert second < 0.5 * first


def test_second_order_converges_quadratically_away_from_the_ends():
    # From a state on the flow at t = 0.8 down to 0.2; twice the steps, a quarter of the error.
    schedule = Schedule("cosine")
    start = torch.tensor([[1.5]], dtype=torch.float64)

    def on_flow(t):
        signal, noise = schedule.factors(torch.tensor([t], dtype=torch.float64), start)
        return signal * MEAN + (signal**2 + noise**2).sqrt() * start

    def error(sampler, steps):
        seen = []

        def denoise(z, t):
            seen.append(z)
            return gaussian_denoiser(schedule, spread=1.0)(z, t.double())

        grid = [0.8 - 0.6 * i / steps for i in range(steps + 1)]
        sampler(denoise, on_flow(0.8), schedule, steps + 1, times=[*grid, 0.0])
        return float((seen[-1] - on_flow(0.2)).abs())

    assert error(ddim, 32) / error(ddim, 64) == pytest.approx(2.0, rel=0.2)
    assert error(dpm_solver_2m, 32) / error(dpm_solver_2m, 64) == pytest.approx(4.0, rel=0.2)


@every_sampler
def test_progress_counts_every_step_and_time_falls(sampler):
    seen, times = [], []

    def denoise(z, t):
        assert t.shape == (3,)
        assert t.dtype == torch.float32
        times.append(float(t[0]))
        return z

    sampler(denoise, torch.zeros(3, 2), Schedule(), 5, progress=lambda *done: seen.append(done))
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert times == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])


@every_sampler
def test_cancel_stops_before_the_next_step(sampler):
    done = []

    def run():
        sampler(
            lambda z, t: z,
            torch.zeros(1, 2),
            Schedule(),
            10,
            progress=lambda i, n: done.append(i),
            cancel=lambda: len(done) == 3,
        )

    with pytest.raises(Cancelled, match="after 3 of 10"):
        run()
    assert done == [1, 2, 3]


@every_sampler
def test_an_item_does_not_depend_on_its_batch(sampler):
    schedule = Schedule()
    denoise = gaussian_denoiser(schedule)

    def run(seeds):
        generators = [seeded(seed) for seed in seeds]
        noise = draw_noise((len(seeds), 4, 2), torch.empty(0), generators)
        return sampler(denoise, noise, schedule, 6, generator=generators)

    whole = run([7, 8, 9])
    assert torch.equal(whole, torch.cat([run([7]), run([8, 9])]))
    assert torch.equal(whole, run([7, 8, 9]))
    assert not torch.equal(whole[0], whole[1])


@every_sampler
def test_known_values_put_back_by_the_denoiser_come_out_exactly(sampler):
    schedule = Schedule()
    known = torch.tensor([True, False, False])[:, None]
    value = torch.full((1, 3, 2), 0.123)
    free = gaussian_denoiser(schedule)

    def denoise(z, t):
        return torch.where(known, value, free(z, t))

    out = sampler(denoise, torch.randn(1, 3, 2, generator=seeded(0)), schedule, 12)
    assert torch.equal(out[:, 0], value[:, 0])
    assert not torch.equal(out[:, 1], value[:, 1])


@every_sampler
def test_ten_thousand_steps_and_a_steep_grid_stay_finite(sampler):
    # alpha_bar meets its margin at both ends, so neighbouring times have no distance there.
    schedule = Schedule("cosine")
    out = sampler(
        gaussian_denoiser(schedule), torch.ones(1, 1), schedule, 500, times=time_grid(500, 6.0)
    )
    assert out.isfinite().all()


def test_gradients_flow_through_a_sampler():
    start = torch.ones(1, 1, requires_grad=True)
    schedule = Schedule()
    dpm_solver_2m(gaussian_denoiser(schedule), start, schedule, 4).sum().backward()
    assert start.grad is not None
    assert float(start.grad) > 0.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 2, "times": [1.0, 0.0]},
        {"steps": 2, "times": [1.0, 0.5, 0.1]},
        {"steps": 2, "times": [1.0, 1.0, 0.0]},
        {"steps": 2, "times": [1.5, 1.0, 0.0]},
        {"steps": 2, "eta": 2.0},
        {"steps": 2, "eta": 1.0, "generator": [torch.Generator()]},
    ],
)
def test_bad_requests_say_what_to_do(wrong):
    steps = wrong.pop("steps")
    with pytest.raises(InvalidRequest):
        ddim(lambda z, t: z, torch.zeros(2, 2), Schedule(), steps, **wrong)
