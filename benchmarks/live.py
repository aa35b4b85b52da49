"""How fast hints become pixels: ``python benchmarks/live.py`` prints a table.

Every figure is the least of several runs, so that other work on the machine counts as little as
possible; ``wall`` is what a user waits, ``cpu`` what all threads together computed. The picture is
the shipped micrograph, resized; hints lie at random places in six colours.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.transform import resize

from napari_abdiffuser import Colorizer, Hints
from napari_abdiffuser.colorizer import OpenPicture
from napari_abdiffuser.data import micrograph

COLORS = ["#c8a24a", "#6a4ca0", "#2f8f6b", "#b5443c", "#3a6ea5", "#808080"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--hints", type=int, nargs="+", default=[1, 10, 50, 200])
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    colorizer = Colorizer.load(arguments.model, arguments.device)
    _line(f"torch {torch.__version__}, {arguments.threads} threads, {colorizer.device_reason}")
    _line("side  hints  what         wall ms   cpu ms")
    for side in arguments.sides:
        picture = _opened(colorizer, side, arguments.runs)
        for count in arguments.hints:
            _measured(picture, count, arguments.runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _line(f"peak memory of the process: {peak:.0f} MiB")


def _opened(colorizer: Colorizer, side: int, runs: int) -> OpenPicture:
    resized: NDArray[np.float64] = resize(micrograph(), (side, side), anti_aliasing=True)
    pixels = (255 * resized).astype(np.uint8)
    _report(side, "-", "open", lambda: colorizer.open(pixels), max(2, runs // 5))
    picture = colorizer.open(pixels)
    _report(side, "-", "prepare", picture.prepare, 1)
    kept = picture.painter.kept_bytes / 2**20
    _line(f"{side:5d}      -  upsampler's weights kept: {kept:.1f} MiB")
    return picture


def _measured(picture: OpenPicture, count: int, runs: int) -> None:
    side = picture.shape[0]
    rng = np.random.default_rng(count)
    places = rng.random((runs + 1, count, 2)) * (side - 1)
    paints = [COLORS[i % len(COLORS)] for i in range(count)]
    # Other places every time, else the attention would be remembered.
    fresh = [Hints.from_points(each, paints, sizes=max(3, side // 100)) for each in places]
    turn = iter(fresh)
    _report(side, count, "paint", lambda: picture.paint(next(turn), n_outputs=0), runs)
    spread = picture.spread(fresh[0])
    shades = iter(np.linspace(0, 1, runs + 1))
    name = spread.classes.names[0]
    _report(side, count, "recolor", lambda: spread.recolor({name: (next(shades), 0.5, 0)}), runs)
    turn = iter(fresh[::-1])
    _report(side, count, "preview", lambda: picture.preview(next(turn), max_side=512), runs)


def _report(side: int, count: int | str, what: str, call: Callable[[], object], runs: int) -> None:
    wall = cpu = float("inf")
    for _ in range(runs):
        start, used = time.perf_counter(), time.process_time()
        call()
        wall = min(wall, time.perf_counter() - start)
        cpu = min(cpu, time.process_time() - used)
    _line(f"{side:5d}  {count:>5}  {what:10s}  {1e3 * wall:8.1f} {1e3 * cpu:8.1f}")


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
