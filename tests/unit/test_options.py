"""Options: one description that checks, settings and napari's preferences share."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml

import napari_abdiffuser
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.options import OPTIONS, Background, PaintOptions, RunOptions
from napari_abdiffuser.studio.settings.settings import Preferences


@pytest.fixture
def narrow(monkeypatch):
    """Fewer variations than in truth."""
    monkeypatch.setitem(OPTIONS, "n_outputs", replace(OPTIONS["n_outputs"], minimum=2, maximum=7))


def test_a_changed_range_shows_in_checks_and_settings(narrow):
    assert PaintOptions(n_outputs=7).n_outputs == Preferences(n_outputs=7).n_outputs == 7
    for wrong in (1, 8):
        with pytest.raises(InvalidRequest, match=f"between 2 and 7, not {wrong}"):
            PaintOptions(n_outputs=wrong)
        with pytest.raises(InvalidRequest, match="from 2 to 7"):
            Preferences(n_outputs=wrong)


def test_every_option_has_a_description_and_a_default_that_it_allows():
    assert list(OPTIONS) == [field.name for field in fields(RunOptions)]
    assert all(option.label and option.help for option in OPTIONS.values())
    assert RunOptions() == RunOptions(**{name: getattr(RunOptions, name) for name in OPTIONS})


def test_a_background_is_one_of_two_names():
    assert PaintOptions(background="gray").background is Background.parse("gray") is Background.GRAY
    assert set(OPTIONS["background"].choices) == set(Background)
    for wrong in ("blue", "", None, True, ["auto"]):
        with pytest.raises(InvalidRequest, match="background is 'auto' or 'gray'"):
            Background.parse(wrong)


def test_napari_preferences_agree_with_the_options():
    manifest = Path(napari_abdiffuser.__file__).with_name("napari.yaml")
    content = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    properties = content["contributions"]["configurations"]["studio"]["properties"]
    shared = properties.keys() & OPTIONS.keys()
    assert shared == {"device", "n_outputs", "data_bar"}
    for name in shared:
        shown, option = properties[name], OPTIONS[name]
        assert shown["title"] == option.label
        assert shown["default"] == getattr(Preferences(), name)
        limits = shown.get("minimum"), shown.get("maximum")
        assert limits == (option.minimum, option.maximum)
    gray = properties["gray_unless_hinted"]
    assert gray["title"] == OPTIONS["background"].choices["gray"]
    assert gray["default"] == Preferences().background.gray
