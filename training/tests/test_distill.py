"""Distillation as a training: the loss of a perfect student, whole runs of both kinds of model."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from abdiffuser_training.cli import main
from abdiffuser_training.data.batch import Batch
from abdiffuser_training.distill.config import DistillConfig
from abdiffuser_training.distill.steps import step_pairs, two_steps
from abdiffuser_training.distill.subjects import PixelSubject
from abdiffuser_training.distill.task import DistillLosses, DistillTask
from abdiffuser_training.engine.task import Place
from abdiffuser_training.fit.config import read_as
from abdiffuser_training.tasks.stage_settings import PixelStage
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.anchors import AnchorConfig
from napari_abdiffuser.model.diffusion.sampler import ddim, time_grid
from napari_abdiffuser.model.diffusion.sampler_config import SamplerConfig
from napari_abdiffuser.model.diffusion.schedule import Objective
from napari_abdiffuser.model.guide.network import SIZES
from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.model.pixel.networks import PixelNetworks
from napari_abdiffuser.model.pixel.unet import UNetConfig
from napari_abdiffuser.weights import read, sha256_of, write
from napari_abdiffuser.weights.networks import read_pixel, write_pixel

SMALL = UNetConfig(dim=8, multipliers=(1, 2), heads=1, head_dim=8, groups=4)
STAGE = PixelStage(side=8, batch=4, seed=1)


class Noise:
    def batch(self, step, count, size, *, rank=0, world=1):
        indices = tuple(range(rank, count, world))
        g = torch.Generator().manual_seed(step)
        values = torch.rand(count, 3, size, size, generator=g)[list(indices)] - 0.5
        ones = torch.ones(len(indices), dtype=torch.bool)
        return Batch(
            values[:, :1], values[:, :1], values[:, 1:], ones, ones.float(),
            (None,) * len(indices), indices,
        )  # fmt: skip


def subject(objective=None):
    torch.manual_seed(0)
    networks = PixelNetworks(SMALL, objective).eval()
    return PixelSubject(networks, STAGE, Noise())


class Perfect(torch.nn.Module):
    """Says what two steps of a teacher say, as v or as x0."""

    def __init__(self, subject, times):
        super().__init__()
        self.subject, self.unet = subject, subject.network
        self.rows = {round(float(r[0]), 6): r for r in step_pairs(times, times[::2])}

    def forward(self, z, t, condition):
        objective = self.subject.objective
        rows = torch.stack([self.rows[round(float(one), 6)] for one in t])

        def denoise(z, t):
            return objective.to_x0(self.unet(z, t, condition), z, t).clamp(-1, 1)

        with torch.no_grad():
            x0 = two_steps(denoise, z, rows, objective.schedule)
        signal, noise = objective.schedule.factors(t, z)
        return x0 if objective.kind == "x0" else (signal * z - x0) / noise


@pytest.mark.parametrize("kind", ["v", "x0"])
def test_a_perfect_student_has_no_loss_and_the_teacher_s_samples(kind):
    asked = subject(Objective(kind))
    times = time_grid(8)
    task = DistillTask(asked, asked.network, times)
    batch = task.batch(Place(0))
    student = Perfect(asked, times)
    assert float(DistillLosses(asked, student, asked.network)(batch)) < 1e-8
    assert float(task.losses(batch).detach()) > 1e-6
    # And its four steps give what the teacher's eight do.
    condition = batch.inner["condition"]

    def denoiser(network):
        return lambda z, t: asked.objective.to_x0(network(z, t, condition), z, t).clamp(-1, 1)

    noise, schedule = batch.inner["epsilon"], asked.objective.schedule
    with torch.no_grad():
        slow = ddim(denoiser(asked.network), noise, schedule, 8)
        fast = ddim(denoiser(student), noise, schedule, 4)
    torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-4)


def test_the_teacher_is_neither_changed_nor_kept_in_checkpoints():
    asked = subject()
    before = {k: v.clone() for k, v in asked.network.state_dict().items()}
    task = DistillTask(asked, asked.network, time_grid(4))
    assert {k.split(".")[0] for k in task.losses.state_dict()} == {"student"}
    optimizer = torch.optim.Adam(task.losses.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        loss = task.losses(task.batch(Place(0)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.95 * losses[0]
    assert all(torch.equal(v, before[k]) for k, v in asked.network.state_dict().items())


def test_steps_of_a_batch_are_drawn_alike_whoever_draws_them():
    task = DistillTask(subject(), subject().network, time_grid(9))
    whole = task.batch(Place(3)).times
    assert task.steps == 5
    parts = [task.batch(Place(3, 0.0, part, 2)).times for part in range(2)]
    assert all(torch.equal(parts[i], whole[i::2]) for i in range(2))
    drawn = {float(t) for step in range(40) for t in task.batch(Place(step)).times[:, 0]}
    assert drawn == set(task.times[:-1])


def test_epsilon_is_refused():
    asked = subject(Objective("epsilon"))
    with pytest.raises(InvalidRequest, match="objective=v"):
        DistillTask(asked, asked.network, time_grid(4))


@pytest.fixture
def shard(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "pictures.tar"
    with tarfile.open(path, "w") as tar:
        for i in range(3):
            file = io.BytesIO()
            Image.fromarray(rng.integers(0, 255, (40, 40, 3), np.uint8)).save(file, "png")
            info = tarfile.TarInfo(f"{i}.png")
            info.size = len(file.getvalue())
            tar.addfile(info, io.BytesIO(file.getvalue()))
    return path


def configuration(tmp_path, shard, **values):
    path = tmp_path / "distill.yaml"
    source = {"shards": [str(shard)], "weight": 1.0, "native": True}
    path.write_text(json.dumps({"sources": [source], "log": {"tensorboard": "off"}, **values}))
    return str(path)


def test_a_pixel_model_from_seven_steps_to_two(tmp_path, shard, capsys):
    torch.manual_seed(0)
    teacher = tmp_path / "teacher.safetensors"
    write_pixel(teacher, PixelNetworks(SMALL, sampling=SamplerConfig("ddim", 7)), {"a": 1})
    stage = {"steps": 2, "side": 8, "batch": 2, "save_steps": 1, "preview_steps": 2}
    config = configuration(tmp_path, shard, model=str(teacher), students=[4, 2], pixel=stage)
    out = tmp_path / "run"
    assert main(["distill", config, "--out", str(out), "--device", "cpu"]) == 0
    networks, header = read_pixel(out / "steps-2.safetensors")
    assert networks.sampling == SamplerConfig("ddim", 2, (1.0, 4 / 7, 0.0))
    assert header["settings"]["steps"] == 2
    told = header["card"]["distilled"]
    assert told["teacher"] == {"name": "teacher", "sha256": sha256_of(teacher)}
    assert (told["steps"], told["chain"], told["updates"]) == (2, [7, 4, 2], 2)
    assert header["card"]["a"] == 1
    assert list((out / "steps-2").rglob("*.png"))
    # Again: not by accident, and with --resume without training anything anew.
    before = sha256_of(out / "steps-2.safetensors")
    assert main(["distill", config, "--out", str(out), "--device", "cpu"]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(["distill", config, "--out", str(out), "--device", "cpu", "--resume"]) == 0
    assert sha256_of(out / "steps-2.safetensors") == before
    # A student knows its own steps only.
    changed = [f"model={out / 'steps-4.safetensors'}", "teacher_steps=8", "students=[4]"]
    assert main(["distill", config, *changed, "--out", str(tmp_path / "other")]) == 2
    assert "knows no others" in capsys.readouterr().err


def test_an_anchor_diffusion_from_four_steps_to_two(tmp_path, shard, capsys):
    torch.manual_seed(0)
    guide = SIZES["tiny"]
    plain = Networks.fresh(guide)
    shape = AnchorConfig(plain.anchors.config.code_features, 32, 1, 2, 9)
    networks = Networks(guide, shape, plain.objective)
    teacher = tmp_path / "teacher.safetensors"
    header = {"config": networks.to_config(), "settings": {"steps": 4, "work_size": 64}}
    write(teacher, {k: v.half() for k, v in networks.state_dict().items()}, header)
    stage = {"steps": 3, "side": 32, "batch": 4, "crops": 8, "precision": "fp32"}
    config = configuration(tmp_path, shard, model=str(teacher), students=[2], anchors=stage)
    out = tmp_path / "run"
    assert main(["distill", config, "--out", str(out), "--device", "cpu"]) == 0
    tensors, told = read(out / "steps-2.safetensors")
    student = Networks.from_config(told["config"], tensors)
    assert student.sampling == SamplerConfig("ddim", 2, (1.0, 0.5, 0.0))
    assert told["settings"] == {"steps": 2, "work_size": 64}
    assert told["card"]["distilled"]["teacher"]["sha256"] == sha256_of(teacher)
    before, _ = read(teacher)
    same = {k for k in tensors if torch.equal(tensors[k], before[k])}
    # Everything but the transformer is the teacher's to the bit; its statistics too.
    assert {k for k in tensors if not k.startswith("anchors.")} <= same
    assert {"anchors.centre", "anchors.spread"} <= same
    assert "anchors.inputs.weight" not in same
    data = ["--shard", str(shard), "--size", "32", "--limit", "1", "--teacher-steps", "4"]
    student_file = str(out / "steps-2.safetensors")
    assert main(["distill-compare", str(teacher), student_file, *data, "--device", "cpu"]) == 0
    assert "| student" in capsys.readouterr().out


@pytest.mark.parametrize("preset", ["distill-pixel", "distill-anchors"])
def test_presets_can_be_read(preset):
    config = read_as(DistillConfig, preset)
    assert config.students == [8, 4]
    assert dataclasses.replace(config).sources


def test_without_pictures_it_says_so(tmp_path, capsys):
    path = tmp_path / "c.yaml"
    path.write_text("model: default\n")
    assert main(["distill", str(path), "--out", str(tmp_path / "run")]) == 2
    assert "sources" in capsys.readouterr().err


def test_students_are_compared_with_their_teacher(tmp_path, shard, capsys):
    torch.manual_seed(0)
    teacher, student = tmp_path / "teacher.safetensors", tmp_path / "student.safetensors"
    networks = PixelNetworks(SMALL, sampling=SamplerConfig("ancestral", 4))
    write_pixel(teacher, networks, {})
    # A student that is its teacher, at the teacher's own times: no difference at all.
    networks.sampling = SamplerConfig("ddim", 4, time_grid(4))
    write_pixel(student, networks, {})
    data = ["--shard", str(shard), "--size", "16", "--limit", "2", "--teacher-steps", "4"]
    out = tmp_path / "page"
    words = ["distill-compare", str(teacher), str(student), *data, "--device", "cpu"]
    assert main([*words, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert text.strip() == (out / "students.md").read_text().strip()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    found = {row[0]: float(row[2]) for row in rows if len(row) == 5 and row[1] == "4"}
    assert found["student"] == found["teacher, ddim"] == 0
    assert found["teacher, dpm++2m"] > 0
    assert found["teacher, other noise"] > 1
    with Image.open(out / "students.png") as page:
        assert page.size == (6 * 18, 2 * 18)
