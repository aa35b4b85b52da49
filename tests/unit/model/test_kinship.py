"""What looks alike takes one colour, wherever it lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_abdiffuser.model.kinship import kinship, shared_colours

NOWHERE, NOTHING = torch.zeros(1, 0, 2), torch.zeros(1, 0, 2)


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


def random_colours(seed, count=3):
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
def test_each_kind_takes_one_colour_and_all_of_the_chroma_stays(guide, stripes, seed):
    drawn = random_colours(seed)
    shared = shared_colours(guide, stripes, STRIPED, drawn, NOWHERE, NOTHING)
    for kind in (0, 1):
        of_kind = shared[:, [i for i, k in enumerate(KINDS) if k == kind]]
        assert torch.allclose(of_kind, of_kind[:, :1].expand_as(of_kind), atol=1e-3)
    before, after = (each.square().mean((1, 2)).sqrt() for each in (drawn, shared))
    assert (after <= before * 1.0001).all()
    full = after > before * 0.999
    means = drawn.unflatten(1, (2, 3)).mean(2)
    # Less than all of it only where averages leave less than a quarter.
    assert (full | (means.square().mean((1, 2)).sqrt() < before / 2)).all()


def test_colours_that_kinds_have_already_stay(guide, stripes):
    each = torch.tensor([[0.3, 0.1], [-0.2, 0.4]])
    drawn = each[KINDS][None]
    shared = shared_colours(guide, stripes, STRIPED, drawn, NOWHERE, NOTHING)
    assert torch.allclose(shared, drawn, atol=1e-3)


def test_kin_of_a_hint_take_its_colour(guide, stripes):
    drawn = random_colours(4)
    hint = torch.tensor([[[0.5, -0.1]]])
    shared = shared_colours(guide, stripes, STRIPED, drawn, places((12, 1)), hint)
    free = shared_colours(guide, stripes, STRIPED, drawn, NOWHERE, NOTHING)
    for found, other in zip(shared, free, strict=True):
        cosine = torch.nn.functional.cosine_similarity
        assert cosine(found[:3], hint[0]).min() > cosine(other[:3], hint[0]).min()


def test_a_place_of_its_own_keeps_its_colour(guide, stripes):
    drawn = torch.tensor([[[0.2, -0.3]]])
    assert torch.allclose(
        shared_colours(guide, stripes, places((3, 3)), drawn, NOWHERE, NOTHING), drawn
    )


def test_an_object_has_one_colour_before_its_gain(guide, stripes):
    gain = torch.ones_like(stripes.gain)
    gain[..., 9, 9] = 0.5  # a pore
    code = replace(stripes, gain=gain)
    shared = shared_colours(guide, code, STRIPED, random_colours(1), NOWHERE, NOTHING)
    assert torch.allclose(shared[:, 1], shared[:, 0] / 2, atol=1e-3)
