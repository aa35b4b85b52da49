"""Commands of napari's menus."""

from __future__ import annotations

from napari.layers import Image
from napari.utils.notifications import show_info
from napari.viewer import Viewer  # napari hands in the viewer by this annotation

from napari_abdiffuser.layers import new_hints_layer as make_hints_layer
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.widgets import texts

__all__ = ["new_hints_layer"]


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
