"""Command line of the plugin."""

from __future__ import annotations

from napari_abdiffuser.cli.main import main

__all__ = ["main"]
