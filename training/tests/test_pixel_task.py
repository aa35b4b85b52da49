"""The pixel U-Net's training: what it is shown, its loss, that it learns."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.engine.loop import train
from abdiffuser_training.engine.task import Place
from abdiffuser_training.tasks.pixel import PixelLosses, PixelTask, pixel_networks, pixel_objective
from abdiffuser_training.tasks.pixel_batch import draw_pixels, simulated_hints, turned
from abdiffuser_training.tasks.stage_settings import PixelStage
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.schedule import Objective, Schedule

SETTINGS = PixelStage(unet="tiny", side=16, batch=4, seed=3)


class Split:
    """Pictures whose left half is red and right half blue; lightness tells which."""

    def batch(self, step, count, size, *, rank=0, world=1):
        indices = tuple(range(rank, count, world))
        n = len(indices)
        lightness = torch.full((n, 1, size, size), 0.6)
        lightness[..., : size // 2] = -0.6
        chroma = torch.zeros(n, 2, size, size)
        chroma[:, 0, :, : size // 2] = 0.4
        chroma[:, 1, :, size // 2 :] = -0.4
        native = torch.ones(n, dtype=torch.bool)
        return Batch(lightness, lightness, chroma, native, torch.zeros(n), (None,) * n, indices)


def test_the_defaults_are_the_source_s():
    stage = PixelStage()
    shown = (stage.side, stage.batch, stage.times, stage.hints, stage.hint_dropout, stage.jitter)
    assert shown == (256, 64, 1000, "thesis", 0, 0)
    assert (stage.unet, stage.optimizer, stage.schedule, stage.rate) == (
        "thesis", "adam", "constant", 1e-4,
    )  # fmt: skip
    assert pixel_objective(stage) == Objective("v", Schedule("sigmoid"))


def test_the_source_s_user(rng):
    # Geometric from 0 with p = 1/8: an eighth have none; one in a hundred shows everything.
    chroma = rng.normal(size=(32, 32, 2)).astype(np.float32)
    maps = [simulated_hints(chroma, "thesis", rng) for _ in range(4000)]
    shown = np.array([m[2].mean() for m in maps])
    assert (shown == 0).mean() == pytest.approx(0.99 / 8, abs=0.02)
    assert (shown == 1).mean() == pytest.approx(0.01, abs=0.006)
    everything = next(m for m in maps if m[2].all())
    np.testing.assert_array_equal(everything[:2], np.moveaxis(chroma, 2, 0))
    assert all(set(np.unique(m[2])) <= {0, 1} and not m[:2, m[2] == 0].any() for m in maps[:50])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("kind", ["none", "uniform"])
def test_other_users(kind, rng):
    chroma = np.full((12, 12, 2), 0.3, np.float32)
    maps = [simulated_hints(chroma, kind, rng) for _ in range(50)]
    assert any(m.any() for m in maps) == (kind != "none")
    for m in maps:
        np.testing.assert_allclose(m[:2, m[2] > 0], 0.3, rtol=1e-6)


def test_times_are_the_table_s_entries():
    settings = dataclasses.replace(SETTINGS, batch=400, times=10, side=2)
    t = draw_pixels(Split().batch(0, 400, 2), settings, 0)["t"]
    assert sorted(set(t.tolist())) == pytest.approx([k / 10 for k in range(1, 11)])
    assert abs(float(t.mean()) - 0.55) < 0.05
    t = draw_pixels(Split().batch(0, 400, 2), dataclasses.replace(settings, times=0), 0)["t"]
    assert len(set(t.tolist())) > 390
    assert 0 < float(t.min()) < float(t.max()) <= 1


def test_parts_are_the_batch_of_one_process():
    task = PixelTask(SETTINGS, Split())
    whole = task.batch(Place(7))
    parts = [task.batch(Place(7, 0.5, part, 2)) for part in range(2)]
    for name, tensor in whole.tensors.items():
        for part in range(2):
            assert torch.equal(parts[part][name], tensor[part::2]), name
    assert not torch.equal(whole["epsilon"], task.batch(Place(8))["epsilon"])
    assert not torch.equal(whole["epsilon"][0], whole["epsilon"][1])


def test_dropped_hints_and_turned_colors():
    crops = Split().batch(0, 4, 16)
    plain = draw_pixels(crops, dataclasses.replace(SETTINGS, hint_dropout=1.0, jitter=1.0), 3)
    assert not plain["condition"][:, 1:].any()
    assert torch.equal(plain["condition"][:, :1], crops.lightness)
    lengths = plain["chroma"].norm(dim=1) / 0.4
    assert 0.69 < float(lengths.min()) < float(lengths.max()) < 1.21
    assert len({round(float(c), 4) for c in plain["chroma"][:, 0, 0, 0]}) == 4


def test_turning_stays_within_the_range(rng):
    wide = turned(np.full((3, 3, 2), 0.9, np.float32), rng)
    assert np.abs(wide).max() <= 1
    assert wide.dtype == np.float32


def test_the_loss_of_an_exact_network_is_zero():
    objective = pixel_objective(SETTINGS)
    batch = PixelTask(SETTINGS, Split()).batch(Place(0))

    class Exact(torch.nn.Module):
        def forward(self, z, t, condition):
            assert torch.equal(condition, batch["condition"])
            signal, noise = objective.schedule.factors(t, z)
            # v is the rotation's other axis: dz / d(angle).
            return signal * (z - signal * batch["chroma"]) / noise - noise * batch["chroma"]

    assert float(PixelLosses(Exact(), objective)(batch)) < 1e-6


def test_the_engine_trains_it_and_it_learns(tmp_path):
    settings = dataclasses.replace(SETTINGS, steps=40, rate=3e-3, ema=0.8, log_steps=0)
    task = PixelTask(settings, Split(), Split())
    before = task.validate(task.network)["loss"]
    assert task.validate(task.network)["loss"] == before
    trained = train(task, settings, tmp_path / "pretrain")
    after = task.validate(trained)["loss"]
    assert after < 0.6 * before
    grid = task.preview(trained)
    assert grid.shape == (4 * 18, 6 * 18, 3)
    assert grid.dtype == np.uint8
    # The next stage begins where this one ended, and both know how the source samples.
    following = dataclasses.replace(settings, start=str(tmp_path / "pretrain"))
    task = PixelTask(following, Split(), Split(), "finetune")
    assert task.validate(task.network)["loss"] == pytest.approx(after, rel=1e-4)
    sampling = pixel_networks(following, task.network).sampling
    assert (sampling.sampler, sampling.steps) == ("ancestral", 1000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hints": "some"}, {"side": 0}, {"times": -1}, {"jitter": 2}, {"hint_dropout": -1},
        {"unet": "huge"}, {"noise": "pink"}, {"objective": "w"},
    ],
)  # fmt: skip
def test_settings_that_are_none(wrong):
    with pytest.raises(InvalidRequest):
        PixelTask(dataclasses.replace(SETTINGS, **wrong), Split())
