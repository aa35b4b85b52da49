"""The command line: ``abdiffuser demo | colorize | models | info | --version``.

What is heavy is imported where it is used, so that ``abdiffuser --help`` answers at once.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from napari_abdiffuser.errors import ABDiffuserError, Cancelled

if TYPE_CHECKING:
    from napari_abdiffuser.colorizer import Colorizer

__all__ = ["main"]

_OK, _BAD_INPUT, _INTERRUPTED = 0, 2, 130  # 130: what shells give a command that Ctrl-C ended

_DEMO = "abdiffuser-demo.png"

_FILES = """\
The most probable colouring goes to OUT; the variations, 1 to n, beside it as OUT's name with
-1, -2, … before the ending. OUT may end in .tif, .tiff, .png, .jpg, .jpeg, .bmp or .webp; without
-o it is IMAGE's name with -colorized (a PNG where IMAGE's format cannot be written). A TIFF keeps
the resolution and pixel size of IMAGE. TIFF and PNG carry how they were made (model, seed, steps,
hints, versions) as JSON named 'abdiffuser'. An existing OUT is replaced; a file under a name that
you did not give (variations; without -o all) only if it carries that JSON, or with --overwrite.
IMAGE is never replaced. Each file is replaced only when its successor is complete."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, like every other error's."""

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
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as leaving:  # --help and complaints
        return int(leaving.code or 0)
    # tifffile logs what it then raises, and bad input takes one line.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    try:
        arguments.run(arguments)
    except (KeyboardInterrupt, Cancelled):
        _complain("cancelled; no unfinished file was left.")
        return _INTERRUPTED
    except ABDiffuserError as error:
        _complain(str(error))
        return _BAD_INPUT
    return _OK


def _complain(message: str) -> None:
    print("abdiffuser:", " ".join(message.split()), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="abdiffuser", description="Colorize electron micrographs from a few colour hints."
    )
    from napari_abdiffuser import __version__

    parser.add_argument("--version", action="version", version=f"abdiffuser {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    demo = commands.add_parser("demo", help="colorize the built-in micrograph; needs no network")
    demo.add_argument("-o", "--out", help=f"picture to write ({_DEMO})")
    demo.add_argument(
        "--overwrite", action="store_true", help=f"also where another {_DEMO} is there"
    )
    demo.set_defaults(run=_demo)

    _add_colorize(commands.add_parser("colorize", help="colorize a picture", epilog=_FILES))

    models = commands.add_parser("models", help="which models exist, and where; fetch one")
    models.set_defaults(run=_models)
    actions = models.add_subparsers(metavar="fetch", dest="action")
    fetch = actions.add_parser("fetch", help="download a model unless it is there")
    fetch.add_argument("name", metavar="NAME")
    fetch.set_defaults(run=_fetch)

    info = commands.add_parser("info", help="versions, devices, cache folder")
    info.set_defaults(run=_info)
    return parser


def _add_colorize(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("image", metavar="IMAGE", help="TIFF, PNG, JPEG or anything imageio reads: one picture")
    add("-o", "--out", metavar="OUT", help="file for the most probable colouring (see below)")
    add(
        "--overwrite",
        action="store_true",
        help="also replace files that are no earlier colourings; never IMAGE",
    )
    add("--hints", metavar="FILE", help="hints.json; without it, colours are found automatically")
    add("--n", type=int, default=9, help="number of variations, 0 to 64 (%(default)s)")
    add("--steps", type=int, help="denoising steps a variation (the model's default)")
    add("--seed", type=int, default=0, help="same seed, same variations (%(default)s)")
    add("--model", default="default", help="name, or path of a .safetensors file (%(default)s)")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps … (%(default)s)")
    add(
        "--color-data-bar",
        action="store_true",
        help="also colour the instrument's data bar, which else is found and left gray",
    )
    add(
        "--background",
        choices=("auto", "gray"),
        default="auto",
        help="gray: what no hint claims stays gray (%(default)s)",
    )
    parser.set_defaults(run=_colorize)


def _demo(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser import data
    from napari_abdiffuser.cli import demo_picture
    from napari_abdiffuser.files import output as picture_output
    from napari_abdiffuser.imaging.hints import Hints

    out = picture_output.output_path(Path("demo"), arguments.out or _DEMO)
    by_user = arguments.out is not None
    picture_output.check_outputs(
        [out] if by_user else [], [] if by_user else [out], [], overwrite=arguments.overwrite
    )
    begin = time.perf_counter()
    image = data.micrograph()
    hints = Hints.load(data.micrograph_hints_path())
    colorizer = _load("default", "auto")
    picture = colorizer.open(image)
    with _Bar("colorizing") as bar:
        automatic = picture.paint(None, n_outputs=1, progress=bar)
    guided = picture.paint(hints, n_outputs=0)
    sheet = demo_picture.sheet(image, hints, automatic.rgb[0], guided.best)
    picture_output.write(out, sheet, provenance=guided.provenance)
    seconds = time.perf_counter() - begin
    print(f"{out} written: {len(hints)} hints, {seconds:.1f} s on {colorizer.device}.")


def _colorize(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser.colorizer.requests import MOST_OUTPUTS
    from napari_abdiffuser.files import output as picture_output
    from napari_abdiffuser.files import pictures as picture_files
    from napari_abdiffuser.files.sem import data_bar_of
    from napari_abdiffuser.imaging.hints import Hints

    image = Path(arguments.image).expanduser()
    out = picture_output.output_path(image, arguments.out)
    # More than the most is refused below, and needs no names.
    count = min(arguments.n, MOST_OUTPUTS)
    variations = [picture_output.variation_path(out, n) for n in range(1, count + 1)]
    by_user = arguments.out is not None
    # Everything that can be wrong is found out before the model is loaded.
    source = picture_files.read(image)
    hints = Hints.load(arguments.hints) if arguments.hints is not None else None
    if hints is not None:
        shape = source.pixels.shape
        hints = hints.validated((int(shape[0]), int(shape[1])))
    picture_output.check_outputs(
        [out] if by_user else [],
        variations if by_user else [out, *variations],
        [image] if arguments.hints is None else [image, Path(arguments.hints)],
        overwrite=arguments.overwrite,
    )
    bar_mask = None if arguments.color_data_bar else data_bar_of(image, source.pixels)
    colorizer = _load(arguments.model, arguments.device)
    opened = colorizer.open(source.pixels, exclude=bar_mask)
    with _Bar("colorizing") as bar:
        result = opened.paint(
            hints,
            n_outputs=arguments.n,
            steps=arguments.steps,
            seed=arguments.seed,
            background=arguments.background,
            progress=bar,
        )
    picture_output.write(out, result.best, source, {**result.provenance, "output": "best"})
    for i, (beside, rgb) in enumerate(zip(variations, result.rgb, strict=True), start=1):
        picture_output.write(beside, rgb, source, {**result.provenance, "output": i})
    more = {0: "", 1: ", and one variation beside it"}
    print(f"{out} written{more.get(arguments.n, f', and {arguments.n} variations beside it')}.")


def _load(model: str, device: str) -> Colorizer:
    from napari_abdiffuser.colorizer import Colorizer

    return Colorizer.load(model, device=device)


def _models(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser import weights

    registry = weights.load_registry()
    for entry in registry.models:
        place = registry.place(entry)
        there = place.is_file()
        digest = weights.sha256_of(place) if there else entry.sha256
        size = place.stat().st_size if there else entry.size
        state = "on disk" if there else "not on disk"
        if there and entry.sha256 not in (None, digest):
            state = "damaged"
        print(f"{entry.name}: {state}")
        print(f"  {entry.description}")
        print(f"  path    {place}")
        print(f"  size    {'unknown' if size is None else f'{size / 1e6:.1f} MB'}")
        print(f"  sha256  {digest or 'unknown'}")


def _fetch(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser import weights

    with _Bar("fetching") as bar:
        path = weights.fetch(arguments.name, bar)
    print(path)


def _info(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser.cli.installation import describe

    for name, value in describe():
        print(f"{name:<14} {value}")


class _Bar:
    """A progress bar on standard error; silent where that is not a terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._visible = sys.stderr.isatty()
        self._drawn = -1

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done."""
        percent = 100 * done // max(total, 1)
        if self._visible and percent != self._drawn:
            self._drawn = percent
            bar = ("#" * (percent // 4)).ljust(25)
            print(f"\r{self._what} [{bar}] {percent:3d} %", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Callable[[int, int], None]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn >= 0:
            print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
