"""What looks alike takes one colour, wherever it lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.model.diffusion.kinship import kinship, smooth_deviations

NOWHERE, FREE = torch.zeros(1, 0, 2), torch.ones(1, 6, 1)


@pytest.fixture(scope="module")
def guide(tiny_networks):
    return tiny_networks.guide


@pytest.fixture(scope="module")
def stripes(guide):
    """Code of stripes of two kinds, four cells wide, whose features leave no doubt."""
    code = guide.encode(torch.zeros(1, 1, 32, 32))
    kind = (torch.arange(16) // 4 % 2).float().expand(16, 16)
    features = torch.zeros_like(code.features)
    features[:, :, 0] = 40 * kind
    return replace(code, features=features, gain=torch.ones_like(code.gain))


def places(*cells):
    return torch.tensor([cells], dtype=torch.float32)


STRIPED = places((1, 1), (9, 9), (14, 2), (1, 5), (9, 13), (14, 14))
KINDS = [0, 0, 0, 1, 1, 1]


def random_colors(seed, count=3):
    return torch.randn(count, 6, 2, generator=torch.Generator().manual_seed(seed)) / 4


def test_rows_sum_to_one_and_the_other_kind_has_no_part(guide, stripes):
    weights = kinship(guide, stripes, STRIPED, places((12, 1)))
    assert weights.shape == (6, 7)
    assert torch.allclose(weights.sum(1), torch.ones(6))
    expected = torch.zeros(6, 7)
    expected[:3, [0, 1, 2, 6]] = 1 / 4
    expected[3:, 3:6] = 1 / 3
    assert torch.allclose(weights, expected, atol=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_kinds_depart_alike_with_all_of_their_chroma(guide, stripes, seed):
    drawn = random_colors(seed)
    shared = smooth_deviations(guide, stripes, STRIPED, drawn, NOWHERE, FREE)
    for kind in (0, 1):
        of_kind = shared[:, [i for i, k in enumerate(KINDS) if k == kind]]
        assert torch.allclose(of_kind, of_kind[:, :1].expand_as(of_kind), atol=1e-3)
    before, after = (each.square().mean((1, 2)).sqrt() for each in (drawn, shared))
    assert (after <= before * 1.0001).all()
    means = drawn.unflatten(1, (2, 3)).mean(2).square().mean((1, 2)).sqrt()
    # Less than all of it only where averaging leaves less than two thirds.
    assert ((after > before * 0.999) | (means < before / 1.5)).all()


def test_departures_that_kinds_share_already_stay(guide, stripes):
    each = torch.tensor([[0.3, 0.1], [-0.2, 0.4]])
    drawn = each[KINDS][None]
    shared = smooth_deviations(guide, stripes, STRIPED, drawn, NOWHERE, FREE)
    assert torch.allclose(shared, drawn, atol=1e-3)


def test_kin_of_a_hint_depart_less_than_others(guide, stripes):
    drawn = random_colors(4)
    hint = places((12, 1))
    beside = smooth_deviations(guide, stripes, STRIPED, drawn, hint, torch.zeros(1, 6, 1))
    alone = smooth_deviations(guide, stripes, STRIPED, drawn, NOWHERE, torch.zeros(1, 6, 1))
    # A quarter of their kin, the hint, departs nowhere.
    assert torch.allclose(beside[:, :3], alone[:, :3] * 0.75, atol=1e-3)
    assert torch.allclose(beside[:, 3:], alone[:, 3:], atol=1e-3)


def test_claimed_places_get_no_contrast_back(guide, stripes):
    drawn = random_colors(2)
    free = torch.tensor([0.0, 0, 0, 1, 1, 1])[None, :, None]
    shared = smooth_deviations(guide, stripes, STRIPED, drawn, NOWHERE, free)
    means = drawn[:, :3].mean(1, keepdim=True)
    assert torch.allclose(shared[:, :3], means.expand(-1, 3, -1), atol=1e-3)


def test_a_place_of_its_own_keeps_its_color(guide, stripes):
    drawn = torch.tensor([[[0.2, -0.3]]])
    shared = smooth_deviations(guide, stripes, places((3, 3)), drawn, NOWHERE, FREE[:, :1])
    assert torch.allclose(shared, drawn)


def test_an_object_has_one_color_before_its_gain(guide, stripes):
    gain = torch.ones_like(stripes.gain)
    gain[..., 9, 9] = 0.5  # a pore
    code = replace(stripes, gain=gain)
    shared = smooth_deviations(guide, code, STRIPED, random_colors(1), NOWHERE, FREE)
    assert torch.allclose(shared[:, 1], shared[:, 0] / 2, atol=1e-3)
