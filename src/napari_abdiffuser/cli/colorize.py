"""``abdiffuser colorize``, which colorizes a picture file."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.cli import common
from napari_abdiffuser.options import OPTIONS, RunOptions

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_abdiffuser.files.pictures import Picture
    from napari_abdiffuser.imaging.hints import Hints

__all__ = ["add_parser"]

_FLAGS = {"n_outputs": "--n"}
_DEFAULTS = RunOptions(n_outputs=9)

_FILES = """\
The most probable colouring goes to OUT; the variations, 1 to n, beside it as OUT's name with
-1, -2, … before the ending. OUT may end in .tif, .tiff, .png, .jpg, .jpeg, .bmp or .webp; without
-o it is IMAGE's name with -colorized (a PNG where IMAGE's format cannot be written). A TIFF keeps
the resolution and pixel size of IMAGE. TIFF and PNG carry how they were made (model, seed, steps,
hints, versions) as JSON named 'abdiffuser'. An existing OUT is replaced; a file under a name that
you did not give (variations; without -o all) only if it carries that JSON, or with --overwrite.
IMAGE is never replaced. Each file is replaced only when its successor is complete."""


def add_parser(commands: common.Commands) -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser("colorize", help="colorize a picture", epilog=_FILES)
    add = parser.add_argument
    add("image", metavar="IMAGE", help="TIFF, PNG, JPEG or anything imageio reads: one picture")
    add("-o", "--out", metavar="OUT", help="file for the most probable colouring (see below)")
    add(
        "--overwrite",
        action="store_true",
        help="also replace files that are no earlier colourings; never IMAGE",
    )
    add("--hints", metavar="FILE", help="hints.json; without it, colours are found automatically")
    for name in ("n_outputs", "steps", "seed", "model", "device", "background"):
        _add_option(parser, name)
    add(
        "--color-data-bar",
        dest="data_bar",
        action="store_false",
        help="also colour the instrument's data bar, which is otherwise found and left gray",
    )
    add(
        "--contrast",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="values shown as black and white, of grays of more than 8 bits (default: what all but "
        "one in a thousand pixels at either end lie between, without the data bar)",
    )
    parser.set_defaults(run=_run)


def _add_option(parser: argparse.ArgumentParser, name: str) -> None:
    option, default = OPTIONS[name], getattr(_DEFAULTS, name)
    details: dict[str, Any] = {}
    limits = ", ".join((*option.examples, "…")) if option.examples else ""
    if option.choices:
        details["choices"] = tuple(option.choices)
    elif option.range is not None:
        details |= {"type": int, "metavar": "N"}
        limits = f"{option.minimum} to {option.maximum}"
    shown = "the model's own" if default is None else "%(default)s"
    notes = "; ".join(filter(None, (limits, f"default: {shown}")))
    parser.add_argument(
        _FLAGS.get(name, f"--{name}"),
        dest=name,
        default=default,
        help=f"{option.help} ({notes})",
        **details,
    )


def _run(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser.files import output, pictures
    from napari_abdiffuser.files.sem.read import described

    options = RunOptions(**{name: getattr(arguments, name) for name in OPTIONS})
    image = output.user_path(arguments.image)
    out = output.output_path(image, arguments.out)
    variations = [output.variation_path(out, n) for n in range(1, options.n_outputs + 1)]
    by_user = arguments.out is not None
    # Everything that can be wrong is found out before the model is loaded.
    source = pictures.read(image)
    hints = _read_hints(arguments.hints, source.pixels.shape)
    output.check_outputs(
        [out] if by_user else [],
        variations if by_user else [out, *variations],
        [image] if arguments.hints is None else [image, Path(arguments.hints)],
        overwrite=arguments.overwrite,
    )
    info, rows = described(image, source.pixels)
    source = replace(source, pixel_size=None if info is None else info.pixel_size)
    data_bar = _mask(source.pixels.shape, rows) if options.data_bar else None
    colorizer = common.load_colorizer(options.model, options.device)
    limits = _limits(source.pixels, rows, arguments.contrast)
    opened = colorizer.open(source.pixels, contrast_limits=limits, exclude=data_bar)
    with common.ProgressBar("colorizing") as bar:
        result = opened.paint(hints, **options.painting(), progress=bar)
    made = {**result.provenance, **_pixel(source)}
    output.write(out, result.best, source, {**made, "output": "best"})
    for i, (beside, rgb) in enumerate(zip(variations, result.rgb, strict=True), start=1):
        output.write(beside, rgb, source, {**made, "output": i})
    more = {0: "", 1: ", and one variation beside it"}
    count = options.n_outputs
    print(f"{out} written{more.get(count, f', and {count} variations beside it')}.")


def _mask(shape: tuple[int, ...], rows: Sequence[int] | None) -> NDArray[np.bool_] | None:
    """Mark the rows of the data bar: what a colorizer excludes."""
    import numpy as np

    if rows is None or rows[0] >= rows[1]:
        return None
    mask = np.zeros(shape[:2], bool)
    mask[slice(*rows)] = True
    return mask


def _limits(
    pixels: NDArray[Any], rows: Sequence[int] | None, wanted: Sequence[float] | None
) -> tuple[float, float] | None:
    """Return the values shown as black and white, and say where a wish is ignored."""
    from napari_abdiffuser.imaging.lightness import display_range

    if wanted is None:
        return display_range(pixels, rows[0] if rows else None)
    if pixels.ndim == 3 or pixels.dtype.itemsize == 1:
        print(
            "--contrast is ignored: 8-bit and colour pictures keep their values.", file=sys.stderr
        )
        return None
    return wanted[0], wanted[1]


def _pixel(source: Picture) -> dict[str, Any]:
    """Return the entry of the provenance that tells how large a pixel is."""
    if source.pixel_size is None:
        return {}
    size = [1e9 * side for side in source.pixel_size]
    return {"pixel": {"size": size, "unit": "nm", "shape": list(source.pixels.shape[:2])}}


def _read_hints(path: str | None, shape: tuple[int, ...]) -> Hints | None:
    from napari_abdiffuser.imaging.hints import Hints

    return None if path is None else Hints.load(path).validated((shape[0], shape[1]))
