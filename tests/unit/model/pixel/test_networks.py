"""Pixel models: conditions, samples, the mean colouring, and files."""

from __future__ import annotations

import json

import pytest
import torch

from napari_abdiffuser.errors import Cancelled, InvalidRequest, ModelCorrupt
from napari_abdiffuser.model.diffusion.sampler import SAMPLERS, time_grid
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.pixel.networks import PixelNetworks, pixel_condition
from napari_abdiffuser.model.pixel.unet import UNetConfig
from napari_abdiffuser.weights import read, sha256_of, write
from napari_abdiffuser.weights.networks import read_pixel, write_pixel

SMALL = UNetConfig(dim=8, multipliers=(1, 2), heads=1, head_dim=8, groups=4)
DISTILLED = SamplerConfig("ddim", 4, (1.0, 0.768, 0.512, 0.256, 0.0))


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.fixture
def networks():
    torch.manual_seed(0)
    made = PixelNetworks(SMALL, sampling=SamplerConfig("ddim", 3))
    return made.eval().requires_grad_(False)


@pytest.fixture
def condition():
    g = torch.Generator().manual_seed(1)
    hint_map = torch.zeros(1, 3, 9, 14)
    hint_map[:, :, 2:5, 3:6] = torch.tensor([0.3, -0.2, 1.0])[:, None, None]
    return pixel_condition(torch.rand(1, 1, 9, 14, generator=g), hint_map)


def test_the_source_s_way_is_a_thousand_ancestral_steps():
    networks = PixelNetworks(SMALL)
    assert networks.sampling == SamplerConfig("ancestral", 1000)
    objective = networks.objective
    assert (objective.kind, objective.schedule.kind) == ("v", "sigmoid")


def test_a_condition_without_hints_says_so():
    condition = pixel_condition(torch.ones(2, 1, 3, 4))
    assert condition.shape == (2, 4, 3, 4)
    assert not condition[:, 1:].any()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_output_depends_on_its_own_generator_alone(networks, condition, sampler):
    together = networks.sample(condition, generators(1, 2), sampler=sampler)
    assert together.shape == (2, 2, 9, 14)
    assert float(together.abs().max()) <= 1
    alone = networks.sample(condition, generators(2), sampler=sampler)
    torch.testing.assert_close(together[1:], alone, rtol=1e-4, atol=1e-5)
    assert not torch.equal(together[0], together[1])


def test_steps_are_those_asked_for_and_can_be_stopped(networks, condition):
    seen = []
    networks.sample(condition, generators(1), steps=5, progress=lambda *at: seen.append(at))
    assert seen == [(i, 5) for i in range(1, 6)]
    with pytest.raises(Cancelled):
        networks.sample(condition, generators(1), cancel=lambda: True)


def test_a_distilled_model_is_called_at_its_own_times(networks, condition):
    networks.sampling = DISTILLED
    times = []
    networks.unet.register_forward_pre_hook(lambda _, inputs: times.append(float(inputs[1][0])))
    networks.sample(condition, generators(1))
    assert times == pytest.approx(DISTILLED.times[:-1])
    times.clear()
    networks.sample(condition, generators(1), steps=2)
    assert times == [1.0, 0.5]


def test_the_best_is_the_mean_that_a_perfect_network_states_at_once(condition):
    # Data normal about a mean: the exact v of such a network at t = 1 is that of the mean.
    networks = PixelNetworks(SMALL)
    mean = torch.tensor([0.2, -0.1])[:, None, None]

    class Exact(torch.nn.Module):
        def forward(self, z, t, condition):
            signal, noise = networks.objective.schedule.factors(t, z)
            gain = signal * 0.09 / (signal**2 * 0.09 + noise**2)
            return (signal * z - (mean + gain * (z - signal * mean))) / noise

    networks.unet = Exact()
    best = networks.best(condition)
    torch.testing.assert_close(best, mean.expand(1, 2, 9, 14), rtol=0, atol=1e-3)
    samples = networks.sample(condition, generators(*range(40)), steps=8, sampler="ddim")
    assert float((samples.mean((0, 2, 3)) - mean[:, 0, 0]).abs().max()) < 0.02
    assert float(samples.std()) > 0.2


def test_the_best_of_a_distilled_model_is_deterministic(networks, condition):
    networks.sampling = DISTILLED
    seen = []
    first = networks.best(condition, lambda *at: seen.append(at))
    assert torch.equal(first, networks.best(condition))
    assert seen[-1] == (8, 8)
    both = networks.best(torch.cat([torch.zeros_like(condition), condition]))
    torch.testing.assert_close(both[1:], first, rtol=1e-4, atol=1e-5)


def test_a_file_gives_the_model_back(networks, condition, tmp_path):
    networks.sampling = DISTILLED
    path, again = tmp_path / "pixel.safetensors", tmp_path / "again.safetensors"
    write_pixel(path, networks, {"teacher": "abc"}, work_size=64)
    found, metadata = read_pixel(path)
    assert metadata["kind"] == "pixel"
    assert metadata["settings"] == {"steps": 4, "work_size": 64}
    assert metadata["card"] == {"teacher": "abc"}
    assert found.to_config() == json.loads(json.dumps(networks.to_config()))
    a, b = (n.sample(condition, generators(3)) for n in (networks, found))
    torch.testing.assert_close(a, b, rtol=0, atol=5e-3)  # half precision
    write_pixel(again, found, {"teacher": "abc"}, work_size=64)
    assert sha256_of(again) == sha256_of(path)


@pytest.mark.parametrize("change", ["kind", "unet", "tensor", "sampler"])
def test_files_that_do_not_fit_are_refused(networks, tmp_path, change):
    path = tmp_path / "pixel.safetensors"
    write_pixel(path, networks, {})
    tensors, metadata = read(path)
    if change == "kind":
        del metadata["kind"]
    elif change == "unet":
        metadata["config"]["unet"]["dim"] = 16
    elif change == "tensor":
        tensors.popitem()
    else:
        metadata["config"]["sampling"]["sampler"] = "euler"
    write(path, tensors, metadata)
    with pytest.raises(ModelCorrupt):
        read_pixel(path)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"sampler": "ddim"},
        {"sampler": "ddim", "steps": 0},
        {"sampler": "ddim", "steps": 2, "times": [1, 0]},
        {"sampler": "ddim", "steps": 1, "times": ["1", 0]},
        {"sampler": "ddim", "steps": 1, "order": 2},
    ],
)
def test_ways_of_sampling_that_are_none(data):
    with pytest.raises(InvalidRequest):
        SamplerConfig.from_dict(data)


@pytest.mark.parametrize("how", [DISTILLED, SamplerConfig("dpm++2m", 16)])
def test_ways_of_sampling_survive_json(how):
    assert SamplerConfig.from_dict(json.loads(json.dumps(how.to_dict()))) == how
    assert how.grid() == (how.times or time_grid(how.steps))
    assert how.grid(7) == time_grid(7)
