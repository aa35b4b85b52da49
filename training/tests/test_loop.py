"""The training loop: what it does in a step, and that nothing is lost when it is stopped."""

from __future__ import annotations

import csv
import importlib.util
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from abdiffuser_training.engine.errors import Interrupted, TrainingFailed
from abdiffuser_training.engine.loop import train
from abdiffuser_training.engine.runtime import make_runtime
from napari_abdiffuser.errors import InvalidRequest

_spec = importlib.util.spec_from_file_location("toy", Path(__file__).with_name("toy.py"))
toy = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(toy)
Line, SETTINGS = toy.Line, toy.SETTINGS


@pytest.fixture(autouse=True)
def cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def losses(folder):
    with open(folder / "log.csv") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def same(one, other):
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_it_learns_and_returns_the_average(tmp_path):
    task = Line()
    network = train(task, replace(SETTINGS, steps=150), tmp_path)
    seen = losses(tmp_path)
    assert seen[-1] < 0.3 * seen[0]
    assert not network.training
    assert not torch.equal(network.weight, task.network.weight)
    torch.testing.assert_close(network.weight, task.network.weight, rtol=0, atol=0.1)
    assert [p.name for p in sorted(tmp_path.glob("step-*.pt"))] == [
        "step-00000148.pt", "step-00000150.pt",
    ]  # fmt: skip


def test_a_step_is_as_long_as_each_parameter_s_rate_says(tmp_path):
    task = Line()
    task.rates = {"network.bias": 0.1}
    before = {name: p.detach().clone() for name, p in task.network.named_parameters()}
    train(task, replace(SETTINGS, steps=1, warmup=0, weight_decay=0.0), tmp_path)
    # Adam's first step is the rate itself, whatever the gradient.
    moved = {name: (p - before[name]).abs() for name, p in task.network.named_parameters()}
    rate = torch.tensor(SETTINGS.rate)
    torch.testing.assert_close(moved["weight"], rate.expand(1, 3), rtol=1e-3, atol=0)
    torch.testing.assert_close(moved["bias"], 0.1 * rate.expand(1), rtol=1e-3, atol=0)


@pytest.mark.parametrize("change", [{}, {"workers": 2}, {"accumulate": 2}])
def test_stopped_after_any_step_it_goes_on_as_if_it_had_not_been(tmp_path, change):
    settings = replace(SETTINGS, save_steps=1, **change)
    whole = train(Line(), settings, tmp_path / "whole")

    class Dies(Exception):
        pass

    def die(place):
        if place.step == 7:
            raise Dies

    with pytest.raises(Dies):
        train(Line(after=die), settings, tmp_path / "cut")
    resumed = train(Line(), settings, tmp_path / "cut", resume=True)
    same(resumed, whole)
    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    # Once more: its budget is spent.
    same(train(Line(), settings, tmp_path / "cut", resume=True), whole)


def test_accumulated_parts_are_the_whole_batch(tmp_path, monkeypatch):
    monkeypatch.setattr(toy.nn.functional, "dropout", lambda x, p: x)  # its own for every part
    one = train(Line(), SETTINGS, tmp_path / "one")
    four = train(Line(), replace(SETTINGS, accumulate=4), tmp_path / "four")
    torch.testing.assert_close(one.weight, four.weight, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        torch.tensor(losses(tmp_path / "one")), torch.tensor(losses(tmp_path / "four"))
    )


def test_steps_without_a_finite_loss_are_left_out_and_too_many_stop_it(tmp_path, caplog):
    network = train(Line(bad=(2, 3, 5)), SETTINGS, tmp_path / "some")
    assert all(p.isfinite().all() for p in network.parameters())
    assert caplog.text.count("left out") == 3
    bad = Line(bad=range(6, 99))
    with pytest.raises(TrainingFailed, match=r"3 steps in a row .*step-00000004\.pt.*line\.rate="):
        train(bad, SETTINGS, tmp_path / "many")
    kept = torch.load(tmp_path / "many" / "step-00000004.pt", weights_only=True)
    assert all(v.isfinite().all() for v in kept["losses"].values())


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGTERM between processes")
@pytest.mark.parametrize("bad", [(), (5,)])
def test_a_terminated_training_writes_its_state_first(tmp_path, bad):
    settings = replace(SETTINGS, save_steps=0)

    def terminate(place):
        if place.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted, match=r"after step 6; nothing is lost.*--resume"):
        train(Line(after=terminate, bad=bad), settings, tmp_path / "cut")
    assert signal.getsignal(signal.SIGTERM) is before
    resumed = train(Line(), settings, tmp_path / "cut", resume=True)
    same(resumed, train(Line(bad=bad), settings, tmp_path / "whole"))


def test_a_full_disk_stops_it_and_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    import abdiffuser_training.engine.checkpoints as module

    save, saved = torch.save, []

    def full(state, file):
        saved.append(state["step"])
        if state["step"] > 4:
            file.write(b"half of it")
            raise OSError(28, "No space left on device")
        save(state, file)

    monkeypatch.setattr(module.torch, "save", full)
    message = r"No space left.*step-00000004\.pt is whole.*--resume"
    with pytest.raises(TrainingFailed, match=message):
        train(Line(), SETTINGS, tmp_path / "full")
    assert not list((tmp_path / "full").glob("*.partial"))
    monkeypatch.undo()
    resumed = train(Line(), SETTINGS, tmp_path / "full", resume=True)
    same(resumed, train(Line(), SETTINGS, tmp_path / "whole"))


def test_the_best_is_kept_beside_the_last_few(tmp_path):
    task = Line()
    task.validated = iter([3.0, 1.0, 2.0, 4.0, 5.0, 6.0])
    train(task, replace(SETTINGS, validate_steps=2), tmp_path)
    assert torch.load(tmp_path / "best.pt", weights_only=True)["step"] == 4
    with open(tmp_path / "validation.csv") as file:
        assert [float(r["loss"]) for r in csv.DictReader(file)] == [3.0, 1.0, 2.0, 4.0, 5.0, 6.0]


def test_it_says_what_it_cannot_do(tmp_path):
    train(Line(), SETTINGS, tmp_path)
    for settings, message in (
        (SETTINGS, "holds a training already: add --resume"),
        (replace(SETTINGS, steps=None), "steps or minutes"),
        (replace(SETTINGS, optimizer="sgd"), "adam, adamw"),
        (replace(SETTINGS, ema=1.0), "never learn"),
        (replace(SETTINGS, steps=-1), "steps=-1 is below 0"),
        (replace(SETTINGS, steps=None, minutes=float("nan")), "minutes=nan is below"),
        (replace(SETTINGS, betas=(0.9, 1.0)), "beta"),
    ):
        with pytest.raises(InvalidRequest, match=message):
            train(Line(), settings, tmp_path)
    task = Line(after=lambda place: place.check(8))
    with pytest.raises(InvalidRequest, match="8 cannot be cut into 3 equal parts"):
        train(task, replace(SETTINGS, accumulate=3), tmp_path / "thirds")


def test_resuming_with_other_settings_says_so(tmp_path, caplog):
    train(Line(), SETTINGS, tmp_path)
    train(Line(), replace(SETTINGS, rate=0.01, steps=14), tmp_path, resume=True)
    assert "Going on with rate = 0.01, which was 0.05." in caplog.text
    assert "Going on with steps = 14, which was 12." in caplog.text


def test_another_network_is_refused(tmp_path):
    train(Line(), SETTINGS, tmp_path)
    other = Line()
    other.network = toy.nn.Linear(2, 1)
    other.losses = toy.Losses(other.network)
    with pytest.raises(TrainingFailed, match="another network"):
        train(other, SETTINGS, tmp_path, resume=True)


def test_pictures_and_half_precision_and_minutes(tmp_path):
    settings = replace(
        SETTINGS, precision="fp16", steps=None, minutes=0.002, preview_steps=1, save_steps=0
    )
    with make_runtime("cpu") as runtime:
        network = train(Line(), settings, tmp_path, runtime=runtime)
    assert all(p.isfinite().all() for p in network.parameters())
    assert list((tmp_path / "previews").glob("step-*.png"))
