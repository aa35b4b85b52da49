"""The upsampler mixes nearby colours convexly, and blocks of a picture fit together."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.model.upsample import Upsampler, UpsamplingGrid, compact_weights

SHAPES = [
    ((8, 12), (4, 6)),
    ((13, 7), (4, 3)),
    ((1, 1), (1, 1)),
    ((1, 9), (1, 4)),
    ((5, 5), (9, 9)),
]


@pytest.fixture(scope="module")
def upsampler():
    generator = torch.Generator().manual_seed(3)
    made = Upsampler()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator))
    return made.requires_grad_(False)


def pictures(fine, coarse, seed=0):
    generator = torch.Generator().manual_seed(seed)
    lights = [torch.rand(2, *shape, generator=generator) * 2 - 1 for shape in (fine, coarse)]
    return *lights, torch.rand(2, 3, *coarse, generator=generator)


@pytest.mark.parametrize(("fine", "coarse"), SHAPES)
def test_weights_are_convex(upsampler, fine, coarse):
    light, seen, colors = pictures(fine, coarse)
    grids = [UpsamplingGrid.along(f, c) for f, c in zip(fine, coarse, strict=True)]
    weights = upsampler.weights(light, seen, *grids)
    assert weights.shape == (2, *fine, 9)
    assert weights.min() >= 0
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, *fine))
    out = upsampler(light, seen, colors)
    assert out.min() >= colors.min() - 1e-6
    assert out.max() <= colors.max() + 1e-6


@pytest.mark.parametrize(("fine", "coarse"), SHAPES)
def test_a_constant_color_stays(upsampler, fine, coarse):
    light, seen, _ = pictures(fine, coarse)
    constant = torch.tensor([0.3, -0.7])[None, :, None, None].expand(2, 2, *coarse)
    out = upsampler(light, seen, constant)
    torch.testing.assert_close(out, constant[:, :, :1, :1].expand(2, 2, *fine))


def test_a_block_is_the_same_as_in_the_whole(upsampler):
    light, seen, _ = pictures((13, 7), (4, 3))
    across = UpsamplingGrid.along(7, 3)
    block = upsampler.weights(light[:, 5:9], seen, UpsamplingGrid.along(13, 4, 5, 9), across)
    whole = upsampler.weights(light, seen, UpsamplingGrid.along(13, 4), across)
    torch.testing.assert_close(block, whole[:, 5:9])


def test_the_grid_lies_over_the_cells():
    grid = UpsamplingGrid.along(8, 4)
    assert grid.index[1].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert grid.offset.tolist() == [-0.25, 0.25] * 4
    assert grid.scale == 2
    assert UpsamplingGrid.along(5, 5).offset.abs().max() == 0


def test_untrained_it_is_a_symmetric_blur():
    light, seen, _ = pictures((8, 8), (8, 8))
    colors = torch.zeros(2, 1, 8, 8)
    colors[:, :, 4, 4] = 1
    out = Upsampler()(light, seen, colors).detach()
    assert out[0, 0, 4, 4] > 0.4
    torch.testing.assert_close(out, out.transpose(2, 3))


def test_large_logits_do_not_overflow(upsampler):
    light, seen, colors = pictures((8, 12), (4, 6))
    assert torch.isfinite(upsampler(1e4 * light, 1e4 * seen, colors)).all()


def test_gradients_reach_every_weight_and_the_colors():
    made = Upsampler()
    with torch.no_grad():
        made.third.weight.normal_(generator=torch.Generator().manual_seed(0))
    light, seen, colors = pictures((8, 12), (4, 6))
    colors.requires_grad_()
    made(light, seen, colors).square().sum().backward()
    for tensor in (*made.parameters(), colors):
        assert tensor.grad is not None
        assert tensor.grad.abs().max() > 0


@pytest.mark.parametrize(("fine", "coarse"), SHAPES)
def test_weights_in_a_byte_each(upsampler, fine, coarse):
    light, seen, _ = pictures(fine, coarse)
    grids = [UpsamplingGrid.along(f, c) for f, c in zip(fine, coarse, strict=True)]
    exact = upsampler.weights(light[:1], seen[:1], *grids)[0]
    kept = compact_weights(upsampler, light[0], seen[0], *grids)
    assert kept.dtype == torch.uint8
    assert kept.int().sum(0).max() <= 255
    around = [k for k in range(9) if k != 4]
    assert (kept / 255 - exact[..., around].movedim(-1, 0)).abs().max() <= 1.01 / 255
