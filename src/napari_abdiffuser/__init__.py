"""Colorize electron micrographs: a few colour hints in, several plausible colourings out.

The names below are loaded when they are first used, so that ``import napari_abdiffuser`` costs
next to nothing: no torch, napari, scikit-image or Qt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_abdiffuser import errors
    from napari_abdiffuser.colorizer import Colorizer, Result, colorize
    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.layers.console import colorize_layer

    __version__: str

__all__ = [
    "Colorizer",
    "Hints",
    "Result",
    "__version__",
    "colorize",
    "colorize_layer",
    "errors",
]

_HOME = {
    "Colorizer": "napari_abdiffuser.colorizer",
    "Hints": "napari_abdiffuser.imaging.hints",
    "Result": "napari_abdiffuser.colorizer",
    "colorize": "napari_abdiffuser.colorizer",
    "colorize_layer": "napari_abdiffuser.layers.console",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name == "__version__":
        value: Any = import_module("napari_abdiffuser._version").version()
    elif name == "errors":
        value = import_module("napari_abdiffuser.errors")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
