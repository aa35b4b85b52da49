"""napari layers ↔ arrays, hints and results: the only floor that knows both; no Qt.

The names below are loaded when they are first used: what instruments write into files is read
without napari, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_abdiffuser.layers.console import colorize_layer
    from napari_abdiffuser.layers.hints.new import (
        new_hints_layer,
        set_current_color,
        set_current_size,
    )
    from napari_abdiffuser.layers.hints.reading import LeftOut
    from napari_abdiffuser.layers.hints.sources import HintSource, read_hints
    from napari_abdiffuser.layers.images import PictureSource, read_image
    from napari_abdiffuser.layers.outputs import result_to_layers
    from napari_abdiffuser.layers.spatial import LayerTransform

__all__ = [
    "HintSource",
    "LayerTransform",
    "LeftOut",
    "PictureSource",
    "colorize_layer",
    "new_hints_layer",
    "read_hints",
    "read_image",
    "result_to_layers",
    "set_current_color",
    "set_current_size",
]

_HOME = {
    "HintSource": "hints.sources",
    "LeftOut": "hints.reading",
    "PictureSource": "images",
    "LayerTransform": "spatial",
    "colorize_layer": "console",
    "new_hints_layer": "hints.new",
    "read_hints": "hints.sources",
    "read_image": "images",
    "result_to_layers": "outputs",
    "set_current_color": "hints.new",
    "set_current_size": "hints.new",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
