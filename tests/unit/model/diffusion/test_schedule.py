"""Schedules and objectives against the papers' formulas."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.schedule import (
    MARGIN,
    Objective,
    ObjectiveKind,
    Schedule,
    ScheduleKind,
)

KINDS: list[ScheduleKind] = ["linear", "cosine", "sigmoid"]
OBJECTIVES: list[ObjectiveKind] = ["epsilon", "v", "x0"]
times = st.floats(0.0, 1.0, width=32)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def paper_alpha_bar(kind, steps=1000):
    """The thesis' tables, written down a second time in numpy."""
    if kind == "linear":
        return np.cumprod(1.0 - np.linspace(1e-4, 0.02, steps))
    t = np.arange(steps + 1) / steps
    if kind == "cosine":
        curve = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2
    else:
        curve = (sigmoid(3.0) - sigmoid(-3.0 + 6.0 * t)) / (sigmoid(3.0) - sigmoid(-3.0))
    curve /= curve[0]
    return np.cumprod(1.0 - np.minimum(1.0 - curve[1:] / curve[:-1], 0.999))


@pytest.mark.parametrize("kind", KINDS)
def test_tables_are_those_of_the_thesis(kind):
    schedule = Schedule(kind)
    betas = schedule.betas()
    assert betas.shape == (1000,)
    assert betas.min() > 0.0
    assert betas.max() <= 0.999
    np.testing.assert_allclose(
        torch.cumprod(1 - schedule.betas(), 0).numpy(), paper_alpha_bar(kind), rtol=1e-9
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_continuous_time_passes_through_the_table(kind, dtype):
    t = torch.arange(1, 1001, dtype=dtype) / 1000
    table = torch.cumprod(1 - Schedule(kind).betas(), 0)
    found = Schedule(kind).alpha_bar(t).double()
    torch.testing.assert_close(found, table, rtol=0.0, atol=1.1 * MARGIN)
    # Relatively too, wherever the paper's clipped last beta and our margin do not reach.
    torch.testing.assert_close(found[:-1], table[:-1], rtol=2e-3, atol=0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_falls_and_stays_off_the_ends(kind):
    schedule = Schedule(kind)
    t = torch.linspace(-0.1, 1.1, 2000)
    alpha_bar = schedule.alpha_bar(t)
    assert alpha_bar.isfinite().all()
    assert (alpha_bar.diff() <= 0.0).all()
    inside = (t[1:] < 0.99) & (t[:-1] > 0.01)
    assert (alpha_bar.diff()[inside] < 0.0).all()
    assert alpha_bar[0] >= 1.0 - 2.0 * MARGIN
    assert 0.0 < alpha_bar[-1] < 1e-4


@settings(deadline=None, max_examples=50)
@given(t=times, kind=st.sampled_from(KINDS))
def test_signal_and_noise_share_unit_power(t, kind):
    t = torch.tensor(t)
    signal, noise = Schedule(kind).signal(t), Schedule(kind).noise(t)
    assert float(signal**2 + noise**2) == pytest.approx(1.0, abs=1e-6)
    assert min(signal, noise) >= 0.99e-3


def test_half_precision_times_are_computed_in_float32():
    assert Schedule().alpha_bar(torch.tensor([0.5], dtype=torch.bfloat16)).dtype == torch.float32


def test_middle_of_the_sigmoid_is_half():
    assert float(Schedule("sigmoid").alpha_bar(torch.tensor(0.5))) == pytest.approx(0.5)


def test_constant_beta_is_an_exponential():
    half = Schedule("linear", (0.01, 0.01)).alpha_bar(torch.tensor(0.5))
    assert float(half) == pytest.approx(0.99**500, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_schedule_survives_json_and_pickle(kind):
    schedule = Schedule(kind)
    assert Schedule.from_dict(json.loads(json.dumps(schedule.to_dict()))) == schedule
    assert Schedule.from_dict({"kind": kind}) == schedule
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert hash(schedule) == hash(Schedule(kind))


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("square", ()),
        ("cosine", (0.1, 0.2)),
        ("cosine", (-1.0,)),
        ("sigmoid", (3.0, -3.0, 1.0)),
        ("sigmoid", (-3.0, 3.0, 0.0)),
        ("sigmoid", (-3.0, math.nan, 1.0)),
        ("linear", (0.02, 1e-4)),
    ],
)
def test_impossible_schedules_are_refused(kind, parameters):
    with pytest.raises(InvalidRequest):
        Schedule(kind, parameters)


@pytest.mark.parametrize("data", [{}, {"kind": "cosine", "tau": 1.0}, {"kind": "cosine", "s": "a"}])
def test_impossible_dicts_are_refused(data):
    with pytest.raises(InvalidRequest, match="give 'kind'"):
        Schedule.from_dict(data)


def test_no_steps_and_unknown_objective_are_refused():
    with pytest.raises(InvalidRequest):
        Schedule().betas(0)
    with pytest.raises(InvalidRequest):
        Objective("y")  # type: ignore[arg-type]


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**16),
    t=st.floats(0.02, 0.98),
    kind=st.sampled_from(KINDS),
    objective=st.sampled_from(OBJECTIVES),
)
def test_objectives_give_back_both_parts(seed, t, kind, objective):
    x0, epsilon = torch.randn(2, 3, 2, 4, generator=torch.Generator().manual_seed(seed)).unbind()
    schedule = Schedule(kind)
    asked = Objective(objective, schedule)
    t = torch.tensor([t, 0.5, 0.1])
    z = schedule.diffuse(x0, epsilon, t)
    target = asked.target(x0, epsilon, t)
    # Near the ends a part is multiplied by at least 1e-3 / 1e-2: float32 keeps three digits.
    torch.testing.assert_close(asked.to_x0(target, z, t), x0, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(asked.to_epsilon(target, z, t), epsilon, rtol=1e-3, atol=1e-3)


def test_v_is_the_velocity_of_the_angle():
    # Salimans & Ho 2022, app. D: v = dz / dphi with signal = cos phi, noise = sin phi.
    schedule = Schedule("cosine")
    x0, epsilon, t = torch.tensor([[0.3]]), torch.tensor([[-1.2]]), torch.tensor([0.4])
    phi = torch.atan2(schedule.noise(t), schedule.signal(t)).double()
    h = 1e-4

    def state(angle):
        return torch.cos(angle) * x0 + torch.sin(angle) * epsilon

    slope = (state(phi + h) - state(phi - h)) / (2 * h)
    v = Objective("v", schedule).target(x0, epsilon, t)
    assert float(v) == pytest.approx(float(slope), abs=1e-5)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("end", [0.0, 1.0])
def test_ends_are_finite(objective, end):
    asked = Objective(objective)
    z, prediction, t = torch.ones(2, 2), torch.ones(2, 2), torch.full((2,), end)
    assert asked.to_x0(prediction, z, t).isfinite().all()
    assert asked.to_epsilon(prediction, z, t).isfinite().all()


def test_scalar_and_batched_times_agree():
    x0, epsilon = torch.randn(2, 3, 5, 2, generator=torch.Generator().manual_seed(0)).unbind()
    schedule = Schedule()
    one = schedule.diffuse(x0, epsilon, torch.tensor(0.3))
    assert torch.equal(one, schedule.diffuse(x0, epsilon, torch.full((3,), 0.3)))
