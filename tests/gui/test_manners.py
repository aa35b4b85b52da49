"""What the window remembers, says and leaves behind."""

from __future__ import annotations

import numpy as np

from napari_abdiffuser.studio.settings import load_settings
from napari_abdiffuser.widgets import texts_settings as texts

GRAY = np.zeros((40, 60), dtype=np.uint8)


def test_choices_and_open_sections_survive_a_restart(window, qtbot):
    w = window(GRAY)
    options = w.widget.options
    options.outputs_field.setValue(7)
    options.data_bar_switch.click()
    options.device_field.setEditText("cuda:7")
    options.device_field.lineEdit().editingFinished.emit()
    options.advanced.header.click()
    qtbot.waitUntil(lambda: load_settings()[0].preferences.n_outputs == 7)
    options.steps_field.setValue(11)  # not yet saved when the window goes
    w.widget.cleanup()
    again = window(GRAY)
    options = again.widget.options
    assert (options.n_outputs, options.steps, options.device) == (7, 11, "cuda:7")
    assert not options.data_bar_switch.isChecked()
    assert options.advanced.header.isChecked()
    assert options.data_bar_switch.isVisibleTo(options)


def test_presets_are_saved_used_and_deleted(window):
    w = window(GRAY)
    presets, options = w.widget.options.presets, w.widget.options
    assert not presets.save_button.isEnabled()
    assert presets.save_button.toolTip() == texts.WHY_ORIGINAL
    options.outputs_field.setValue(9)
    presets.field.setEditText("many")
    assert not presets.use_button.isEnabled()
    presets.save_button.click()
    assert w.widget.footer.status.text() == texts.SAVED.format(name="many")
    presets.field.setEditText(texts.ORIGINAL)
    presets.use_button.click()
    assert options.n_outputs == 4
    presets.field.setEditText("many")
    presets.use_button.click()
    assert options.n_outputs == 9
    presets.delete_button.click()
    assert w.widget.manners.keeper.settings.presets == ()
    assert presets.name == texts.ORIGINAL


def test_the_first_steps_go_for_ever_and_come_back_when_asked(window):
    w = window(GRAY)
    assert w.widget.welcome.isVisibleTo(w.widget)
    w.widget.welcome.button.click()
    assert not w.widget.welcome.isVisibleTo(w.widget)
    w.widget.cleanup()
    again = window(GRAY).widget
    assert not again.welcome.isVisibleTo(again)
    again.options.welcome_button.click()
    assert again.welcome.isVisibleTo(again)
    assert not again.options.welcome_button.isEnabled()
