"""Qt widgets: what a user of napari sees."""

from __future__ import annotations

from napari_abdiffuser.widgets.colorize import ColorizeWidget

__all__ = ["ColorizeWidget"]
