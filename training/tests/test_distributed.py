"""Two processes train what one would have trained; only the first of them writes and speaks."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from abdiffuser_training.engine.runtime import make_runtime
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.weights import read

STAGES = ("guide", "anchors", "upsampler")


def run(out, shard, *launcher):
    sources = f"sources=[{{shards: ['{shard}'], native: true, anchors: 1}}]"
    changes = [f"{stage}.log_steps=1" for stage in STAGES]
    # The weights' rounding differs; what Adam makes of a gradient of nothing would magnify it.
    changes += ["anchors.accumulate=2", "guide.clip=0.5", "log.tensorboard=off", "guide.steps=6"]
    command = ["abdiffuser_training.cli", "fit", "tiny", sources, *changes]
    command += ["--out", str(out), "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, *launcher, "-m", *command], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def losses(folder, stage):
    with open(folder / stage / "log.csv") as file:
        return torch.tensor([float(row["loss"]) for row in csv.DictReader(file)])


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "noise.tar"
    rng = np.random.default_rng(0)
    with tarfile.open(path, "w") as tar:
        for i in range(6):
            small = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
            content = io.BytesIO()
            Image.fromarray(small).resize((72, 72), Image.Resampling.BICUBIC).save(content, "PNG")
            member = tarfile.TarInfo(f"{i:03d}.png")
            member.size = len(content.getvalue())
            content.seek(0)
            tar.addfile(member, content)
    return path


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_processes_have_the_losses_of_one(tmp_path, shard, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    run(tmp_path / "one", shard)
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    said = run(tmp_path / "two", shard, *launcher)
    for stage in STAGES:
        one, two = losses(tmp_path / "one", stage), losses(tmp_path / "two", stage)
        torch.testing.assert_close(one, two, rtol=2e-3, atol=2e-4)
    assert said.count("guide step 6 ") == 1
    one, _ = read(tmp_path / "one" / "model.safetensors")
    two, _ = read(tmp_path / "two" / "model.safetensors")
    for name, tensor in one.items():
        torch.testing.assert_close(tensor.float(), two[name].float(), rtol=5e-2, atol=5e-3)


def test_without_accelerate_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InvalidRequest, match="pip install accelerate"):
        make_runtime("cpu")
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert make_runtime("cpu").world == 1  # a single process does without
