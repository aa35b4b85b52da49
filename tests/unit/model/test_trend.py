"""A trend through what hints cannot tell of each other, and colours that meet them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.model.code import Attention, claims_at
from napari_abdiffuser.model.exactness import exact_colours
from napari_abdiffuser.model.trend import covariates, fit_trend

CELLS = (16, 24)


@pytest.fixture(scope="module")
def code(tiny_networks):
    """A code of 16 x 24 cells, all of one gain and without automatic colour."""
    made = tiny_networks.guide.encode(torch.zeros(1, 1, 32, 48))
    return replace(made, gain=torch.ones_like(made.gain), auto=torch.zeros_like(made.auto))


def draw(count, seed=0):
    """Places of hints in cells, and values of three covariates there."""
    rng = torch.Generator().manual_seed(seed)
    positions = torch.rand(1, count, 2, generator=rng) * (torch.tensor(CELLS) - 1)
    return positions, torch.rand(1, count, 3, generator=rng) * 2 - 1


def attention(claims):
    """Attention whose claims are (cells, N) or the same (N,) everywhere; the rest is unclaimed."""
    claims = claims.expand(CELLS[0] * CELLS[1], -1)[None]
    gains = torch.ones(1, claims.shape[2])
    return Attention(claims, 1 - claims.sum(2, keepdim=True), gains)


def of_all(count):
    return attention(torch.full((count,), 1 / count))


def test_covariates_are_lightness_its_square_and_the_gain(code):
    lightness = torch.rand(1, 1, *CELLS) * 2 - 1
    made = covariates(code, lightness)
    torch.testing.assert_close(made, torch.cat([lightness, lightness**2, code.gain], 1))


def test_many_hints_of_one_object_tell_the_slopes(code):
    positions, values = draw(400)
    slopes = torch.tensor([[0.2, -0.1], [0.0, 0.3], [-0.25, 0.05]])
    colours = torch.tensor([0.3, 0.1]) + values @ slopes
    fitted = fit_trend(code, of_all(400), positions, values).slopes(colours)
    # Of 256 hints; the ridge takes a little.
    torch.testing.assert_close(fitted, slopes, atol=0.003, rtol=0.01)


def test_objects_of_their_own_colours_have_no_trend(code):
    """What others of the same object tell already is not put down to lightness."""
    kind = torch.arange(40) % 2
    positions = torch.stack([torch.arange(40) % 16, 6 + 12 * kind], 1).float()[None]
    claims = torch.zeros(*CELLS, 40)
    claims[:, :12, kind == 0] = 1 / 20
    claims[:, 12:, kind == 1] = 1 / 20
    values = torch.stack([kind - 0.5, kind.float(), 1.0 - kind], 1)[None]
    colours = torch.tensor([[0.4, 0.0], [-0.4, 0.2]])[kind][None]
    fitted = fit_trend(code, attention(claims.flatten(0, 1)), positions, values).slopes(colours)
    assert fitted.abs().max() < 1e-5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 300), st.integers(0, 1000))
def test_slopes_are_linear_in_the_colours_and_of_one_colour_there_are_none(code, count, seed):
    positions, values = draw(count, seed)
    trend = fit_trend(code, of_all(max(count, 1)) if count else of_none(), positions, values)
    rng = torch.Generator().manual_seed(seed)
    one, other = torch.randn(2, 1, count, 2, generator=rng)
    both = trend.slopes(one) + 2 * trend.slopes(other)
    torch.testing.assert_close(trend.slopes(one + 2 * other), both, atol=1e-4, rtol=1e-3)
    if count > 1:
        assert trend.slopes(torch.full_like(one, 0.3)).abs().max() < 1e-4


def of_none():
    return attention(torch.zeros(0))


def test_a_hint_alone_tells_no_trend(code):
    positions, values = draw(1)
    alone = fit_trend(code, of_all(1), positions, values)
    assert alone.slopes(torch.tensor([[[0.5, -0.3]]])).abs().max() < 1e-6


def mixing(count, own):
    """Each hint has so much of the row that it lies in, and the others the rest."""
    rows = torch.arange(count) * 2 + 1.0
    positions = torch.stack([rows, torch.full((count,), 5.0)], 1)[None]
    claims = torch.full((CELLS[0], CELLS[1], count), (1 - own) / (count - 1))
    for hint, row in enumerate(rows.long()):
        claims[row - 1 : row + 2, :, hint] = own
    return positions, attention(claims.flatten(0, 1))


def left(code, made, positions, colours, wanted, auto):
    claims, free = claims_at(code, made, positions)
    return wanted - claims @ colours[0] - free * code.at(auto, positions)[0].T


@torch.no_grad()
def test_hints_that_mix_come_out_as_asked(code):
    positions, made = mixing(5, 0.7)
    auto = torch.zeros(1, 2, *CELLS)
    asked = torch.randn(1, 5, 2, generator=torch.Generator().manual_seed(4)) / 4
    spread = exact_colours(code, made, positions, asked, auto)
    before = left(code, made, positions, asked, asked[0], auto).norm()
    assert left(code, made, positions, spread, asked[0], auto).norm() < 0.55 * before
    # Hints that nobody mixes keep their colours.
    alone, pure = mixing(5, 1.0)
    torch.testing.assert_close(exact_colours(code, pure, alone, asked, auto), asked)


@torch.no_grad()
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 3), st.integers(0, 1000))
def test_colours_change_boundedly_and_only_those_of_hints(code, count, pairs, seed):
    """A singular value s of the claims lets s / (s^2 + mu) <= 1 / (2 sqrt(mu)) of the rest in."""
    rng = torch.Generator().manual_seed(seed)
    positions, _ = draw(count, seed)
    claims = torch.rand(CELLS[0] * CELLS[1], count + 3, generator=rng)
    made = attention(claims / (claims.sum(1, keepdim=True) + 0.2))
    colours = torch.randn(1, count + 3, 2 * pairs, generator=rng)
    auto = torch.randn(1, 2 * pairs, *CELLS, generator=rng)
    changed = exact_colours(code, made, positions, colours, auto)
    assert torch.equal(changed[:, :3], colours[:, :3])
    rest = left(code, made, positions, colours, colours[0, 3:], auto)
    change = (changed - colours)[0, 3:]
    assert change.norm() <= rest.norm() / (2 * 0.3**0.5) + 1e-5


def test_without_hints_nothing_changes(code):
    colours = torch.rand(1, 4, 2)
    nowhere = torch.zeros(1, 0, 2)
    assert exact_colours(code, of_all(4), nowhere, colours, code.auto) is colours
