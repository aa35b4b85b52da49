"""The menus as napari itself builds them from the installed manifest."""

from __future__ import annotations

from app_model.types import MenuItem
from napari._app_model import get_app_model
from qtpy.QtCore import QThreadPool


def in_menu(menu: str) -> set[str]:
    items = get_app_model().menus.get_menu(menu)
    return {item.command.id for item in items if isinstance(item, MenuItem)}


def test_menus_offer_colorizing_the_sample_and_hints(make_napari_viewer_proxy):
    viewer = make_napari_viewer_proxy()
    assert "napari-abdiffuser.colorize" in in_menu("napari/layers/filter")
    assert "napari-abdiffuser.new_hints" in in_menu("napari/layers/annotate")
    assert "napari-abdiffuser.micrograph" in in_menu("napari/file/samples")

    run = get_app_model().commands.execute_command
    run("napari-abdiffuser.micrograph").result()
    image, hints = viewer.layers
    assert (image.ndim, image.rgb) == (2, False)
    assert len(hints.data)
    assert (hints.data >= 0).all()
    assert (hints.data < image.data.shape).all()

    run("napari-abdiffuser.new_hints").result()
    assert [len(layer.data) for layer in viewer.layers[2:]] == [0]


def test_a_command_puts_the_keyboard_into_the_studio(make_napari_viewer_proxy):
    viewer = make_napari_viewer_proxy()
    run = get_app_model().commands.execute_command
    run("napari-abdiffuser.micrograph").result()
    run("napari-abdiffuser.take_keyboard").result()
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdiffuser", "Colorize")
    assert widget.window().focusWidget().objectName() == "welcome_dismiss"
    widget.welcome.button.click()
    run("napari-abdiffuser.take_keyboard").result()
    assert widget.window().focusWidget().objectName() == "tool_points"
    widget.cleanup()
    assert QThreadPool.globalInstance().waitForDone(20000)
