"""Spreading over a trend."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.colorizer.coarse.encoded import MAX_NARROW, EncodedPicture
from napari_abdiffuser.colorizer.coarse.trends import attention_modes, spread_over_trend
from napari_abdiffuser.model.guide.features import Attention
from napari_abdiffuser.options import Background

SLOPES = torch.tensor([[0.2, -0.1], [-0.05, 0.1], [0.01, 0.02]])
NOWHERE = torch.zeros(1, 0, 2)


@pytest.fixture(scope="module")
def picture(tiny_networks):
    lightness = torch.rand(1, 1, 24, 32, generator=torch.Generator().manual_seed(3)) * 2 - 1
    with torch.no_grad():
        code = tiny_networks.guide.encode(lightness)
    return EncodedPicture(tiny_networks, code, torch.nn.functional.avg_pool2d(lightness, 2))


def draw(count):
    return torch.rand(1, count, 2, generator=torch.Generator().manual_seed(6)) * 11


@torch.no_grad()
def test_hints_on_a_trend_give_that_trend_everywhere(picture):
    trend = torch.einsum("bkhw,kc->bchw", picture.covariates, SLOPES)
    mask = torch.zeros(1, 1, *picture.shape)
    mask[..., 2:5, 3:6] = 1
    weights = torch.rand(1, picture.shape[0] * picture.shape[1], 4)
    weights /= weights.sum(2, keepdim=True)
    all_claimed = Attention(weights, torch.zeros(1, weights.shape[1], 1), torch.ones(1, 4))
    values = torch.rand(1, 4, 3)
    hint_map = torch.cat([trend * mask, mask], 1)
    made = spread_over_trend(
        picture, all_claimed, NOWHERE, values, values @ SLOPES, hint_map, SLOPES
    )
    torch.testing.assert_close(made, trend, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_colorings_side_by_side_are_those_one_by_one(picture):
    positions, values = draw(5), torch.rand(1, 5, 3)
    attention = picture.attend(positions)
    several = torch.randn(1, 5, 6, generator=torch.Generator().manual_seed(8)) / 4
    hint_map = torch.zeros(1, 7, *picture.shape)
    known = positions[:, -2:]
    together = spread_over_trend(picture, attention, known, values, several, hint_map, SLOPES)
    for n in range(3):
        channels = slice(2 * n, 2 * n + 2)
        alone = spread_over_trend(
            picture, attention, known, values, several[..., channels], hint_map[:, -3:], SLOPES
        )
        torch.testing.assert_close(together[:, channels], alone, atol=1e-5, rtol=1e-4)


def test_narrow_claims_are_asked_of_some_hints_but_not_of_many():
    assert attention_modes(0, Background.AUTO) == (False,)
    assert attention_modes(MAX_NARROW, Background.AUTO) == (False, True)
    assert attention_modes(MAX_NARROW + 1, Background.AUTO) == (False,)
    assert attention_modes(MAX_NARROW + 1, Background.GRAY) == (True,)
