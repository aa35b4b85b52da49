from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import importlib, pkgutil, sys
import napari_abdiffuser.studio as studio
for module in pkgutil.walk_packages(studio.__path__, studio.__name__ + "."):
    importlib.import_module(module.name)
from napari_abdiffuser.studio.figure.drawing import font_for
font_for("µm", 12)
print(*[name for name in ("torch", "napari", "qtpy", "vispy", "skimage") if name in sys.modules])
"""


def test_the_studio_needs_no_window_and_no_network():
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []
