from __future__ import annotations

import pytest
from app_model.types import MenuItem
from napari._app_model import get_app_model
from qtpy.QtWidgets import QPushButton


@pytest.fixture
def viewer(make_napari_viewer_proxy):
    return make_napari_viewer_proxy()


def in_menu(menu: str) -> set[str]:
    items = get_app_model().menus.get_menu(menu)
    return {item.command.id for item in items if isinstance(item, MenuItem)}


def test_the_plugins_name_opens_the_dock_widget(viewer):
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdiffuser")
    button = widget.findChild(QPushButton, "colorize_button")
    assert button.text() == "Colorize"


def test_menus_offer_colorizing_and_hints(viewer):
    assert "napari-abdiffuser.colorize" in in_menu("napari/layers/filter")
    assert "napari-abdiffuser.new_hints" in in_menu("napari/layers/annotate")

    get_app_model().commands.execute_command("napari-abdiffuser.micrograph").result()
    image, hints = viewer.layers
    assert (image.ndim, image.rgb) == (2, False)
    assert len(hints.data)
    assert (hints.data >= 0).all()
    assert (hints.data < image.data.shape).all()

    get_app_model().commands.execute_command("napari-abdiffuser.new_hints").result()
    assert len(viewer.layers) == 3
    assert len(viewer.layers[-1].data) == 0
