"""``abdiffuser info``, which lists versions, devices and folders."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from napari_abdiffuser.cli.common import Commands

__all__ = ["add_parser"]

_PACKAGES = ("napari-abdiffuser", "torch", "numpy", "scipy", "tifffile", "napari")


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("info", help="versions, devices, cache folder")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    for name, value in _describe():
        print(f"{name:<14} {value}")


def _describe() -> list[tuple[str, str]]:
    """Return (name, value) lines; without napari, so that it works without a screen."""
    from napari_abdiffuser.weights import cache_folder

    lines = [(name, _version(name)) for name in _PACKAGES]
    lines.append(("Qt", _qt()))
    lines.append(("Python", f"{platform.python_version()} on {platform.platform()}"))
    lines.extend(_devices())
    folder = cache_folder()
    state = "" if folder.is_dir() else " (does not exist yet)"
    chosen = " (from ABDIFFUSER_CACHE)" if os.environ.get("ABDIFFUSER_CACHE") else ""
    lines.append(("cache folder", f"{folder}{chosen}{state}"))
    return lines


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _qt() -> str:
    try:
        import qtpy
    except Exception as error:
        # Broad on purpose: no binding raises qtpy's own error, a broken one ImportError, OSError
        # or RuntimeError, and this command must show the rest all the same.
        return f"not available ({' '.join(str(error).split()) or type(error).__name__})"
    return f"{qtpy.API_NAME} {qtpy.PYQT_VERSION or qtpy.PYSIDE_VERSION}, Qt {qtpy.QT_VERSION}"


def _devices() -> list[tuple[str, str]]:
    try:
        import torch
    except Exception as error:
        # Broad on purpose: a broken installation is what users run this command for, and a torch
        # of the wrong build fails with OSError, RuntimeError, ImportError, AttributeError, …
        return [("devices", f"none: torch cannot be loaded ({error})")]
    lines = [
        (
            "device",
            f"cpu: {platform.processor() or platform.machine()}, {torch.get_num_threads()} threads",
        )
    ]
    for i in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(i)
        memory = f"{properties.total_memory / 2**30:.0f} GiB"
        lines.append(("device", f"cuda:{i}: {properties.name}, {memory}"))
    if torch.backends.mps.is_available():
        lines.append(("device", "mps: the GPU of this Mac"))
    lines.append(("chosen", _chosen()))
    return lines


def _chosen() -> str:
    from napari_abdiffuser.colorizer.devices import choose_device

    placement = choose_device("auto")
    return f"{placement.device}, since {placement.reason}"
