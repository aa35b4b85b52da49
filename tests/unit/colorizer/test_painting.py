"""Sampled colours of anchors and what is made of them."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from napari_abdiffuser.colorizer.encoded import Encoded
from napari_abdiffuser.colorizer.painting import Start, sample_colours

NONE = torch.zeros(1, 0, 2)


@pytest.fixture
def encode(tiny_networks):
    lightness = torch.rand(1, 1, 24, 32, generator=torch.Generator().manual_seed(3)) * 2 - 1

    def make(gain):
        networks = copy.deepcopy(tiny_networks)
        networks.anchors.config = replace(networks.anchors.config, gain=gain)
        code = networks.guide.encode(lightness)
        coarse = torch.nn.functional.avg_pool2d(lightness, 2)
        return Encoded(networks, code, coarse)

    return make


@torch.no_grad()
def test_gain_multiplies_the_sampled_chroma_and_nothing_twice(encode):
    plain, vivid = encode(1.0), encode(1.5)
    drawn = sample_colours(plain, plain.anchors, NONE, NONE, [1, 2], 4)
    stronger = sample_colours(vivid, vivid.anchors, NONE, NONE, [1, 2], 4)
    assert drawn.abs().max() > 0.01
    torch.testing.assert_close(stronger, 1.5 * drawn)
    # What starts from such a sample stays as near to it, and grows no stronger.
    near = sample_colours(plain, plain.anchors, NONE, NONE, [3], 4, start=Start(drawn[:1], 0.3))
    again = sample_colours(vivid, vivid.anchors, NONE, NONE, [3], 4, start=Start(stronger[:1], 0.3))
    torch.testing.assert_close(again, 1.5 * near)
