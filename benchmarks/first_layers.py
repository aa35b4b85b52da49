"""How long the window stands still at a session's first layer of hints.

``python benchmarks/first_layers.py`` needs a screen, or ``xvfb-run -a -s "-screen 0 1280x800x24"``
before it. What napari imports, compiles and builds for a kind of layer it does once a session, so
each line is new processes: a real window of 1280 x 800 opens the shipped micrograph, resized, waits
until all is computed ahead, and takes the hint tool in hand, or colours by the labels of a
segmentation of a few hundred regions. Printed, in milliseconds, the median of some sessions:

- stall: the longest gap between two beats of a timer of 1 ms until everything is drawn;
- self: what the GUI thread computed in the worst one;
- napari: the stall where the studio is not open, and napari's own button makes the layer.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from live_gui import Heart
from qtpy.QtWidgets import QPushButton
from skimage.segmentation import slic
from skimage.transform import resize

from napari_abdiffuser.data import micrograph
from napari_abdiffuser.widgets.dock import ColorizeWidget
from napari_abdiffuser.widgets.live.panel import LivePanel

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = {
    "points": "add_points",
    "strokes": "add_labels",
    "lasso": "add_shapes",
    "labels in one colour": "add_labels",
    "labels in many colours": "add_labels",
}
_REGIONS = 700


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=[1024, 2048])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=_PLAIN, help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        pause, own = _measure(arguments.only, arguments.sides[0], arguments.plain)
        sys.stdout.write(f"{1e3 * pause} {1e3 * own}\n")
        return
    sys.stdout.write(" side  what                      stall    self  napari\n")
    for side in arguments.sides:
        for kind in _PLAIN:
            ours = [_session(kind, side) for _ in range(arguments.runs)]
            plain = [_session(kind, side, "--plain") for _ in range(arguments.runs)]
            stall, own = (statistics.median(each) for each in zip(*ours, strict=True))
            alone = statistics.median(pause for pause, _ in plain)
            sys.stdout.write(f"{side:5d}  {kind:23s} {stall:7.0f} {own:7.0f} {alone:7.0f}\n")
            sys.stdout.flush()


def _session(kind: str, side: int, *options: str) -> tuple[float, float]:
    command = [sys.executable, __file__, "--only", kind, "--sides", str(side), *options]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    pause, own = out.split()[-2:]
    return float(pause), float(own)


def _measure(kind: str, side: int, plain: bool) -> tuple[float, float]:
    picture = resize(micrograph(), (side, side), anti_aliasing=True)
    viewer = napari.Viewer(title="benchmark")
    viewer.window.resize(1280, 800)
    viewer.add_image((255 * picture).astype(np.uint8), name="micrograph")
    if kind.startswith("labels"):
        small = slic(resize(picture, (512, 512)), _REGIONS, compactness=0.05, channel_axis=None)
        viewer.add_labels(
            resize(small, (side, side), order=0, preserve_range=True).astype(int), name="cells"
        )
        viewer.layers.selection.active = viewer.layers[0]
    heart = Heart()
    do, done = _plain(viewer, kind) if plain else _studio(viewer, kind, heart)
    _rest(heart, 4)  # what is done ahead is done in threads
    gc.collect()  # takes 0.3 s and comes when it likes, so it is not what is measured
    heart.reset()
    do()
    heart.until(done)
    _rest(heart, 0.5)
    heart.until(done)
    _rest(heart, 0.3)
    return heart.pause, heart.own


def _plain(viewer: Any, kind: str) -> tuple[Callable[[], Any], Callable[[], bool]]:
    count = len(viewer.layers)
    if _PLAIN[kind] == "add_labels":
        return viewer._new_labels, lambda: len(viewer.layers) > count
    return getattr(viewer, _PLAIN[kind]), lambda: len(viewer.layers) > count


def _studio(viewer: Any, kind: str, heart: Heart) -> tuple[Callable[[], Any], Callable[[], bool]]:
    widget = ColorizeWidget(viewer)
    viewer.window.add_dock_widget(widget, name="AB-diffuser")
    live = next(p for p in widget.panels if isinstance(p, LivePanel))
    live.switch.setChecked(True)
    heart.until(lambda: widget.bench.current is not None)
    count = len(viewer.layers)

    def by_labels() -> None:
        menu = widget.findChild(QPushButton, "colour_by_labels").menu()
        menu.aboutToShow.emit()
        menu.actions()["many" in kind].trigger()

    def done() -> bool:
        return len(viewer.layers) > count and bool(widget.bench.idle)

    return (by_labels if "labels" in kind else lambda: widget.sync.start(kind)), done


def _rest(heart: Heart, seconds: float) -> None:
    until = time.perf_counter() + seconds
    heart.until(lambda: time.perf_counter() > until)


if __name__ == "__main__":
    main()
