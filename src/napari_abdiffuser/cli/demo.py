"""``abdiffuser demo``, which colorizes the built-in micrograph."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from napari_abdiffuser.cli import common

if TYPE_CHECKING:
    import argparse

    import numpy as np
    from numpy.typing import NDArray
    from PIL import ImageDraw

    from napari_abdiffuser.imaging.hints import Hints

__all__ = ["add_parser"]

_OUT = "abdiffuser-demo.png"
_GAP, _CAPTION = 8, 26  # pixels around each panel, and for the line under it
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_DOT = 5  # radius of a hint's dot in pixels


def add_parser(commands: common.Commands) -> None:
    """Add the command and its arguments."""
    parser = commands.add_parser("demo", help="colorize the built-in micrograph; needs no network")
    parser.add_argument("-o", "--out", help=f"picture to write ({_OUT})")
    parser.add_argument(
        "--overwrite", action="store_true", help=f"also where another {_OUT} is there"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    from napari_abdiffuser import data
    from napari_abdiffuser.files import output
    from napari_abdiffuser.imaging.hints import Hints

    out = output.output_path(Path("demo"), arguments.out or _OUT)
    by_user = arguments.out is not None
    output.check_outputs(
        [out] if by_user else [], [] if by_user else [out], [], overwrite=arguments.overwrite
    )
    begin = time.perf_counter()
    image = data.micrograph()
    hints = Hints.load(data.micrograph_hints_path())
    colorizer = common.load_colorizer()
    picture = colorizer.open(image)
    with common.ProgressBar("colorizing") as bar:
        automatic = picture.paint(None, n_outputs=1, progress=bar)
    guided = picture.paint(hints, n_outputs=0)
    sheet = _sheet(image, hints, automatic.rgb[0], guided.best)
    output.write(out, sheet, provenance=guided.provenance)
    seconds = time.perf_counter() - begin
    print(f"{out} written: {len(hints)} hints, {seconds:.1f} s on {colorizer.device}.")


def _sheet(
    gray: NDArray[np.uint8],
    hints: Hints,
    automatic: NDArray[np.uint8],
    guided: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Put four panels at half size in two rows, each with a caption.

    Parameters
    ----------
    gray
        (H, W) the picture.
    hints
        Drawn over the second panel.
    automatic, guided
        (H, W, 3) the colourings without and with hints.

    Returns
    -------
    NDArray[np.uint8]
        (H', W', 3).
    """
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    plain = Image.fromarray(gray).convert("RGB")
    half = (plain.width // 2, plain.height // 2)
    hinted = plain.resize(half, Image.Resampling.LANCZOS)
    _draw_hints(ImageDraw.Draw(hinted), hints)
    panels = [
        ("The micrograph", plain.resize(half, Image.Resampling.LANCZOS)),
        (f"{len(hints)} hints", hinted),
        ("Automatic: one variation", Image.fromarray(automatic).resize(half)),
        ("With the hints", Image.fromarray(guided).resize(half)),
    ]
    cell = (half[0] + _GAP, half[1] + _CAPTION + _GAP)
    paper = Image.new("RGB", (2 * cell[0] + _GAP, 2 * cell[1] + _GAP), _PAPER)
    draw = ImageDraw.Draw(paper)
    font = ImageFont.load_default(size=15)
    for i, (caption, panel) in enumerate(panels):
        x, y = _GAP + (i % 2) * cell[0], _GAP + (i // 2) * cell[1]
        paper.paste(panel, (x, y))
        draw.text((x + 2, y + half[1] + 5), caption, fill=_INK, font=font)
    return np.asarray(paper).copy()


def _draw_hints(draw: ImageDraw.ImageDraw, hints: Hints) -> None:
    for point in hints.points:
        x, y = (point.x + 0.5) / 2, (point.y + 0.5) / 2
        color = tuple(round(255 * value) for value in point.color)
        box = (x - _DOT, y - _DOT, x + _DOT, y + _DOT)
        draw.ellipse(box, fill=color, outline="white", width=1)
