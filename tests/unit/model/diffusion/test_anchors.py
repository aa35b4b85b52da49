"""Anchors are where they should be, and tokens have no order."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.model.diffusion.anchors import place_anchors, token_features


@pytest.fixture(scope="module")
def guide(tiny_networks):
    return tiny_networks.guide


def textured(height, width, seed=0):
    return torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("shape", [(2, 2), (2, 90), (70, 50)])
def test_anchors_are_whole_cells_inside_the_map_and_the_same_every_time(guide, shape):
    code = guide.encode(textured(*shape))
    anchors = place_anchors(code, 16)
    assert anchors.shape == (1, 16, 2)
    assert torch.equal(anchors, anchors.round())
    assert anchors.min() >= 0
    assert (anchors < torch.tensor(code.shape)).all()
    assert torch.equal(anchors, place_anchors(code, 16))


def test_anchors_on_a_texture_are_distinct_and_spread_out(guide):
    code = guide.encode(textured(96, 96))
    anchors = place_anchors(code, 64)[0]
    assert len(anchors.unique(dim=0)) == 64
    quarters = (anchors >= 24).float()
    counts = torch.stack([((quarters == torch.tensor(q)).all(1)).sum() for q in
                          ([0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0])])  # fmt: skip
    assert counts.min() >= 5


def test_pictures_of_a_batch_do_not_know_each_other(guide):
    pictures = torch.cat([textured(40, 40, s) for s in (1, 2)])
    both = place_anchors(guide.encode(pictures), 12)
    alone = torch.cat([place_anchors(guide.encode(p[None]), 12) for p in pictures])
    assert torch.equal(both, alone)


def test_a_constant_picture_has_anchors_too(guide):
    anchors = place_anchors(guide.encode(torch.zeros(1, 1, 40, 40)), 64)
    assert torch.isfinite(anchors).all()


def tokens(networks, count=10, batch=2):
    generator = torch.Generator().manual_seed(5)
    size = networks.anchors.config.code_features
    return {
        "z": torch.randn(batch, count, 2, generator=generator),
        "t": torch.tensor([0.3, 0.8])[:batch],
        "features": torch.randn(batch, count, size, generator=generator),
        "positions": torch.rand(batch, count, 2, generator=generator),
        "known": torch.zeros(batch, count, 3),
    }


def test_permuting_the_tokens_permutes_the_outputs(tiny_networks):
    given = tokens(tiny_networks)
    order = torch.randperm(10, generator=torch.Generator().manual_seed(1))
    permuted = {k: v if k == "t" else v[:, order] for k, v in given.items()}
    expected = tiny_networks.anchors(**given)[:, order]
    torch.testing.assert_close(tiny_networks.anchors(**permuted), expected, atol=1e-4, rtol=1e-4)
    assert expected.std() > 0.01


def test_padding_does_not_matter(tiny_networks):
    given = tokens(tiny_networks)
    alone = tiny_networks.anchors(**{k: v if k == "t" else v[:, :7] for k, v in given.items()})
    valid = (torch.arange(10) < 7).expand(2, -1)
    padded = tiny_networks.anchors(**given, valid=valid)[:, :7]
    torch.testing.assert_close(padded, alone, atol=1e-4, rtol=1e-4)


def test_token_features_are_those_of_the_cell(guide, tiny_networks):
    code = guide.encode(textured(20, 30))
    lightness = textured(10, 15)
    features = token_features(code, lightness, torch.tensor([[[3.0, 4.0]]]))
    assert features.shape == (1, 1, tiny_networks.anchors.config.code_features)
    assert features[0, 0, -1] == pytest.approx(float(lightness[0, 0, 3, 4]), abs=1e-5)
    heads = code.features[0, :, :, 3, 4].flatten()
    torch.testing.assert_close(features[0, 0, : len(heads)], heads, atol=1e-5, rtol=1e-4)
