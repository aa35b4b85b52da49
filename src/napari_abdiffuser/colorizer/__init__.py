"""Pictures and hints in, colourings out: the programming interface."""

from __future__ import annotations

from napari_abdiffuser.colorizer.class_maps import ClassMap
from napari_abdiffuser.colorizer.colorizer import Colorizer, colorize
from napari_abdiffuser.colorizer.opened import OpenPicture
from napari_abdiffuser.colorizer.previews import Preview
from napari_abdiffuser.colorizer.result import Result
from napari_abdiffuser.colorizer.spread import Spread

__all__ = [
    "ClassMap",
    "Colorizer",
    "OpenPicture",
    "Preview",
    "Result",
    "Spread",
    "colorize",
]
