"""Fields of the options, which are made of the options' descriptions."""

from __future__ import annotations

from dataclasses import replace

from napari_abdiffuser.options import OPTIONS, Background, RunOptions
from napari_abdiffuser.widgets.settings.options import Options


def test_fields_show_the_defaults_and_what_they_show_is_asked_for(qtbot):
    options = Options()
    qtbot.addWidget(options)
    assert options.values == RunOptions()
    options.outputs_field.setValue(5)
    options.steps_field.setValue(12)
    options.background_field.setCurrentText("Gray unless hinted")
    options.data_bar_switch.setChecked(False)
    asked = RunOptions(5, 12, 0, Background.GRAY, data_bar=False)
    assert options.values == asked


def test_a_changed_range_shows_in_the_form(qtbot, monkeypatch):
    monkeypatch.setitem(OPTIONS, "n_outputs", replace(OPTIONS["n_outputs"], minimum=2, maximum=7))
    monkeypatch.setitem(OPTIONS, "steps", replace(OPTIONS["steps"], maximum=9))
    options = Options()
    qtbot.addWidget(options)
    assert (options.outputs_field.minimum(), options.outputs_field.maximum()) == (2, 7)
    assert (options.steps_field.minimum(), options.steps_field.maximum()) == (0, 9)
