"""The thesis' U-Net: size, shapes, what it looks at; and the denoiser around it."""

from __future__ import annotations

import json

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.sampler import ddim
from napari_abdiffuser.model.diffusion.schedule import Objective, Schedule
from napari_abdiffuser.model.pixel.unet import (
    UNET_SIZES,
    LinearAttention,
    PixelDenoiser,
    SelfAttention,
    UNetConfig,
    build_unet,
)


@pytest.fixture(autouse=True)
def one_thread():
    # Threads cost more than they give at these sizes, above all beside other work.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return build_unet("tiny").eval()


def inputs(height=16, width=16, batch=1):
    g = torch.Generator().manual_seed(1)
    z = torch.randn(batch, 2, height, width, generator=g)
    return z, torch.full((batch,), 0.5), torch.randn(batch, 4, height, width, generator=g)


def test_the_thesis_size_is_that_of_the_source():
    with torch.device("meta"):
        network = build_unet("thesis")
        with FlopCounterMode(display=False) as counter:
            out = network(torch.empty(1, 2, 256, 256), torch.empty(1), torch.empty(1, 4, 256, 256))
    parameters = sum(p.numel() for p in network.parameters())
    assert out.shape == (1, 2, 256, 256)
    assert parameters == pytest.approx(35.7e6, rel=0.005)
    assert counter.get_total_flops() == pytest.approx(235.8e9, rel=0.01)


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (13, 22), (40, 9)])
def test_any_height_and_width(tiny, size):
    z, t, condition = inputs(*size)
    out = tiny(z, t, condition)
    assert out.shape == z.shape
    assert out.isfinite().all()


def test_batch_items_are_independent(tiny):
    z, t, condition = inputs(batch=3)
    whole = tiny(z, t, condition)
    torch.testing.assert_close(whole[1:2], tiny(z[1:2], t[1:2], condition[1:2]))


@pytest.mark.parametrize("what", ["z", "time", "lightness", "hint", "mask"])
def test_everything_it_is_given_matters(tiny, what):
    tiny.requires_grad_(False)
    z, t, condition = inputs()
    before = tiny(z, t, condition)
    channel = {"lightness": 0, "hint": 1, "mask": 3}
    if what == "time":
        t = t + 0.1
    elif what == "z":
        z = z + 0.1
    else:
        condition = condition.clone()
        condition[:, channel[what], 4:8, 4:8] += 1.0
    assert float((tiny(z, t, condition) - before).abs().max()) > 1e-4


def test_a_hint_reaches_the_far_corner(tiny):
    tiny.requires_grad_(False)
    z, t, condition = inputs(32, 32)
    before = tiny(z, t, condition)
    condition = condition.clone()
    condition[:, 1:, :3, :3] += 5.0
    assert float((tiny(z, t, condition) - before)[..., -1, -1].abs().max()) > 1e-6


def test_every_parameter_learns(tiny):
    z, t, condition = inputs(24, 16, batch=2)
    tiny.train()
    tiny(z, t, condition).square().mean().backward()
    still = [n for n, p in tiny.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert still == []


def test_a_fixed_batch_is_learned(tiny):
    objective = Objective("v")
    z, t, condition = inputs(8, 8, batch=2)
    x0 = torch.randn(z.shape, generator=torch.Generator().manual_seed(0)) / 4
    noisy, target = objective.schedule.diffuse(x0, z, t), objective.target(x0, z, t)
    optimizer = torch.optim.Adam(tiny.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        loss = (tiny(noisy, t, condition) - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.4 * losses[0]


def test_channels_last_is_kept_and_changes_nothing(tiny):
    z, t, condition = inputs(16, 24, batch=2)
    before = tiny(z, t, condition)
    fast = tiny.to(memory_format=torch.channels_last)
    after = fast(
        z.to(memory_format=torch.channels_last), t, condition.to(memory_format=torch.channels_last)
    )
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


def test_half_precision_runs():
    network = build_unet("tiny").to(torch.bfloat16)
    z, t, condition = (x.to(torch.bfloat16) for x in inputs())
    assert network(z, t, condition).dtype == torch.bfloat16


def test_linear_attention_of_one_position_is_its_value():
    # One key: its softmax is 1, and a query's softmax sums to 1.
    attention = LinearAttention(8, heads=1, head_dim=4)
    q, k = torch.randn(2, 1, 1, 4, 1, generator=torch.Generator().manual_seed(0)).unbind()
    v = torch.arange(4.0).reshape(1, 1, 4, 1)
    torch.testing.assert_close(attention.mix(q, k, v), v * 4**-0.5)


def test_full_attention_is_the_softmax_average():
    attention = SelfAttention(8, heads=1, head_dim=4)
    q, k, v = torch.randn(3, 1, 1, 4, 6, generator=torch.Generator().manual_seed(0)).unbind()
    weights = (q.transpose(-1, -2) @ k / 2.0).softmax(-1)
    expected = v @ weights.transpose(-1, -2)
    torch.testing.assert_close(attention.mix(q, k, v), expected)


@pytest.mark.parametrize("size", UNET_SIZES)
def test_configuration_survives_json(size):
    config = UNET_SIZES[size]
    assert UNetConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    "data",
    [
        {"width": 3},
        {"dim": 0},
        {"dim": "64"},
        {"dim": 20},
        {"multipliers": 4},
        {"multipliers": []},
        {"heads": 2.5},
    ],
)
def test_bad_configurations_are_refused(data):
    with pytest.raises(InvalidRequest):
        UNetConfig.from_dict(data)


def test_unknown_size_is_refused():
    with pytest.raises(InvalidRequest, match="thesis"):
        build_unet("huge")


@pytest.mark.parametrize("kind", ["epsilon", "v", "x0"])
def test_denoiser_samples_many_outputs_of_one_picture(tiny, kind):
    _, _, condition = inputs(11, 14)
    denoise = PixelDenoiser(tiny, Objective(kind), condition)
    noise = torch.randn(3, 2, 11, 14, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        out = ddim(denoise, noise, Schedule(), 3)
    assert out.shape == noise.shape
    assert float(out.abs().max()) <= 1.0


def test_denoiser_turns_the_prediction_into_x0():
    objective = Objective("v")
    x0, t, condition = inputs()
    epsilon = torch.ones_like(x0)
    z = objective.schedule.diffuse(x0, epsilon, t)

    class Oracle(torch.nn.Module):
        def forward(self, z, t, condition):
            return objective.target(x0, epsilon, t)

    torch.testing.assert_close(PixelDenoiser(Oracle(), objective, condition, None)(z, t), x0)
