"""Programming interface: pictures and hints in, colourings out.

The names below are loaded on first use, so that the protocols can be imported without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_abdiffuser.colorizer.load import Colorizer, colorize
    from napari_abdiffuser.colorizer.native.result import Result
    from napari_abdiffuser.colorizer.picture.class_maps import ClassMap
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

_MODULES = {
    "ClassMap": "picture.class_maps",
    "Colorizer": "load",
    "OpenPicture": "picture.opened",
    "Preview": "picture.previews",
    "Result": "native.result",
    "Spread": "picture.spread",
    "colorize": "load",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
