"""Attention for one picture is the guide's own."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.model.guide import attention as attending
from napari_abdiffuser.model.guide.attention import attend_one


@pytest.fixture(scope="module")
def code(tiny_networks):
    light = torch.rand(1, 1, 23, 34, generator=torch.Generator().manual_seed(2)) * 2 - 1
    return tiny_networks.guide.encode(light)


def places(count):
    generator = torch.Generator().manual_seed(count)
    return torch.rand(1, count, 2, generator=generator) * torch.tensor([11.0, 16.0])


@pytest.mark.parametrize("count", [0, 1, 9])
@pytest.mark.parametrize("highlight", [False, True])
def test_the_same_as_the_guides(tiny_networks, code, monkeypatch, count, highlight):
    monkeypatch.setattr(attending, "_BLOCK", 5 * 17 * max(count, 1))  # several blocks of rows
    guide, positions = tiny_networks.guide, places(count)
    flag = torch.ones(1) if highlight else None
    near = torch.rand(count, 12 * 17, generator=torch.Generator().manual_seed(4))
    valid = torch.ones(1, count, dtype=torch.bool)
    expected = guide.attend(code, positions, valid, flag, near[None])
    made = attend_one(guide, code, positions, highlight=highlight, nearness=near)
    torch.testing.assert_close(made.weights, expected.weights, atol=1e-5, rtol=0)
    torch.testing.assert_close(made.unclaimed, expected.unclaimed, atol=1e-5, rtol=0)
    torch.testing.assert_close(made.gains, expected.gains)
    if count:
        torch.testing.assert_close(made.nearest, expected.nearest)


def test_blocks_in_several_threads_are_the_same_blocks(tiny_networks, code, monkeypatch):
    monkeypatch.setattr(attending, "_BLOCK", 5 * 17 * 2)
    one, three = (
        attend_one(tiny_networks.guide, code, places(5), highlight=False, workers=workers)
        for workers in (1, 3)
    )
    assert torch.equal(one.weights, three.weights)
    assert torch.equal(one.unclaimed, three.unclaimed)


@pytest.mark.parametrize("null", [-1e4, 1e4])
def test_extreme_nulls_stay_finite(tiny_networks, code, null):
    far = type(code)(**{**vars(code), "null": torch.full_like(code.null, null)})
    near = torch.ones(3, 12 * 17)
    made = attend_one(tiny_networks.guide, far, places(3), highlight=False, nearness=near)
    torch.testing.assert_close(made.weights.sum(2) + made.unclaimed[..., 0], torch.ones(1, 12 * 17))
    assert (made.unclaimed.mean() > 0.99) == (null > 0)
