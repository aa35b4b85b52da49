"""Model loading and progress bar of commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from napari_abdiffuser.colorizer import Colorizer

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

__all__ = ["Commands", "ProgressBar", "load_colorizer"]


def load_colorizer(model: str = "default", device: str = "auto") -> Colorizer:
    """Load a model; see `Colorizer.load`."""
    from napari_abdiffuser.colorizer import Colorizer

    return Colorizer.load(model, device=device)


class ProgressBar:
    """A progress bar on standard error; silent where that is not a terminal."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._visible = sys.stderr.isatty()
        self._drawn = -1

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done."""
        percent = 100 * done // max(total, 1)
        if self._visible and percent != self._drawn:
            self._drawn = percent
            bar = ("#" * (percent // 4)).ljust(25)
            print(f"\r{self._label} [{bar}] {percent:3d} %", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Callable[[int, int], None]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn >= 0:
            print(file=sys.stderr)
