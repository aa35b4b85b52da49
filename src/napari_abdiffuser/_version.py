"""Version of the installed package."""

from __future__ import annotations

__all__ = ["version"]


def version() -> str:
    """Return the installed version, or ``0+unknown`` for a source tree that is not installed."""
    from importlib import metadata  # takes 20 ms, which the bare package does not spend

    try:
        return metadata.version("napari-abdiffuser")
    except metadata.PackageNotFoundError:
        return "0+unknown"
