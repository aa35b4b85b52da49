"""Two windows change the settings at the same time."""

from __future__ import annotations

from napari_abdiffuser.studio.settings.merge import merge
from napari_abdiffuser.studio.settings.settings import Settings


def test_what_each_window_changed_is_kept():
    base = Settings().keep_preset("old")
    ours = base.change(n_outputs=7).keep_preset("mine", "steps").drop_preset("old")
    theirs = base.change(device="cpu", n_outputs=2).keep_preset("theirs").remember("open", {"a": 1})
    both = merge(base, ours, theirs)
    assert (both.preferences.n_outputs, both.preferences.device) == (7, "cpu")
    assert {preset.name for preset in both.presets} == {"mine", "theirs"}
    assert both.window == {"open": {"a": 1}}
    assert merge(base, ours, base) == ours
