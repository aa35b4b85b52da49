"""Crops per second of the data path, and what bounds it.

    python training/benchmarks/data_path.py SHARD... [--side 128] [--batch 16] [--device cuda]

Times single steps of the making of a batch, then whole batches, then hints, all on one thread. On
the CPU it is the thread's own time that counts, so other programs on the machine disturb little.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from abdiffuser_training.data.batches import Mixture, Source
from abdiffuser_training.data.colourings import color_regions
from abdiffuser_training.data.corpus import cut_pixels, cut_regions, draw_cut
from abdiffuser_training.data.highlighting import highlighted
from abdiffuser_training.data.recoloring import erase, recolor
from abdiffuser_training.data.views import draw_jitter, network_views, to_lab
from abdiffuser_training.hint_sampling import KINDS, HintSettings, hint_batch


def milliseconds(work: Callable[[int], Any], device: str, repeats: int = 15) -> float:
    """Return the median of some runs, the first left out."""
    clock = time.thread_time if device == "cpu" else time.perf_counter
    taken = []
    for i in range(repeats):
        if device != "cpu":
            torch.cuda.synchronize()
        began = clock()
        work(i)
        if device != "cpu":
            torch.cuda.synchronize()
        taken.append(clock() - began)
    return 1000 * float(np.median(taken[1:]))


def parts(source: Source, side: int, batch: int, device: str) -> dict[str, float]:
    """Milliseconds a crop of each step, done for `batch` crops."""
    rng = np.random.default_rng(0)
    items = [source.pick(0, i, rng) for i in range(batch)]
    cuts = [draw_cut(item, side, rng, source.zoom) for item in items]
    pixels = [cut_pixels(i, c, side) for i, c in zip(items, cuts, strict=True)]
    lightness, chroma = to_lab(pixels)
    jitters = [draw_jitter(rng) for _ in items]
    own = (chroma / 110).cpu().numpy()
    light = lightness.cpu().numpy()
    work: dict[str, Callable[[int], Any]] = {
        "crop": lambda _: [cut_pixels(i, c, side) for i, c in zip(items, cuts, strict=True)],
        "Lab": lambda _: to_lab(pixels),
        "network's view": lambda _: network_views(lightness, jitters),
        "recolour (where drawn)": lambda i: recolor(own[i % batch], rng),
        "erase (where drawn)": lambda i: erase(own[i % batch], None, rng),
    }
    each = {"recolour (where drawn)", "erase (where drawn)"}
    masked = [(i, c, k) for k, (i, c) in enumerate(zip(items, cuts, strict=True))
              if i.instances is not None]  # fmt: skip
    if masked:
        maps = [cut_regions(i.instances, c, side) for i, c, _ in masked]
        work["masks' crop"] = lambda n: cut_regions(
            masked[n % len(maps)][0].instances, masked[n % len(maps)][1], side
        )
        work["colouring of masks"] = lambda n: color_regions(
            maps[n % len(maps)], None, light[masked[n % len(maps)][2]], rng
        )
        work["highlighting (where drawn)"] = lambda n: highlighted(maps[n % len(maps)], rng)
        each |= {"masks' crop", "colouring of masks", "highlighting (where drawn)"}
    return {
        name: milliseconds(one, device) / (1 if name in each else batch)
        for name, one in work.items()
    }


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shards", nargs="+")
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    side, batch, device = arguments.side, arguments.batch, arguments.device
    began = time.process_time()
    source = Source.read({"shards": arguments.shards, "workers": 1}, device)
    began = time.process_time() - began
    lines = [f"{len(source.items)} pictures decoded in {began:.1f} s", ""]
    lines += ["| step | ms a crop |", "| --- | ---: |"]
    for name, value in parts(source, side, batch, device).items():
        lines.append(f"| {name} | {value:.2f} |")
    mixture = Mixture([source], 0)
    whole = milliseconds(lambda step: mixture.batch(step, batch, side), device) / batch
    lines.append(f"| whole crop | {whole:.2f} |")
    crops = mixture.batch(0, batch, side)
    for kind in KINDS:
        settings = HintSettings(**{"uniform": 0.0} | {kind: 1.0})
        spent = milliseconds(lambda s, u=settings: hint_batch(crops, u, 0, s), device) / batch
        lines.append(f"| hints: {kind} | {spent:.2f} |")
    lines += ["", f"{1000 / whole:.0f} crops of {side} pixels a second, one thread, {device}"]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
