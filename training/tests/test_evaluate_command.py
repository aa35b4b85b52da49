"""The command, its files, and runs that were interrupted."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from abdiffuser_training.cli import main
from abdiffuser_training.evaluate import running
from abdiffuser_training.evaluate.inputs.pictures import load_set
from abdiffuser_training.evaluate.protocols import speed
from abdiffuser_training.evaluate.protocols.guided import evaluate_guided
from abdiffuser_training.evaluate.report import plots
from abdiffuser_training.evaluate.report.report import (
    Report,
    Table,
    to_csv,
    to_markdown,
    write_report,
)
from abdiffuser_training.evaluate.subjects.baselines import nearest_hint
from abdiffuser_training.evaluate.subjects.models import ColorizerModel
from abdiffuser_training.evaluate.subjects.subjects import opened
from napari_abdiffuser import colorizer
from napari_abdiffuser.imaging.colorspace import render, srgb_to_lab


class FakeColorizer:
    """Spreads the nearest hint, through the promised interface."""

    device = "cpu"

    @classmethod
    def load(cls, name, device):
        return cls()

    def describe(self):
        return {"model": {"name": "fake", "sha256": "abc"}}

    def open(self, image):
        assert image.dtype == np.uint8
        assert image.ndim == 2
        opened = FakeColorizer()
        opened.lightness = srgb_to_lab(np.repeat(image[..., None] / 255, 3, axis=2))[..., 0]
        return opened

    def paint(self, hints, n_outputs, steps=None, seed=0, background="auto"):
        painted = np.zeros((3, *self.lightness.shape), np.float32)
        if hints is not None:
            painted = hints.hint_map(self.lightness.shape)
        chroma = nearest_hint(self.lightness, painted)
        rgb, shown = render(self.lightness.astype(np.float32), chroma)
        return SimpleNamespace(best=rgb, chroma=np.repeat(shown[None], n_outputs, axis=0))

    def __call__(self, image, n_outputs):
        return self.open(image).paint(None, n_outputs)


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setitem(vars(colorizer), "Colorizer", FakeColorizer)
    opened.cache_clear()
    yield
    opened.cache_clear()


def test_a_model_is_asked_what_the_baselines_are_asked(discs, fake):
    model = ColorizerModel("default")
    expected = evaluate_guided([discs], nearest_hint, (0, 1, 10))
    found = evaluate_guided([discs], model.best, (0, 1, 10))
    assert found == {n: pytest.approx(value, abs=0.1) for n, value in expected.items()}
    nothing = np.zeros((3, 96, 96), np.float32)
    assert model.samples(discs.lightness, nothing, 3).shape == (3, 96, 96, 2)


def test_speed_table(monkeypatch, fake):
    monkeypatch.setattr(speed, "_in_new_process", lambda work, *arguments: work(*arguments))
    monkeypatch.setattr(speed, "_thesis_seconds", lambda size, device: 2.0)
    table = speed.speed_table("default", repeats=1, large=(300, 400))
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["1 output, 400 × 300, once"][1] > 10
    assert rows["thesis' U-Net: 9 outputs × 1000 steps, 256² (extrapolated)"][0] == 18000
    assert all(row[0] > 0 for row in rows.values())


def test_few_pictures_are_spread_over_the_set(discs_shard):
    some = load_set([discs_shard], 48, limit=2)
    assert [p.key for p in some.pictures] == ["a", "b"]
    assert (some.places, some.total) == ((0, 1), 3)
    two = load_set([discs_shard, discs_shard], 48, limit=1, holdout=2)
    assert [p.key for p in two.pictures] == ["few/b", "few-2/b"]
    assert (two.places, two.total) == ((0, 2), 4)
    assert some.pictures[0].mask.shape == (48, 48)


def test_a_broken_picture_takes_no_hints_from_others(discs_shard):
    with tarfile.open(discs_shard, "a") as tar:
        member = tarfile.TarInfo("aa.png")
        member.size = 9
        tar.addfile(member, io.BytesIO(b"no png at"))
    found = load_set([discs_shard], 48)
    assert [p.key for p in found.pictures] == ["a", "b", "c"]
    assert (found.places, found.total) == ((0, 2, 3), 4)


def test_report(tmp_path):
    table = Table("A table", ("name", "value"), (("x", 1.23456789), ("y", np.nan)), ("Why.",))
    assert to_markdown(table).splitlines()[4] == "| x    | 1.235 |"
    assert to_csv(table).splitlines()[1] == "x,1.23456789"
    page = write_report(tmp_path, [Report(table, "one", "abdiffuser-train evaluate …")])
    write_report(tmp_path, [Report(table, "two", "…"), Report(table, "one", "again")])
    assert page.read_text().startswith("## A table")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "metrics.json", "one.csv", "report.md", "two.csv",
    ]  # fmt: skip
    entries = json.loads((tmp_path / "metrics.json").read_text())
    assert [(e["protocol"], e["command"]) for e in entries] == [("one", "again"), ("two", "…")]
    assert entries[1]["rows"] == [{"name": "x", "value": 1.23456789}, {"name": "y", "value": None}]


@pytest.mark.parametrize("protocol", ["guided", "bleeding", "automatic", "thesis", "zhang"])
def test_command_line(protocol, discs_shard, tmp_path, capsys):
    words = ["evaluate", "baselines", "--protocol", protocol, str(discs_shard), "--size", "48"]
    words += ["--limit", "2", "--out", str(tmp_path / "out"), "--pictures", "1"]
    words += [] if protocol in ("automatic", "thesis") else ["--cell", "2"]
    words += ["--counts", "0,2", "--write-hints", str(tmp_path / "hints")]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "all gray" in printed
    (entry,) = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert entry["settings"]["pictures"] == 2
    assert (tmp_path / "out" / "pictures" / f"{protocol}.csv").exists()
    with Image.open(tmp_path / "out" / f"{protocol}.png") as page:
        assert page.width > 160
    # The same hints from their file give the same table.
    words[words.index("--write-hints")] = "--hints"
    assert main(words) == 0
    seconds = re.compile(r"\| [^|]+\| \d+ +\|$", re.MULTILINE)
    assert seconds.sub("", capsys.readouterr().out) == seconds.sub("", printed)


def test_several_models_in_several_protocols(fake, discs_shard, tmp_path, capsys, monkeypatch):
    discs_shard.rename(tmp_path / "sem-color-val.tar")
    monkeypatch.setattr(speed, "speed_table", lambda *_: Table("Speed", ("what",), (("x",),)))
    words = ["evaluate", "default", "--protocol", "all", "--data-folder", str(tmp_path)]
    words += ["--limit", "1", "--samples", "2", "--steps", "5", "--also", "other=default"]
    assert main([*words, "--baselines", "all gray", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "other: best of 2" in printed
    entries = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert [entry["protocol"] for entry in entries] == ["guided", "steps", "speed"]
    assert entries[0]["models"] == {"default": "abc", "other": "abc"}
    assert "--also other=default --limit 1 --steps 5" in entries[0]["command"]
    assert "samples in 5 steps" in entries[0]["notes"][0]


def test_an_interrupted_run_goes_on(discs_shard, tmp_path, monkeypatch, capsys):
    words = ["evaluate", "baselines", "--protocol", "guided", str(discs_shard), "--size", "48"]
    words += ["--counts", "0,2", "--baselines", "nearest hint", "--out", str(tmp_path)]
    measured, honest = [], running._measure

    def killed(settings, item):
        if len(measured) == 2:
            raise KeyboardInterrupt
        measured.append(item[0].key)
        return honest(settings, item)

    monkeypatch.setattr(running, "_measure", killed)
    assert main(words) == 130
    left = tmp_path / ".guided.partial.jsonl"
    left.write_text(left.read_text()[:-9])  # the last line is torn: its picture is done again
    monkeypatch.setattr(running, "_measure", lambda s, i: measured.append(i[0].key) or honest(s, i))
    assert main(words) == 0
    assert measured == ["a", "b", "b", "c"]
    assert not left.exists()
    assert "| nearest hint | 2 " in capsys.readouterr().out


@pytest.mark.slow
def test_workers_give_the_same_figures(discs_shard, tmp_path, capsys):
    words = ["evaluate", "baselines", "--protocol", "guided", str(discs_shard), "--size", "48"]
    words += ["--counts", "2", "--baselines", "nearest hint,Levin 2004"]
    for workers in ("1", "2"):
        assert main([*words, "--workers", workers, "--out", str(tmp_path / workers)]) == 0
    rows = [json.loads((tmp_path / w / "metrics.json").read_text())[0]["rows"] for w in "12"]
    for one, two in zip(*rows, strict=True):
        assert {**one, "s / picture": 0} == {**two, "s / picture": 0}


def test_plots(tmp_path, caplog, monkeypatch):
    columns = ("method", "hints", "PSNR mean")
    rows = (("a", "0", 20.0), ("a", "10", 25.0), ("b (published)", "10", 30.0))
    table = Table("Protocol x", columns, rows)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert not plots.plot_curves(table, tmp_path / "x.svg")
    assert "abdiffuser-training[report]" in caplog.text
    monkeypatch.undo()
    pytest.importorskip("matplotlib")
    assert plots.plot_curves(table, tmp_path / "x.svg")
    first = (tmp_path / "x.svg").read_bytes()
    assert plots.plot_curves(table, tmp_path / "x.svg")
    assert first.startswith(b"<?xml")
    assert os.listdir(tmp_path) == ["x.svg"]


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--protocol", "guided"], "name a shard"),
        (["--protocol", "speed"], "give its name"),
        (["--protocol", "steps", "x.tar"], "give its name"),
        (["--protocol", "all"], "--data-folder"),
        (["--protocol", "guided", "none.tar"], "none.tar"),
        (["--protocol", "guided", "x", "--baselines", "magic"], "No baseline"),
        (["--protocol", "icolorit", "x", "--counts", "3"], "no hints of number"),
        (["--protocol", "guided", "x", "--limit", "0"], "--limit"),
        (["--protocol", "guided", "x", "--seed", "-1"], "--seed"),
        (["--protocol", "guided", "x", "--pictures", "2"], "--out"),
    ],
)
def test_command_line_refuses(words, match, discs_shard, capsys):
    words = [str(discs_shard) if word == "x" else word for word in words]
    assert main(["evaluate", "baselines", *words]) == 2
    assert match in capsys.readouterr().err
