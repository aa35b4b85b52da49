"""The command line ``abdiffuser-train``.

A subcommand is a module with ``add_parser(subparsers)`` that sets ``run``: a function of the parsed
arguments which returns the text to print, or None. Such modules import what is slow when they run.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module

from napari_abdiffuser.errors import ABDiffuserError

__all__ = ["COMMANDS", "main"]

COMMANDS = (
    "abdiffuser_training.prepare.command",
    "abdiffuser_training.synth.command",
    "abdiffuser_training.fit.command",
    "abdiffuser_training.distill.command",
    "abdiffuser_training.distill.compare",
    "abdiffuser_training.fit.export",
    "abdiffuser_training.evaluate.command",
)
"""Modules of the subcommands, in the order of the help."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="abdiffuser-train", description="Train and measure the models of napari-abdiffuser."
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(name).add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; 0, 2 with one line on standard error for bad input, 130 for Ctrl-C."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    # argparse closes a list of positionals at the first option; users put data last.
    if rest and (not hasattr(arguments, "data") or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        arguments.data = [*arguments.data, *rest]
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        text = arguments.run(arguments)
    except (ABDiffuserError, OSError) as error:  # a full disk, a folder that may not be written
        print(f"abdiffuser-train: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("abdiffuser-train: stopped; what is finished is kept.", file=sys.stderr)
        return 130
    if text:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
