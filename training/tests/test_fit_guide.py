"""The guide's training: it learns, keeps its state, and goes on where it was stopped."""

from __future__ import annotations

import importlib
import types

import numpy as np
import pytest
import torch
from PIL import Image

from abdiffuser_training.data.batches import Mixture, Source
from abdiffuser_training.data.corpus import Item
from abdiffuser_training.hint_sampling import HintSettings
from napari_abdiffuser.model.guide import SIZES, Guide

module = importlib.import_module("abdiffuser_training.fit_guide")

STEPS = 48


class Stopped(Exception):
    pass


class Clock:
    """A second passes with every look at it, so that a budget is a number of steps."""

    def __init__(self, stop_after=None):
        self.now, self.stop_after = 0, stop_after

    def monotonic(self):
        self.now += 1
        if self.stop_after is not None and self.now > self.stop_after:
            raise Stopped
        return float(self.now)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def config(monkeypatch):
    """Bright discs are red, the ground is blue."""
    y, x = np.mgrid[:48, :48]
    items = []
    for i in range(4):
        inside = (y - 16 - 4 * i) ** 2 + (x - 24) ** 2 < 150
        pixels = np.where(inside[..., None], (230, 120, 120), (40, 50, 90)).astype(np.uint8)
        items.append(Item(str(i), Image.fromarray(pixels)))
    discs = Source(items, weight=1.0, native=True)
    monkeypatch.setattr(module.Source, "read", classmethod(lambda cls, settings: discs))
    return {
        "size": "tiny",
        "minutes": STEPS / 60,
        "rate": 1e-2,
        "ema": 0.5,
        "seed": 0,
        "stages": [{"until": 0.5, "side": 24, "batch": 2}, {"until": 1.01, "side": 32, "batch": 2}],
        "sources": [{}],
        "discs": discs,
    }


def fit(monkeypatch, config, folder, *, resume, stop_after=None):
    monkeypatch.setattr(
        module, "time", types.SimpleNamespace(monotonic=Clock(stop_after).monotonic)
    )
    return torch.load(module.fit_guide(config, folder, resume=resume), weights_only=True)


def loss(weights, config):
    torch.manual_seed(config["seed"])
    guide = Guide(SIZES["tiny"])  # as the training starts
    if weights is not None:
        guide.load_state_dict(weights)
    batch = Mixture([config["discs"]], 99).batch(0, 6, 32)
    with torch.no_grad():
        value = module.guide_loss(guide, batch, HintSettings(), 1, 0)
    return float(value)


def test_a_short_training_lowers_the_loss_and_can_be_stopped_anywhere(
    monkeypatch, config, tmp_path
):
    whole = fit(monkeypatch, config, tmp_path / "whole", resume=False)
    assert whole["step"] == STEPS
    assert whole["seconds"] == STEPS
    assert loss(whole["guide"], config) < loss(None, config) - 0.02
    assert not list((tmp_path / "whole").glob("*.partial"))

    # A step looks at the clock three times, and every 120 seconds the state is kept.
    with pytest.raises(Stopped):
        fit(monkeypatch, config, tmp_path / "cut", resume=False, stop_after=3 * 44)
    kept = torch.load(tmp_path / "cut" / "guide.pt", weights_only=True)
    assert 0 < kept["step"] < 44
    resumed = fit(monkeypatch, config, tmp_path / "cut", resume=True)
    assert resumed["step"] == STEPS
    for part in ("guide", "average"):
        torch.testing.assert_close(resumed[part], whole[part])

    again = fit(monkeypatch, config, tmp_path / "cut", resume=True)
    assert again["step"] == STEPS  # its budget was spent


def test_random_colours_teach_no_automatic_colour(config):
    torch.manual_seed(0)
    guide = Guide(SIZES["tiny"])
    batch = Mixture([Source(config["discs"].items, 1.0, native=False)], 0).batch(0, 2, 32)
    settings = HintSettings(none=0.0)
    module.guide_loss(guide, batch, settings, 0, 0).backward()
    heads, features = guide.config.heads, guide.config.head_features
    start = heads * features + 2 * heads  # features, null and gate come before it
    gradient = guide.encoder.head.weight.grad
    assert not gradient[start : start + 2].any()
    assert gradient[:start].any()
