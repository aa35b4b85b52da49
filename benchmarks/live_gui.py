"""How fast a click becomes colour in the window: ``python benchmarks/live_gui.py``.

Needs a screen, or ``xvfb-run -a python benchmarks/live_gui.py``. Opens the shipped micrograph,
resized, in a real napari window with the dock widget and does what users do, ten hints being there:
places one more, recolours a class, moves a hint, undoes and redoes that, removes one; then adds one
to 200 and undoes it. Measured for each event:

- latency: from the call that changes the hints to the preview layer having its new pixels. For
  pictures that get a small preview first, that preview counts, and 'whole' is the time to the
  picture at its own size;
- cpu: what all threads together computed until then, drawing in software included;
- stall: the longest gap between two beats of a timer of one millisecond, from the call until what
  it led to is drawn, which is how long the window did not react; what napari itself does counts.
  ``self`` is what the GUI thread computed in the worst gap, so it depends less on what else the
  machine does.

Least and median of several repetitions are printed, in milliseconds; on a busy machine the least
says what the code can do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import napari
import numpy as np
import torch
from qtpy.QtCore import QEventLoop, Qt, QTimer
from skimage.transform import resize

from napari_abdiffuser.data import micrograph
from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.widgets.dock import ColorizeWidget
from napari_abdiffuser.widgets.live.panel import LivePanel

_COLUMNS = ("latency", "whole", "cpu", "stall", "self")
_COLORS = ("#c8a24a", "#6a4ca0", "#2f8f6b", "#b5443c")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--hints", type=int, default=10, help="placed before measuring")
    parser.add_argument("--many", type=int, default=200, help="hints when one more is added")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    _line(f"torch {torch.__version__}, {arguments.threads} threads, load {load:.1f} before")
    _line("side  event        " + "".join(f"{n:16s}" for n in _COLUMNS))
    _line("                   " + "   min  median  " * len(_COLUMNS))
    for side in arguments.sides:
        _Bench(side, arguments).measure(arguments.runs)


class Heart:
    """Beats every millisecond, and remembers the longest pause.

    Between beats the event loop sleeps, as it does in use: one that spins would take one of the
    two cores from what is measured.
    """

    def __init__(self) -> None:
        self._loop = QEventLoop()
        self._awaited: Callable[[], bool] | None = None
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._beat)
        self.reset()
        self._timer.start()

    def reset(self) -> None:
        """Forget what was before."""
        self.pause = self.own = 0.0
        self._last, self._used = time.perf_counter(), time.thread_time()

    def until(self, what: Callable[[], bool]) -> None:
        """Run the event loop until something is so."""
        give_up = time.perf_counter() + 120
        self._awaited = lambda: what() or time.perf_counter() > give_up
        self._loop.exec()
        if not what():
            raise TimeoutError("Nothing happened for two minutes.")

    def _beat(self) -> None:
        now, used = time.perf_counter(), time.thread_time()
        self.pause = max(self.pause, now - self._last)
        self.own = max(self.own, used - self._used)
        self._last, self._used = now, used
        if self._awaited is not None and self._awaited():
            self._awaited = None
            self._loop.quit()


@dataclass
class _Times:
    latency: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    stall: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


class _Bench:
    """A window with a picture of some size."""

    def __init__(self, side: int, arguments: argparse.Namespace) -> None:
        self.side, self.many = side, arguments.many
        picture = resize(micrograph(), (side, side), anti_aliasing=True)
        self.viewer = napari.Viewer(title="benchmark")
        self.viewer.window.resize(1280, 800)
        self.viewer.add_image((255 * picture).astype(np.uint8), name="micrograph")
        self.widget = ColorizeWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name="AB-diffuser")
        self.widget.bench.set_device(arguments.device)
        self.live = next(p for p in self.widget.panels if isinstance(p, LivePanel))
        self.live.switch.setChecked(True)
        self.rng = np.random.default_rng(side)
        self.times: dict[str, _Times] = {}
        self.first: float | None = None
        self.ended: float | None = None
        self.used = 0.0
        self.live.updated.connect(self._on_updated)
        self.heart = Heart()
        self.until = self.heart.until
        self.until(lambda: self.widget.bench.current is not None)
        self.until(lambda: self.widget.bench.idle)  # all is computed ahead, as in use
        store = self.widget.store
        for number, color in enumerate(_COLORS):
            store.apply(partial(StudioState.add_class, name=f"class {number}", color=color))
        self.hints = self.widget.sync.start("points")
        for _ in range(arguments.hints):
            self.event("warm", self.add)
        del self.times["warm"]

    def measure(self, runs: int) -> None:
        """Do everything some times, and print."""
        for run in range(runs):
            self.event("add", self.add)
            self.event("recolor", lambda shade=run / runs: self.recolor(shade))
            self.event("move", self.move)
            self.event("undo", self.undo)
            self.event("redo", self.redo)
            self.event("remove", self.remove)
        self.event("many", self.add_many)
        del self.times["many"]
        for _ in range(runs):
            self.event("add to many", self.add)
            self.event("undo it", self.undo)
        for name, times in self.times.items():
            columns = (times.latency, times.whole, times.cpu, times.stall, times.own)
            figures = "  ".join(
                f"{1e3 * min(each):6.1f} {1e3 * statistics.median(each):7.1f}" for each in columns
            )
            _line(f"{self.side:5d} {name:11s}  {figures}")
        self.viewer.close()

    def event(self, name: str, do: Callable[[], Any]) -> None:
        """Let something happen, and wait for all that follows."""
        self.until(lambda: self.widget.bench.idle)
        self.pause()
        self.first = self.ended = None
        self.heart.reset()
        start, used = time.perf_counter(), time.process_time()
        do()
        self.until(lambda: self.ended is not None)
        times = self.times.setdefault(name, _Times())
        times.latency.append((self.first or 0) - start)
        times.whole.append((self.ended or 0) - start)
        times.cpu.append(self.used - used)
        self.pause()  # what was shown is drawn
        times.stall.append(self.heart.pause)
        times.own.append(self.heart.own)

    def add(self) -> None:
        """Place a hint of the next class."""
        names = self.widget.store.state.legend.names[1:]
        name = str(self.rng.choice(names))
        self.widget.store.apply(lambda s: s.choose(name))
        self.hints.add(self.rng.random(2) * (self.side - 1))

    def add_many(self) -> None:
        """Place hints at once until there are many."""
        missing = max(1, self.many - len(self.hints.data))
        self.hints.add(self.rng.random((missing, 2)) * (self.side - 1))

    def undo(self) -> None:
        """Take back what was done last."""
        self.widget.store.apply(StudioState.undo)

    def redo(self) -> None:
        """Do it again."""
        self.widget.store.apply(StudioState.redo)

    def move(self) -> None:
        """Move the first hint."""
        data = self.hints.data.copy()
        data[0] = self.rng.random(2) * (self.side - 1)
        self.hints.data = data

    def recolor(self, shade: float) -> None:
        """Recolour a class that has hints."""
        name = next(p.class_name for p in self.widget.store.state.hints.points if p.class_name)
        self.widget.store.apply(lambda s: s.recolor_class(name, (shade, 0.5, 0.1)))

    def remove(self) -> None:
        """Remove the last hint."""
        self.hints.selected_data = {len(self.hints.data) - 1}
        self.hints.remove_selected()

    def pause(self) -> None:
        """Let the window draw what it has to."""
        until = time.perf_counter() + 0.1
        self.until(lambda: time.perf_counter() > until)

    def _on_updated(self, painted: Any) -> None:
        now = time.perf_counter()
        if self.first is None:
            self.first, self.used = now, time.process_time()
        if painted is None or painted.whole:
            self.ended = now


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
