"""Parser of the command line and its exit status.

Command modules import heavy libraries inside functions, so that ``abdiffuser --help`` answers at
once.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from napari_abdiffuser._version import version
from napari_abdiffuser.cli import colorize, demo, info, models
from napari_abdiffuser.errors import ABDiffuserError, Cancelled

__all__ = ["main"]

_OK, _BAD_INPUT, _INTERRUPTED = 0, 2, 130  # 130: what shells give a command that Ctrl-C ended


class _Parser(argparse.ArgumentParser):
    """Parser whose error message is one line, as other errors are."""

    def error(self, message: str) -> NoReturn:
        self.exit(_BAD_INPUT, f"abdiffuser: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        Arguments without the program's name; by default those of the process.

    Returns
    -------
    int
        0, or 2 for bad input after one line on standard error, or 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may lack a letter of a file's name
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as leaving:  # --help and errors of the parser
        return int(leaving.code or 0)
    # tifffile logs what it then raises, and bad input takes one line.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    try:
        arguments.run(arguments)
        sys.stdout.flush()  # a full disk is found out here, not at the interpreter's end
    except (KeyboardInterrupt, Cancelled):
        _print_error("cancelled; no unfinished file was left.")
        return _INTERRUPTED
    except ABDiffuserError as error:
        _print_error(str(error))
        return _BAD_INPUT
    except BrokenPipeError:  # who read what is printed has seen enough
        _drop_output()
        return _OK
    except OSError as error:
        _drop_output()
        _print_error(f"{error.filename or 'the output'}: {error.strerror or error}.")
        return _BAD_INPUT
    return _OK


def _drop_output() -> None:
    """Let the interpreter flush nothing more at its end: it would fail once more."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError, io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_error(message: str) -> None:
    print("abdiffuser:", " ".join(message.split()), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="abdiffuser", description="Colorize electron micrographs from a few colour hints."
    )
    parser.add_argument("--version", action="version", version=f"abdiffuser {version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for command in (demo, colorize, models, info):
        command.add_parser(commands)
    return parser
