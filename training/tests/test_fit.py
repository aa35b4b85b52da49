"""The command fit, from configuration to model: killed, stopped, resumed, exported."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import tarfile
import time

import numpy as np
import pytest
import torch
from PIL import Image

from abdiffuser_training.cli import main
from abdiffuser_training.engine.checkpoints import Checkpoints
from abdiffuser_training.evaluate.report.report import Report, Table, write_report
from napari_abdiffuser import Colorizer
from napari_abdiffuser.weights import read

STAGES = ("guide", "anchors", "upsampler")
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="signals between processes are POSIX"),
    pytest.mark.timeout(300),
]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    """Four pictures of red discs on blue ground."""
    path = tmp_path_factory.mktemp("data") / "discs.tar"
    y, x = np.mgrid[:64, :64]
    with tarfile.open(path, "w") as tar:
        for i in range(4):
            inside = (y - 20 - 5 * i) ** 2 + (x - 32) ** 2 < 200
            pixels = np.where(inside[..., None], (230, 120, 120), (40, 50, 90)).astype(np.uint8)
            content = io.BytesIO()
            Image.fromarray(pixels).save(content, "PNG")
            member = tarfile.TarInfo(f"{i:03d}.png")
            member.size = len(content.getvalue())
            content.seek(0)
            tar.addfile(member, content)
    return path


def arguments(shard, out, *more):
    sources = f"sources=[{{shards: ['{shard}'], weight: 1, native: true, anchors: 1}}]"
    often = [f"{s}.{k}=1" for s in STAGES for k in ("log_steps", "save_steps")]
    log = "log.tensorboard=off"
    often += [f"{s}.preview_steps=6" for s in STAGES]
    return ["fit", "tiny", sources, *often, log, *more, "--out", str(out), "--device", "cpu"]


def start(shard, out, *more):
    command = [sys.executable, "-m", "abdiffuser_training.cli", *arguments(shard, out, *more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(path, process):
    try:
        while not path.exists():
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.005)
    except BaseException:  # a test that times out leaves no process behind
        process.kill()
        raise


def losses(folder, stage):
    with open(folder / stage / "log.csv") as file:
        return [(row["step"], row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def whole(shard, tmp_path_factory):
    """A run that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    torch.set_num_threads(1)
    assert main(arguments(shard, folder)) == 0
    return folder


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_in_every_stage_and_resumed_it_is_the_run_that_was_never_killed(
    shard, whole, tmp_path
):
    out = tmp_path / "run"
    for stage, step in (("guide", 5), ("anchors", 3), ("upsampler", 2)):
        with start(shard, out, "--resume") as process:
            wait_for(out / stage / f"step-{step:08d}.pt", process)
            process.kill()
        assert not (out / "model.safetensors").exists()
    assert main(arguments(shard, out, "--resume")) == 0
    for stage in STAGES:
        assert losses(out, stage) == losses(whole, stage)
    tensors, _ = read(out / "model.safetensors")
    expected, _ = read(whole / "model.safetensors")
    assert tensors.keys() == expected.keys()
    assert all(torch.equal(tensors[k], expected[k]) for k in tensors)
    assert not list(out.rglob("*.partial"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_terminated_it_writes_its_state_says_how_to_go_on_and_exits_0(shard, tmp_path):
    out = tmp_path / "run"
    with start(shard, out, "guide.steps=100000", "guide.save_steps=0") as process:
        wait_for(out / "guide" / "log.csv", process)
        process.send_signal(signal.SIGTERM)
        text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text
    assert "nothing is lost" in text
    assert "--resume" in text
    assert len(Checkpoints(out / "guide").all()) == 1


def test_its_model_opens_and_knows_where_it_comes_from(whole):
    colorizer = Colorizer.load(whole / "model.safetensors", device="cpu")
    picture = np.linspace(0, 255, 40 * 56).reshape(40, 56).astype(np.uint8)
    assert colorizer(picture, n_outputs=2).rgb.shape == (2, 40, 56, 3)
    _, metadata = read(whole / "model.safetensors")
    card = metadata["card"]
    assert card["data"] == ["discs.tar"]
    assert card["stages"]["guide"]["steps"] == 12
    assert card["sessions"][0]["versions"]["torch"] == torch.__version__
    assert card["config"]["size"] == "tiny"
    for stage in STAGES:
        assert (whole / stage / "previews" / "step-00000006.png").is_file()
    text = (whole / "model.md").read_text()
    assert "12 steps" in text
    assert "discs.tar" in text


def test_export_takes_a_checkpoint_and_the_evaluations_own_numbers(whole, tmp_path, capsys):
    table = Table("Protocol zhang", ("hints", "best"), ((0, 18.4), (10, 23.7)), ("seed 0",))
    command = "abdiffuser-train evaluate mine --protocol zhang DATA.tar"
    write_report(tmp_path / "measured", [Report(table, "zhang", command)])
    out = tmp_path / "mine.safetensors"
    checkpoint = str(whole / "guide" / "step-00000011.pt")
    assert main(["export", checkpoint, str(out), "--metrics", str(tmp_path / "measured")]) == 0
    tensors, metadata = read(out)
    newest, _ = read(whole / "model.safetensors")
    assert metadata["card"]["stages"]["guide"]["steps"] == 11
    assert not torch.equal(tensors["guide.temper"], newest["guide.temper"])
    rows = metadata["card"]["metrics"][0]["rows"]
    assert rows == [{"hints": 0, "best": 18.4}, {"hints": 10, "best": 23.7}]
    card = out.with_suffix(".md").read_text()
    assert "23.7" in card
    assert command in card
    csv_file = tmp_path / "measured" / "zhang.csv"
    assert main(["export", checkpoint, str(out), "--metrics", str(csv_file)]) == 0
    assert "18.4" in out.with_suffix(".md").read_text()
    assert out.with_suffix(".old1.md").read_text() == card  # somebody may have written into it
    assert main(["export", str(whole), str(out)]) == 0
    assert all(torch.equal(t, newest[k]) for k, t in read(out)[0].items())
    assert main(["export", str(tmp_path), str(out)]) == 2
    assert "neither the folder of a run" in capsys.readouterr().err


def test_a_run_is_never_overwritten(shard, whole, capsys):
    before = sorted(p.stat().st_mtime_ns for p in whole.rglob("*.pt"))
    assert main(arguments(shard, whole)) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert sorted(p.stat().st_mtime_ns for p in whole.rglob("*.pt")) == before


def test_nothing_of_a_user_is_overwritten(shard, whole, tmp_path, capsys):
    mine = tmp_path / "config.yaml"
    mine.write_text("base: tiny  # mine\n")
    assert main(arguments(shard, tmp_path)) == 2
    assert "would be overwritten" in capsys.readouterr().err
    sources = f"sources=[{{shards: ['{shard}']}}]"
    run = (whole / "config.yaml").read_text()
    for folder in (tmp_path, whole):
        assert main(["distill", "distill-anchors", sources, "--resume", "--out", str(folder)]) == 2
        assert "not of a distillation" in capsys.readouterr().err
    assert mine.read_text() == "base: tiny  # mine\n"
    assert (whole / "config.yaml").read_text() == run
    assert main(arguments(shard, mine / "run")) == 2
    assert "another folder" in capsys.readouterr().err


def test_a_guide_of_an_older_training_can_be_begun_with(shard, whole, tmp_path, caplog):
    state = torch.load(whole / "guide" / "step-00000012.pt", weights_only=True)
    weights = {k: v + 0.01 for k, v in state["average"].items() if k.startswith("module.")}
    del weights["module.highlight"]  # which it did not have yet
    old = {
        "guide": {},
        "average": {"n_averaged": torch.tensor(9), **weights},
        "step": 9,
        "seconds": 90.0,
    }
    torch.save(old, tmp_path / "guide.pt")
    out = tmp_path / "run"
    more = (f"guide.start={tmp_path / 'guide.pt'}", "guide.steps=0", "anchors.colours=fitted")
    assert main(arguments(shard, out, *more)) == 0
    tensors, _ = read(out / "model.safetensors")
    torch.testing.assert_close(
        tensors["guide.temper"].float(), weights["module.temper"], rtol=1e-3, atol=1e-3
    )
    assert "begin anew: highlight" in caplog.text
    (tmp_path / "guide.pt").unlink()
    again = tmp_path / "again.safetensors"
    assert main(["export", str(out), str(again)]) == 0
    noted = read(again)[1]["card"]["stages"]["guide"]["start"]
    assert (noted["name"], noted["steps"], noted["minutes"]) == ("guide.pt", 9, 1.5)
    assert "9 steps, 1.5 minutes of guide.pt" in again.with_suffix(".md").read_text()


def test_what_has_changed_is_said(shard, whole, tmp_path, caplog):
    import shutil

    out = tmp_path / "run"
    shutil.copytree(whole, out)
    more = ("upsampler.steps=10", "settings.steps=8", "--resume")
    assert main(arguments(shard, out, *more)) == 0
    assert "Going on with steps = 10, which was 8" in caplog.text
    assert "settings.steps is 8, was 16" in caplog.text
    assert losses(out, "upsampler")[:8] == losses(whole, "upsampler")
    assert read(out / "model.safetensors")[1]["settings"]["steps"] == 8
