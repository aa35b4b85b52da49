"""The command ``abdiffuser-train prepare``."""

from __future__ import annotations

import argparse
from pathlib import Path

from abdiffuser_training.prepare.settings import ENCODINGS, GRAY, HASH_BITS, Settings
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["add_parser", "run"]

_DEFAULT = Settings((), Path())


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``prepare`` to the training command line."""
    parser = subparsers.add_parser(
        "prepare", help="folders of pictures into checked, de-duplicated, split tar shards"
    )
    add = parser.add_argument
    add("sources", nargs="+", type=Path, metavar="SRC", help="folders, searched in depth, or files")
    add("out", type=Path, metavar="OUT", help="folder for shards, report and contact sheets")
    add("--masks", type=Path, help="folder with masks under the pictures' relative names")
    add(
        "--gray",
        choices=GRAY,
        default=_DEFAULT.gray,
        help="gray pictures: drop them (default), keep those with masks, keep all",
    )
    add(
        "--chroma",
        type=float,
        default=_DEFAULT.chroma,
        help=f"CIELAB chroma above which a pixel is colored (default {_DEFAULT.chroma:g})",
    )
    add(
        "--colored-share",
        type=float,
        default=_DEFAULT.colored_share,
        help=f"least colored share of the area, 0 … 1 (default {_DEFAULT.colored_share:g})",
    )
    add(
        "--near",
        type=int,
        default=_DEFAULT.near,
        help=f"bits of {HASH_BITS} in which near-duplicates differ at most "
        f"(default {_DEFAULT.near})",
    )
    add("--orientations", action="store_true", help="also flipped and turned near-duplicates")
    add("--keep-near", action="store_true", help="keep near-duplicates, together in one split")
    add("--by-folder", action="store_true", help="keep each folder's pictures in one split")
    add("--crop-bars", action="store_true", help="cut data bars off the foot")
    add("--min-side", type=int, default=0, help="drop pictures with a shorter side below this")
    add("--max-side", type=int, default=0, help="shrink pictures to this longer side")
    add("--val", type=float, default=_DEFAULT.val, help="share of the split val (default 0.1)")
    add("--test", type=float, default=_DEFAULT.test, help="share of the split test (default 0)")
    add("--seed", type=int, default=_DEFAULT.seed)
    add("--shard-mb", type=float, default=_DEFAULT.shard_bytes / 1e6, help="(default 256)")
    add("--encoding", choices=ENCODINGS, default=_DEFAULT.encoding, help="of changed pictures")
    add("--workers", type=int, help="processes (default: one a processor)")
    add("--overwrite", action="store_true", help="prepare a folder anew with other options")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    """Prepare, and tell what became of the pictures."""
    from abdiffuser_training.prepare.report import summary
    from abdiffuser_training.prepare.run import prepare
    from abdiffuser_training.processes import available_cpus

    options = vars(arguments)
    named = {name: options[name] for name in _DEFAULT.to_dict() if name not in ("shard_bytes",)}
    settings = Settings(
        **named,
        sources=tuple(arguments.sources),
        out=arguments.out,
        masks=arguments.masks,
        shard_bytes=round(arguments.shard_mb * 1e6),
    )
    workers = available_cpus() if arguments.workers is None else arguments.workers
    if workers < 1:
        raise InvalidRequest("--workers must be at least 1.")
    decisions = prepare(settings, workers, arguments.overwrite)
    return f"{summary(decisions)}\nReport: {arguments.out / 'report.md'}"
