from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import napari_abdiffuser

ROOT = Path(napari_abdiffuser.__file__).parent
HEAVY = ("torch", "napari", "skimage", "scipy", "qtpy", "magicgui", "PyQt5", "PyQt6", "PySide6")


def loaded_by(code: str, names: tuple[str, ...]) -> list[str]:
    script = f"{code}\nimport sys\nprint(*[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return done.stdout.split()


def test_bare_import_is_light():
    assert loaded_by("import napari_abdiffuser; napari_abdiffuser.__version__", HEAVY) == []


def test_python_interface_needs_no_napari_and_no_qt():
    without = tuple(name for name in HEAVY if name not in ("torch", "skimage", "scipy"))
    assert loaded_by("from napari_abdiffuser import Colorizer, Hints, colorize", without) == []


def test_layers_and_jobs_need_no_qt():
    qt = tuple(name for name in HEAVY if name == "qtpy" or name.startswith("Py"))
    for room in ("layers", "jobs"):
        modules = pkgutil.walk_packages([str(ROOT / room)], f"napari_abdiffuser.{room}.")
        code = "; ".join(f"import {module.name}" for module in modules)
        assert loaded_by(code, qt) == []


def test_what_instruments_write_is_read_without_napari():
    without = tuple(name for name in HEAVY if name not in ("skimage", "scipy"))
    assert loaded_by("from napari_abdiffuser.files.sem.read import described", without) == []


def test_every_public_name_loads():
    assert set(napari_abdiffuser.__all__) <= set(dir(napari_abdiffuser))
    for name in napari_abdiffuser.__all__:
        assert getattr(napari_abdiffuser, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'colourise'"):
        napari_abdiffuser.colourise  # noqa: B018
