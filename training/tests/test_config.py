"""Configurations: presets, files on top of them, changes, and what is said of mistakes."""

from __future__ import annotations

import pytest

from abdiffuser_training.fit.config import presets, read_config, to_yaml
from abdiffuser_training.fit.run import SourceMixture
from napari_abdiffuser.errors import InvalidRequest


def test_every_preset_is_whole_and_has_a_budget():
    assert {"thesis", "release", "small-cpu", "tiny"} <= set(presets())
    for name in presets():
        config = read_config(name)
        for stage in config.stages:
            settings = config.stage(stage)
            settings.check()
            assert settings.seed == config.seed


def test_the_thesis_is_trained_as_its_source_says():
    config = read_config("thesis")
    assert config.stages == ["pretrain", "finetune"]
    first, second = config.pretrain, config.finetune
    assert (first.steps, first.batch, first.rate, first.optimizer) == (100_000, 64, 1e-4, "adam")
    assert (second.steps, second.batch, second.rate) == (20_000, 32, 7e-5)
    assert second.start == "pretrain"
    for stage in (first, second):
        assert (stage.side, stage.times, stage.objective, stage.noise) == (
            256,
            1000,
            "v",
            "sigmoid",
        )
        assert stage.schedule == "constant"


def test_a_file_changes_a_preset_and_changes_change_the_file(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "base: tiny\nseed: 5\nguide: {steps: 99, rate: 1.0e-2}\n"
        "sources: [{shards: [a.tar, b.tar], weight: 1.0}]\n"
    )
    config = read_config(
        mine, ["guide.steps=7", "guide.crops=[{side: 48, batch: 2}]", "size=small"]
    )
    assert (config.seed, config.guide.steps, config.guide.rate) == (5, 7, 1e-2)
    assert config.guide.warmup == read_config("tiny").guide.warmup
    assert config.guide.crops[0].side == 48
    assert config.stage("anchors").seed == 5
    assert config.data_names == ["a.tar", "b.tar"]
    assert read_config(_written(tmp_path, config)) == config


def _written(folder, config):
    path = folder / "written.yaml"
    path.write_text(to_yaml(config))
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["guide.step=3"], r"'step' does not exist .*'steps'.*guide\.step"),
        (["guide.steps=many"], r"many.*guide\.steps"),
        (["stages=[gide]"], "stages has 'gide'; there are guide, anchors"),
        (["guide.steps"], "is no change: give key=value"),
        (["guide.steps=[1"], "YAML|column"),
        (["pictures=disk"], "neither cpu nor device"),
        (["stages=[]"], "stages is empty"),
        (["size=huge"], "size=huge is not one of"),
        (["guide.precision=fp64"], "fp64 is not one of"),
        (["guide.crops=[]"], "guide.crops is empty"),
        (["guide.crops=[{side: 31}]"], "side 31"),
        (["guide.crops=[{side: 32, batch: 0}]"], "batch=0"),
        (["anchors.colours=red"], "neither fitted nor local"),
        (["anchors.batch=0"], "batch=0"),
        (["upsampler.factors=[]"], "factors"),
        (["settings={steps: few}"], "settings.steps=few"),
    ],
)
def test_mistakes_are_named(changes, message):
    with pytest.raises(InvalidRequest, match=message):
        read_config("tiny", changes)


def test_files_that_are_none_are_named(tmp_path):
    with pytest.raises(InvalidRequest, match=r"no configuration tinny: .*small-cpu, .*tiny"):
        read_config("tinny")
    path = tmp_path / "list.yaml"
    path.write_text("- 1\n")
    with pytest.raises(InvalidRequest, match="not a table"):
        read_config(path)
    path.write_text(f"base: {path}\n")
    with pytest.raises(InvalidRequest, match="its own base"):
        read_config(path)


def test_no_pictures_and_broken_shards_are_said(tmp_path):
    with pytest.raises(InvalidRequest, match="give sources="):
        SourceMixture([], 0, {})
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no tar at all" * 100)
    with pytest.raises(InvalidRequest, match=r"broken\.tar"):
        SourceMixture([{"shards": [str(broken)]}], 0, {}).batch(0, 2, 16)
