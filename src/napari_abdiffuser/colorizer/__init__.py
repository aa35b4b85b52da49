"""Pictures and hints in, colourings out: the programming interface."""

from __future__ import annotations

from napari_abdiffuser.colorizer.coarse.class_maps import ClassMap
from napari_abdiffuser.colorizer.colorizer import Colorizer, colorize
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.picture.opened import OpenPicture
from napari_abdiffuser.colorizer.picture.previews import Preview
from napari_abdiffuser.colorizer.picture.spread import Spread

__all__ = [
    "ClassMap",
    "Colorizer",
    "OpenPicture",
    "Preview",
    "Result",
    "Spread",
    "colorize",
]
