"""Pictures and hints in, colourings out: the programming interface."""

from __future__ import annotations

from napari_abdiffuser.colorizer.colorizer import Colorizer, colorize
from napari_abdiffuser.colorizer.opened import OpenPicture
from napari_abdiffuser.colorizer.result import Result

__all__ = ["Colorizer", "OpenPicture", "Result", "colorize"]
