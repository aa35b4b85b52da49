"""The command ``abdiffuser-train synth``."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["add_parser", "run"]

_SHOWN = 32  # scenes on the contact sheet


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``synth`` to the training command line."""
    parser = subparsers.add_parser(
        "synth", help="procedural micrographs with exact regions into tar shards"
    )
    add = parser.add_argument
    add("out", type=Path, metavar="OUT", help="folder for shards and contact sheet")
    add("--n", type=int, default=1000, help="number of scenes (default 1000)")
    add("--size", default="256", help="side in pixels, or HEIGHTxWIDTH (default 256)")
    add("--seed", type=int, default=0)
    add("--kinds", default="", help="objects to choose from, such as 'spheres,fibres'")
    add("--bars", type=float, default=0.0, help="share of scenes with a data or scale bar, 0 … 1")
    add("--colored", action="store_true", help="colorize the pictures at random")
    add("--shard-size", type=int, default=500, help="scenes a shard (default 500)")
    add("--workers", type=int, help="processes (default: one a processor)")
    parser.set_defaults(run=run)


def _size(text: str) -> tuple[int, int]:
    try:
        sides = [int(part) for part in text.lower().split("x")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2):
        raise InvalidRequest(f"--size is a number of pixels or HEIGHTxWIDTH, not {text!r}.")
    return sides[0], sides[-1]


def run(arguments: argparse.Namespace) -> str:
    """Render scenes, and tell where they are."""
    from abdiffuser_training.processes import available_cpus
    from abdiffuser_training.synth.preview import write_preview
    from abdiffuser_training.synth.shard import SceneSettings, write_shards

    settings = SceneSettings(
        _size(arguments.size),
        arguments.seed,
        tuple(kind.strip() for kind in arguments.kinds.split(",") if kind.strip()),
        arguments.bars,
        arguments.colored,
    )
    workers = available_cpus() if arguments.workers is None else arguments.workers
    shards = write_shards(arguments.out, arguments.n, settings, arguments.shard_size, workers)
    sheet = arguments.out / "contact.png"
    write_preview(sheet, settings, min(arguments.n, _SHOWN), workers)
    return f"{arguments.n} scenes in {len(shards)} shards; contact sheet: {sheet}"
