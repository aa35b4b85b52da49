"""A trend through what hints cannot tell of each other, and what is left of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.model.guide.features import Attention
from napari_abdiffuser.model.guide.residual import residual
from napari_abdiffuser.model.guide.trend import covariates, fit_trend

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


def attention(weights):
    """Attention whose claims are (cells, N) or the same (N,) everywhere; the rest is unclaimed."""
    weights = weights.expand(CELLS[0] * CELLS[1], -1)[None]
    gains = torch.ones(1, weights.shape[2])
    return Attention(weights, 1 - weights.sum(2, keepdim=True), gains)


def of_all(count):
    return attention(torch.full((count,), 1 / count))


def test_covariates_are_lightness_its_square_and_the_gain(code):
    lightness = torch.rand(1, 1, *CELLS) * 2 - 1
    made = covariates(code, lightness)
    torch.testing.assert_close(made, torch.cat([lightness, lightness**2, code.gain], 1))


def test_many_hints_of_one_object_tell_the_slopes(code):
    positions, values = draw(400)
    slopes = torch.tensor([[0.2, -0.1], [0.0, 0.3], [-0.25, 0.05]])
    colors = torch.tensor([0.3, 0.1]) + values @ slopes
    fitted = fit_trend(code, of_all(400), positions, range(400), values, colors)
    # Of 256 hints; the ridge takes a little.
    torch.testing.assert_close(fitted, slopes, atol=0.005, rtol=0.03)


def test_objects_of_their_own_colors_have_no_trend(code):
    """What others of the same object tell already is not put down to lightness."""
    kind = torch.arange(40) % 2
    positions = torch.stack([torch.arange(40) % 16, 6 + 12 * kind], 1).float()[None]
    weights = torch.zeros(*CELLS, 40)
    weights[:, :12, kind == 0] = 1 / 20
    weights[:, 12:, kind == 1] = 1 / 20
    values = torch.stack([kind - 0.5, kind.float(), 1.0 - kind], 1)[None]
    colors = torch.tensor([[0.4, 0.0], [-0.4, 0.2]])[kind][None]
    made = attention(weights.flatten(0, 1))
    fitted = fit_trend(code, made, positions, range(40), values, colors)
    assert fitted.abs().max() < 1e-5


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 300), st.floats(0, 6.28), st.integers(0, 1000))
def test_slopes_turn_with_the_hues_and_of_one_color_there_are_none(code, count, angle, seed):
    positions, values = draw(count, seed)
    made = of_all(count) if count else attention(torch.zeros(0))
    rng = torch.Generator().manual_seed(seed)
    colors = values[..., :2] / 4 + torch.randn(1, count, 2, generator=rng) / 8

    def fitted(of):
        return fit_trend(code, made, positions, range(count), values, of)

    turn = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).float()
    torch.testing.assert_close(fitted(colors @ turn), fitted(colors) @ turn, atol=1e-4, rtol=1e-3)
    if count > 1:
        assert fitted(torch.full_like(colors, 0.3)).abs().max() < 1e-4


def test_hints_of_random_colors_tell_no_trend(code):
    """Cells that are coloured one by one: what a fit to chance explains is not believed."""
    believed = 0
    for seed in range(40):
        positions, values = draw(60, seed)
        red = torch.rand(1, 60, 1, generator=torch.Generator().manual_seed(seed)) < 0.5
        colors = torch.where(red, torch.tensor([0.7, 0.6]), torch.tensor([0.4, -0.9]))
        found = fit_trend(code, of_all(60), positions, range(60), values, colors)
        believed += bool(found.abs().max() > 0)
        assert found.abs().max() < 0.2
    assert believed < 10


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_few_hints_tell_no_trend(code, count):
    positions, values = draw(count)
    found = fit_trend(code, of_all(count), positions, range(count), values, values[..., :2])
    assert not found.any()


def test_tokens_of_one_hint_do_not_tell_of_each_other(code):
    """An area of many tokens counts as one hint, wherever else it would predict itself."""
    positions, values = draw(30)
    colors = values[..., :2] / 3
    alone = fit_trend(code, of_all(30), positions, range(30), values, colors)
    again = [torch.cat([each, each[:, :1].expand(-1, 11, -1)], 1) for each in (values, colors)]
    places = torch.cat([positions, positions[:, :1] + torch.rand(1, 11, 2)], 1)
    # The area's tokens share its claim.
    weights = torch.full((41,), 1 / 30)
    weights[[0, *range(30, 41)]] /= 12
    sources = [*range(30), *[0] * 11]
    area = fit_trend(code, attention(weights), places, sources, *again)
    torch.testing.assert_close(area, alone, atol=1e-5, rtol=1e-4)


def mixing(count, own):
    """Each hint has so much of the row that it lies in, and the others the rest."""
    rows = torch.arange(count) * 2 + 1.0
    positions = torch.stack([rows, torch.full((count,), 5.0)], 1)[None]
    weights = torch.full((CELLS[0], CELLS[1], count), (1 - own) / (count - 1))
    for hint, row in enumerate(rows.long()):
        weights[row - 1 : row + 2, :, hint] = own
    return positions, attention(weights.flatten(0, 1))


@torch.no_grad()
def test_what_is_left_of_hints_that_mix(code):
    positions, made = mixing(5, 0.7)
    auto = torch.zeros(1, 2, *CELLS)
    asked = torch.randn(1, 5, 2, generator=torch.Generator().manual_seed(4)) / 4
    others = (asked.sum(1, keepdim=True) - asked) / 4
    torch.testing.assert_close(residual(code, made, positions, asked, auto), 0.3 * (asked - others))
    # Of hints that nobody mixes nothing is.
    positions, pure = mixing(5, 1.0)
    assert residual(code, pure, positions, asked, auto).abs().max() < 1e-6


@torch.no_grad()
def test_what_is_left_counts_gains_automatic_color_and_tokens_before_the_hints(code):
    positions, _ = draw(2)
    made = replace(attention(torch.tensor([0.2, 0.1, 0.3])), gains=torch.tensor([[2.0, 1.0, 1.0]]))
    half = replace(code, gain=torch.full_like(code.gain, 0.5))
    colors = torch.tensor([[[0.8, 0.0], [0.4, 0.4], [0.0, -0.2]]])
    auto = torch.tensor([0.1, -0.1])[None, :, None, None].expand(1, 2, *CELLS)
    spread = 0.5 * (0.2 * colors[0, 0] / 2 + 0.1 * colors[0, 1] + 0.3 * colors[0, 2])
    expected = colors[:, 1:] - spread - 0.4 * torch.tensor([0.1, -0.1])
    torch.testing.assert_close(residual(half, made, positions, colors, auto), expected)
