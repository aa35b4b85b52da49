"""Pixel models as protocols see them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from abdiffuser_training.evaluate.subjects.models import open_model
from abdiffuser_training.evaluate.subjects.pixel_model import PixelModel
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.pixel.networks import PixelNetworks
from napari_abdiffuser.model.pixel.unet import UNetConfig
from napari_abdiffuser.weights import sha256_of
from napari_abdiffuser.weights.networks import write_pixel

SMALL = UNetConfig(dim=8, multipliers=(1, 2), heads=1, head_dim=8, groups=4)
LIGHT = np.linspace(5, 95, 9 * 12, dtype=np.float32).reshape(9, 12)
NOTHING = np.zeros((3, 9, 12), np.float32)


@pytest.fixture
def path(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "pixel.safetensors"
    write_pixel(path, PixelNetworks(SMALL, sampling=SamplerConfig("ancestral", 3)), {})
    return path


def test_it_is_opened_as_what_it_is(path):
    model = open_model(str(path), "cpu")
    assert isinstance(model, PixelModel)
    assert model.sha256 == sha256_of(path)


def test_a_sample_depends_on_seed_and_number_alone(path):
    model = open_model(str(path), "cpu", seed=5)
    three = model.samples(LIGHT, NOTHING, 3)
    assert three.shape == (3, 9, 12, 2)
    assert three.dtype == np.float32
    assert np.abs(three).max() <= 110
    np.testing.assert_allclose(model.samples(LIGHT, NOTHING, 1, seed=5)[0], three[0], atol=1e-2)
    assert np.abs(three[0] - three[1]).max() > 1
    assert np.abs(model.samples(LIGHT, NOTHING, 1, seed=6) - three[:1]).max() > 1
    assert model.samples(LIGHT, NOTHING, 0).shape == (0, 9, 12, 2)


def test_the_condition_is_the_protocol_s_own_map(path, monkeypatch):
    model = open_model(str(path), "cpu")
    hints = NOTHING.copy()
    hints[:, 2:4, 5:8] = np.array([55.0, -22.0, 1.0], np.float32)[:, None, None]
    asked = []
    networks = model._networks
    hook = networks.unet.register_forward_pre_hook(lambda _, x: asked.append(x[2]))
    best = model.best(LIGHT, hints)
    hook.remove()
    assert best.shape == (9, 12, 2)
    shown = asked[0][0].numpy()
    np.testing.assert_allclose(shown[0], LIGHT / 50 - 1, atol=1e-6)
    np.testing.assert_allclose(shown[1:, 2, 5], [0.5, -0.2, 1], atol=1e-6)
    assert np.count_nonzero(shown[1:]) == 18


def test_fewer_steps_are_taken_without_noise(path):
    model = open_model(str(path), "cpu")
    times = []
    hook = model._networks.unet.register_forward_pre_hook(lambda _, x: times.append(float(x[1][0])))
    model.samples(LIGHT, NOTHING, 1, steps=2)
    hook.remove()
    assert times == [1.0, 0.5]
