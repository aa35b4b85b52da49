"""Commands of napari's menus."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from napari.layers import Image
from napari.utils.notifications import show_info
from napari.viewer import Viewer  # napari hands in the viewer by this annotation

from napari_abdiffuser.layers.hints.new import new_hints_layer as make_hints_layer
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.widgets.common import texts

if TYPE_CHECKING:
    from napari_abdiffuser.widgets.dock import ColorizeWidget

__all__ = [
    "export_figure", "load_work", "new_hints_layer", "redo", "run", "save_work", "take_keyboard",
    "undo",
]  # fmt: skip


def new_hints_layer(viewer: Viewer) -> None:
    """Put an empty hints layer on the active image, or else on the topmost, ready for clicks.

    Nothing is returned, since napari adds to the viewer what a command returns: the layer has to
    be there before it can be selected.
    """
    images = [
        layer
        for layer in viewer.layers
        if isinstance(layer, Image) and PROVENANCE_KEY not in layer.metadata
    ]
    if not images:
        show_info(texts.WHY_NO_IMAGE)
        return
    active = viewer.layers.selection.active
    layer = make_hints_layer(active if active in images else images[-1])
    viewer.add_layer(layer)
    viewer.layers.selection.active = layer
    layer.mode = "add"


def export_figure(viewer: Viewer) -> None:
    """Ask where to, and write the figure of the colouring on screen."""
    _studio(viewer).figure.export()


def run(viewer: Viewer) -> None:
    """Colorize the image chosen in the studio, or cancel what is under way."""
    _studio(viewer).run_or_cancel()


def take_keyboard(viewer: Viewer) -> None:
    """Let keys go to the studio: Tab would pass all of napari's controls before."""
    _studio(viewer).take_keyboard()


def undo(viewer: Viewer) -> None:
    """Take back the last change of hints, classes, corrections or results."""
    _studio(viewer).sync.undo()


def redo(viewer: Viewer) -> None:
    """Do again what was taken back."""
    _studio(viewer).sync.redo()


def save_work(viewer: Viewer) -> None:
    """Ask where to, and write classes, hints and settings of the picture at hand."""
    _studio(viewer).series.save()


def load_work(viewer: Viewer) -> None:
    """Ask which file, and use its classes and hints on the picture at hand."""
    _studio(viewer).series.load()


def _studio(viewer: Viewer) -> ColorizeWidget:
    """Return the studio of a viewer, which is opened if need be."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdiffuser", "Colorize")
    return cast("ColorizeWidget", widget)
