"""What the window remembers, says and leaves behind."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
from npe2 import PluginManifest
from qtpy.QtCore import Qt, QThreadPool
from qtpy.QtGui import QShortcut
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)

import napari_abdiffuser
from napari_abdiffuser.studio.legend.palettes import shipped_palettes
from napari_abdiffuser.studio.settings.settings import load_settings
from napari_abdiffuser.widgets.common.keyboard import in_reading_order
from napari_abdiffuser.widgets.session.side_jobs import SideJobs
from napari_abdiffuser.widgets.settings import texts

GRAY = np.zeros((40, 60), dtype=np.uint8)


def test_choices_survive_a_restart(window, qtbot):
    w = window(GRAY)
    options = w.widget.options
    options.outputs_field.setValue(7)
    options.data_bar_switch.click()
    options.device_field.setEditText("cuda:7")
    options.device_field.lineEdit().editingFinished.emit()
    qtbot.waitUntil(lambda: load_settings()[0].preferences.n_outputs == 7)
    options.steps_field.setValue(11)  # not yet saved when the window goes
    w.widget.cleanup()
    again = window(GRAY)
    options = again.widget.options
    assert (options.values.n_outputs, options.values.steps, options.values.device) == (
        7,
        11,
        "cuda:7",
    )
    assert not options.data_bar_switch.isChecked()


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
    assert options.values.n_outputs == 3
    presets.field.setEditText("many")
    presets.use_button.click()
    assert options.values.n_outputs == 9
    presets.delete_button.click()
    assert w.widget.binder.keeper.settings.presets == ()
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


def controls(widget):
    """Every control that belongs to the studio, and not to the inside of one of Qt's."""
    kinds = (QAbstractButton, QAbstractSpinBox, QAbstractSlider, QComboBox, QLineEdit)
    whole = (QAbstractSpinBox, QComboBox, QAbstractItemView, QTabBar)
    for child in widget.findChildren(QWidget):
        above = child.parentWidget()
        while above is not widget and not isinstance(above, whole):
            above = above.parentWidget()
        inner = above is not widget or isinstance(child, QScrollBar)
        if isinstance(child, (*kinds, QAbstractItemView)) and not inner:
            yield child


def test_every_control_says_what_it_does_also_when_it_is_off(window):
    w = window()
    for _ in range(2):
        silent = [
            f"{type(child).__name__} {child.objectName()!r}"
            for child in controls(w.widget)
            if not child.toolTip()
        ]
        assert not silent, silent
        nameless = [c for c in controls(w.widget) if not c.objectName()]
        assert not nameless, [f"{type(c).__name__} {c.toolTip()!r}" for c in nameless]
        w.viewer.add_image(GRAY)


def test_tab_goes_down_and_keys_work_only_inside(window, qtbot):
    w = window(GRAY)
    order = list(in_reading_order(w.widget))
    names = [child.objectName() for child in order]
    wanted = [
        "image_field", "correct_undo", "tool_points", "swatch_gray", "legend_list", "gallery_list",
        "figure_export", "measure_map", "preset_field", "outputs_field", "colorize_button",
    ]  # fmt: skip
    places = [names.index(name) for name in wanted]
    assert places == sorted(places)
    w.widget.tools.legend.palettes.use(shipped_palettes()[1])  # other swatches in the same place
    chain, at = [], order[places[0]]
    while not chain or at is not order[places[0]]:
        chain.append(at.objectName())
        at = at.nextInFocusChain()
    assert chain.index("palette_menu") < chain.index("swatch_gray") < chain.index("outputs_field")
    shortcuts = w.widget.findChildren(QShortcut)
    assert {s.key().toString() for s in shortcuts} >= {"Ctrl+Return", "Esc"}
    assert all(
        s.context()
        in (Qt.ShortcutContext.WidgetWithChildrenShortcut, Qt.ShortcutContext.WidgetShortcut)
        for s in shortcuts
    )


def test_nothing_is_left_behind(window, qtbot):
    w = window(GRAY)
    events = w.viewer.layers.events, w.viewer.dims.events, w.viewer.events
    w.widget.options.outputs_field.setValue(2)
    # napari remembers the workers in its list of tasks.
    done, jobs = [], SideJobs(w.widget)
    tell = lambda value, widget=w.widget: done.append(value)  # noqa: E731
    w.widget.bench.run(lambda *_: 1, tell, label="a task")
    jobs.run("key", lambda _: 2, tell, tell, title="another")
    qtbot.waitUntil(lambda: sorted(done) == [1, 2], timeout=20000)
    del tell, jobs
    dead = weakref.ref(w.widget)
    studio = [weakref.ref(part) for part in (w.widget.store, w.widget.binder, w.widget.bench)]
    w.widget.cleanup()
    w.viewer.window.remove_dock_widget(w.widget)
    w.widget.deleteLater()
    w.widget = w.button = w.idle = None
    assert QThreadPool.globalInstance().waitForDone(5000)

    def gone():
        gc.collect()
        return dead() is None and all(part() is None for part in studio)

    qtbot.waitUntil(gone, timeout=20000)
    left = [
        repr(callback)
        for group in events
        for emitter in group.emitters.values()
        for callback in emitter.callbacks
    ]
    assert not [text for text in left if "abdiffuser" in text]


@pytest.fixture
def settings(npe2pm):
    """napari's settings, with those of the plugin."""
    found = pytest.importorskip("napari.settings")
    if not hasattr(found, "get_plugin_settings"):
        pytest.skip("napari has no preferences of plugins before 0.9")
    manifest = Path(napari_abdiffuser.__file__).with_name("napari.yaml")
    npe2pm.register(PluginManifest.from_file(manifest))
    found._PLUGIN_SETTINGS.clear()
    return found


def test_napari_can_show_its_preferences_with_those_of_the_plugin(settings, make_napari_viewer):
    dialog = make_napari_viewer().window._open_preferences_dialog()
    pages = [dialog._list.item(n).text() for n in range(dialog._list.count())]
    dialog.close()
    assert any("diffuser" in page.lower() for page in pages), pages


def test_napari_preferences_and_the_studio_follow_each_other(window, settings):
    w = window(GRAY)
    page = settings.get_plugin_settings("napari-abdiffuser").studio
    page.gray_unless_hinted = True
    assert w.widget.store.state.corrections.background.gray
    page.n_outputs = 8
    assert w.widget.options.values.n_outputs == 8
    w.widget.options.outputs_field.setValue(3)
    assert page.n_outputs == 3
    w.widget.cleanup()
    page.n_outputs = 5  # while no studio is open
    assert window(GRAY).widget.options.values.n_outputs == 5
