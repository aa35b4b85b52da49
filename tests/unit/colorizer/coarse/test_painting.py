"""Sampled colours of anchors and what is made of them."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_abdiffuser.colorizer.coarse import painting
from napari_abdiffuser.colorizer.coarse.anchor_colors import Start, sample_colors
from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.colorizer.coarse.painting import sample_maps
from napari_abdiffuser.colorizer.hints.tokens import HintTokens, hint_tokens
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.options import Background

NONE = torch.zeros(1, 0, 2)


@pytest.fixture
def encode(tiny_networks):
    lightness = torch.rand(1, 1, 24, 32, generator=torch.Generator().manual_seed(3)) * 2 - 1

    def make(gain):
        networks = copy.deepcopy(tiny_networks)
        networks.anchors.config = replace(networks.anchors.config, gain=gain)
        code = networks.guide.encode(lightness)
        coarse = torch.nn.functional.avg_pool2d(lightness, 2)
        return EncodedPicture(networks, code, coarse)

    return make


@torch.no_grad()
def test_gain_multiplies_the_sampled_chroma_and_nothing_twice(encode):
    plain, vivid = encode(1.0), encode(1.5)
    drawn = sample_colors(plain, plain.anchors, NONE, NONE, [1, 2], 4)
    stronger = sample_colors(vivid, vivid.anchors, NONE, NONE, [1, 2], 4)
    assert drawn.abs().max() > 0.01
    torch.testing.assert_close(stronger, 1.5 * drawn)
    # What starts from such a sample stays as near to it, and grows no stronger.
    near = sample_colors(plain, plain.anchors, NONE, NONE, [3], 4, start=Start(drawn[:1], 0.3))
    again = sample_colors(vivid, vivid.anchors, NONE, NONE, [3], 4, start=Start(stronger[:1], 0.3))
    torch.testing.assert_close(again, 1.5 * near)


def tokens(count, seed=0):
    """Hints in many places of a picture of 48 x 64 pixels, more than steer the sampling."""
    rng = np.random.default_rng(seed)
    places, colors = rng.random((count, 2)) * (47, 63), rng.random((count, 3))
    hints = Hints.from_points(places, colors, 3)
    return hint_tokens(hints, np.full((48, 64), 50, np.float32), (12, 16))


@torch.no_grad()
@pytest.mark.parametrize("count", [0, 1, 300])
def test_a_sample_is_the_same_whatever_others_are_drawn_with_it(encode, count):
    picture, hints = encode(1.0), tokens(count)
    both = sample_maps(picture, hints, [5, 6], 4, background=Background.AUTO)
    alone = sample_maps(picture, hints, [6], 4, background=Background.AUTO)
    torch.testing.assert_close(both[1:], alone, atol=1e-5, rtol=1e-4)
    # Three hundred hints claim all of so small a picture.
    assert ((both[0] - both[1]).abs().max() > 1e-3) == (count < 300)


@torch.no_grad()
@pytest.mark.parametrize("free", [0.0, 1.0])
def test_where_hints_claim_all_the_chosen_colors_do_not_matter(encode, monkeypatch, free):
    def share(picture: EncodedPicture, hints: HintTokens, places: torch.Tensor) -> torch.Tensor:
        return torch.full((1, places.shape[1], 1), free)

    monkeypatch.setattr(painting, "_unclaimed_at", share)
    picture, hints = encode(1.0), tokens(3)
    generator = torch.Generator().manual_seed(1)
    shape = (1, picture.anchors.shape[1], 2)
    chosen = [3 + torch.randn(shape, generator=generator) for _ in range(2)]
    one, other = (
        sample_maps(picture, hints, [5], 4, background=Background.AUTO, start=Start(colors, 0.4))
        for colors in chosen
    )
    assert torch.equal(one, other) == (free == 0)
