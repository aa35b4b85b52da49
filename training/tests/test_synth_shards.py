"""Scenes in shards: exact members, the same bytes from any number of workers, nothing lost."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from abdiffuser_training.synth import random_scene, shard
from abdiffuser_training.synth.command import add_parser
from abdiffuser_training.synth.microscope.data_bar import add_bar
from abdiffuser_training.synth.shard import SceneSettings, make_sample, write_shard, write_shards
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.conversion import lightness_of_gray8, srgb_to_lab

SIZE = (48, 64)
SETTINGS = SceneSettings(SIZE, 4)


def contents(path):
    with tarfile.open(path) as tar:
        return {name: tar.extractfile(name).read() for name in tar.getnames()}


def decoded(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)


def test_a_shard_holds_the_scenes_and_leaves_no_half_file(tmp_path) -> None:
    write_shard(tmp_path / "s.tar", 2, SIZE, seed=4)
    assert [p.name for p in tmp_path.iterdir()] == ["s.tar"]
    data = contents(tmp_path / "s.tar")
    assert len(data) == 8
    expected = random_scene(np.random.default_rng((4, 1)), SIZE)
    for suffix, array in (
        ("png", expected.gray),
        ("mask.png", expected.instances),
        ("class.png", expected.classes),
    ):
        np.testing.assert_array_equal(decoded(data[f"synth-4-000001.{suffix}"]), array)
    names = json.loads(data["synth-4-000001.json"])["classes"]
    assert tuple(names) == expected.class_names


def test_workers_an_interruption_and_more_scenes_change_no_byte(tmp_path, monkeypatch) -> None:
    whole = write_shards(tmp_path / "whole", 7, SETTINGS, shard_size=3)
    assert [path.name for path in whole] == [f"synth-00000{k}.tar" for k in range(3)]
    bytes_of = [path.read_bytes() for path in whole]
    many = write_shards(tmp_path / "many", 7, SETTINGS, shard_size=3, workers=2)
    assert [path.read_bytes() for path in many] == bytes_of

    calls = []

    def fails(task):
        calls.append(task[1])
        if len(calls) == 5:
            raise KeyboardInterrupt
        return make_sample(*task)

    out = tmp_path / "out"
    monkeypatch.setattr(shard, "_make", fails)
    with pytest.raises(KeyboardInterrupt):
        write_shards(out, 7, SETTINGS, shard_size=3)
    assert sorted(p.name for p in out.iterdir()) == [".synth", "synth-000000.tar"]
    write_shards(out, 5, SETTINGS, shard_size=3)
    again = write_shards(out, 7, SETTINGS, shard_size=3)
    assert [path.read_bytes() for path in again] == bytes_of
    # 0 … 4 until the interruption, the second shard anew, then only what was added to it and after.
    assert calls == [0, 1, 2, 3, 4, 3, 4, 3, 4, 5, 6]


def test_print_is_ground_and_stays_gray() -> None:
    gray = np.full((128, 160), 90, np.uint8)
    for seed in range(12):
        shown, where = add_bar(np.random.default_rng(seed), gray)
        assert shown.shape == gray.shape
        assert 0 < where.mean() < 0.2
        assert not np.array_equal(shown, gray)
        assert np.array_equal(shown[:100], gray[:100])
    settings = SceneSettings((96, 96), 2, ("packed spheres",), bars=1.0, colored=True)
    scene = random_scene(np.random.default_rng((2, 0)), (96, 96), ("packed spheres",), 1.0)
    assert scene.printed is not None
    assert not scene.instances[scene.printed].any()
    parts = make_sample(settings, 0)
    rgb = decoded(parts["png"])
    assert (np.ptp(rgb[scene.printed].astype(int), axis=1) <= 1).all()
    assert np.ptp(rgb.astype(int), axis=2).max() > 30
    # Colours never touch the picture itself: its lightness is within the rounding of sRGB.
    lightness = np.asarray(srgb_to_lab(rgb.astype(np.float32) / 255))[..., 0]
    truth = np.asarray(lightness_of_gray8(scene.gray))
    assert np.abs(lightness - truth).max() < 0.6


def test_kinds_can_be_chosen() -> None:
    for seed in range(3):
        scene = random_scene(np.random.default_rng(seed), SIZE, ("fibres", "cubes"))
        assert set(scene.class_names) <= {"ground", "fibres", "cubes"}


def test_wrong_values_and_other_settings_are_refused(tmp_path) -> None:
    for settings, words in (
        (SceneSettings((4, 9)), "--size"),
        (SceneSettings(kinds=("unicorns",)), "unicorns.*there are: grains"),
        (SceneSettings(bars=2), "--bars"),
        (SceneSettings(seed=-1), "--seed"),
    ):
        with pytest.raises(InvalidRequest, match=words):
            write_shards(tmp_path / "no", 1, settings)
    with pytest.raises(InvalidRequest, match="--n"):
        write_shards(tmp_path / "no", 0, SETTINGS)
    write_shards(tmp_path / "yes", 1, SETTINGS)
    with pytest.raises(InvalidRequest, match=r"other settings \(seed\)"):
        write_shards(tmp_path / "yes", 1, SceneSettings(SIZE, 5))


def test_the_command_writes_shards_and_a_contact_sheet(tmp_path) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    words = ["synth", str(tmp_path / "o"), "--n", "2", "--size", "48x64", "--workers", "1"]
    arguments = parser.parse_args(words)
    assert "2 scenes in 1 shards" in arguments.run(arguments)
    with Image.open(tmp_path / "o" / "contact.png") as page:
        assert page.width > 500
    arguments.size = "wide"
    with pytest.raises(InvalidRequest, match="HEIGHTxWIDTH"):
        arguments.run(arguments)
