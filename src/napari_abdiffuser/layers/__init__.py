"""napari layers ↔ arrays, hints and results: the only floor that knows both; no Qt."""

from __future__ import annotations

from napari_abdiffuser.layers.console import colorize_layer
from napari_abdiffuser.layers.hints import HintSource, LeftOut, read_hints
from napari_abdiffuser.layers.images import PictureSource, read_image
from napari_abdiffuser.layers.new_hints import new_hints_layer, set_current_color, set_current_size
from napari_abdiffuser.layers.outputs import result_to_layers
from napari_abdiffuser.layers.spatial import Placement

__all__ = [
    "HintSource",
    "LeftOut",
    "PictureSource",
    "Placement",
    "colorize_layer",
    "new_hints_layer",
    "read_hints",
    "read_image",
    "result_to_layers",
    "set_current_color",
    "set_current_size",
]
