from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_abdiffuser.errors import InvalidFile, InvalidRequest
from napari_abdiffuser.files.atomic import config_folder, write_json
from napari_abdiffuser.studio.settings.settings import (
    Preferences,
    Settings,
    load_settings,
    merge,
    save_settings,
    settings_path,
)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("ABDIFFUSER_CONFIG", str(tmp_path / "config"))
    return settings_path()


def test_they_survive_a_restart(file):
    assert load_settings() == (Settings(), ())
    kept = Settings().change(device="cpu", n_outputs=9, palette="Okabe-Ito").keep_preset("mine")
    kept = kept.change(live=False).keep_preset("short", "n_outputs")
    save_settings(kept)
    assert load_settings() == (kept, ())
    assert kept.drop_preset("mine").presets[0].values == {"n_outputs": 9}
    later = kept.change(n_outputs=1, device="auto")
    assert later.use_preset("short").preferences.n_outputs == 9
    assert later.use_preset("short").preferences.device == "auto"
    assert later.use_preset("mine").preferences.device == "cpu"


def test_unknown_keys_are_written_back(file):
    write_json(
        file,
        {
            "format": "abdiffuser-settings",
            "version": 3,
            "preferences": {"theme": "solar", "steps": 12},
            "windows": [1],
        },
        "settings",
    )
    settings, notices = load_settings()
    assert notices == ()
    assert settings.preferences.steps == 12
    save_settings(settings.change(steps=13))
    data = json.loads(file.read_text(encoding="utf-8"))
    assert data["windows"] == [1]
    assert data["preferences"]["theme"] == "solar"
    assert data["preferences"]["steps"] == 13


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "x"}', "", "\udcff"])
def test_a_broken_file_gives_defaults_and_is_kept(file, content):
    file.parent.mkdir(parents=True)
    raw = content.encode("utf-8", "surrogateescape")
    file.write_bytes(raw)
    for _ in range(2):  # also at the second start, once only
        settings, notices = load_settings()
    assert settings == Settings()
    assert len(notices) == 1
    save_settings(settings)
    kept = list(file.parent.glob("settings-broken-*.json"))
    assert [path.read_bytes() for path in kept] == [raw]
    assert kept[0].name in notices[0]
    assert load_settings() == (settings, ())


def test_one_wrong_value_costs_only_itself(file):
    good = Settings().change(device="cpu").keep_preset("p", "steps")
    data = good.to_dict()
    data["preferences"] |= {"n_outputs": 900, "live": "yes"}
    data["presets"] += [{"name": "bad", "values": {"steps": -1}}, 3]
    write_json(file, data, "settings")
    settings, notices = load_settings()
    assert settings == good
    assert len(notices) == 4
    assert list(file.parent.glob("settings-broken-*"))


def test_wrong_values_are_refused():
    for values in ({"n_outputs": 65}, {"live": 1}, {"device": None}, {"tempo": 3}):
        with pytest.raises(InvalidRequest):
            Settings().change(**values)
    with pytest.raises(InvalidRequest, match="type one"):
        Settings().keep_preset("  ")
    with pytest.raises(InvalidRequest, match="no preset"):
        Settings().use_preset("x")
    assert Preferences() == Settings().preferences


def test_the_folder_is_the_systems_or_the_one_asked_for(file, monkeypatch, tmp_path):
    assert config_folder() == tmp_path / "config"
    monkeypatch.delenv("ABDIFFUSER_CONFIG")
    assert config_folder().name == "napari-abdiffuser"
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(InvalidFile, match="choose a folder"):
        save_settings(Settings(), Path(blocked) / "settings.json")


def test_changes_of_two_windows_are_merged():
    base = Settings().keep_preset("old")
    ours = base.change(n_outputs=7).keep_preset("mine", "steps").drop_preset("old")
    theirs = base.change(device="cpu", n_outputs=2).keep_preset("theirs").remember("open", {"a": 1})
    both = merge(base, ours, theirs)
    assert (both.preferences.n_outputs, both.preferences.device) == (7, "cpu")
    assert {preset.name for preset in both.presets} == {"mine", "theirs"}
    assert both.window == {"open": {"a": 1}}
    assert merge(base, ours, base) == ours
