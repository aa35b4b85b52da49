"""Scenes a second on one core, of each recipe and of the mixture.

``python training/benchmarks/synth_speed.py [--size 256] [--scenes 12]`` prints a Markdown table.
Times are of the processor, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np

from abdiffuser_training.synth.compose import ODDS, random_scene
from abdiffuser_training.synth.shard import encode


def seconds_per_scene(kinds: Sequence[str], size: int, scenes: int) -> tuple[float, float]:
    """Mean processor time of drawing, and of encoding as PNG, of a scene in seconds."""
    draw = pack = 0.0
    for seed in range(scenes):
        rng = np.random.default_rng((1, seed))
        start = time.process_time()
        scene = random_scene(rng, (size, size), kinds)
        drawn = time.process_time()
        encode(scene)
        draw, pack = draw + drawn - start, pack + time.process_time() - drawn
    return draw / scenes, pack / scenes


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--scenes", type=int, default=12)
    arguments = parser.parse_args()
    lines = ["| recipe | ms to draw | ms to encode | scenes / s |", "| --- | ---: | ---: | ---: |"]
    for name, kinds in [("mixture", ()), *((kind, (kind,)) for kind in ODDS)]:
        draw, pack = seconds_per_scene(kinds, arguments.size, arguments.scenes)
        rate = 1 / (draw + pack)
        lines.append(f"| {name} | {1000 * draw:.0f} | {1000 * pack:.0f} | {rate:.1f} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
