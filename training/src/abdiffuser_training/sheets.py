"""Contact sheets: many small pictures with captions on one page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from abdiffuser_training.files import write_bytes

__all__ = ["Tile", "contact_sheet"]

_GAP, _LINE = 6, 13


@dataclass(frozen=True)
class Tile:
    """A picture (H, W) or (H, W, 3) uint8, or None, with lines of text and a frame's colour."""

    picture: NDArray[np.uint8] | None
    lines: tuple[str, ...] = ()
    frame: str = "#ffffff"


def contact_sheet(path: Path, tiles: Sequence[Tile], side: int = 144, columns: int = 8) -> None:
    """Write a page of small pictures as PNG.

    Parameters
    ----------
    path : Path
        The page.
    tiles : Sequence[Tile]
        Pictures in reading order; they are shrunk to fit, never enlarged.
    side : int
        Side of a tile's place in pixels.
    columns : int
        Places a row.
    """
    deep = max((len(tile.lines) for tile in tiles), default=0) * _LINE
    rows = max(-(-len(tiles) // columns), 1)
    step = side + _GAP
    page = Image.new("RGB", (columns * step + _GAP, rows * (step + deep) + _GAP), "#ffffff")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for n, tile in enumerate(tiles):
        x, y = _GAP + n % columns * step, _GAP + n // columns * (step + deep)
        draw.rectangle((x - 3, y - 3, x + side + 2, y + side + 2), fill=tile.frame)
        draw.rectangle((x, y, x + side - 1, y + side - 1), fill="#e8e8e8")
        if tile.picture is not None:
            image = Image.fromarray(tile.picture).convert("RGB")
            image.thumbnail((side, side))
            page.paste(image, (x + (side - image.width) // 2, y + (side - image.height) // 2))
        for i, line in enumerate(tile.lines):
            draw.text((x, y + side + 3 + i * _LINE), _fitted(line, side, font), "#222222", font)
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    write_bytes(path, buffer.getvalue())


def _fitted(line: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Shorten in the middle until it fits."""
    if font.getlength(line) <= width:
        return line
    keep = len(line) - 1
    while keep > 4:
        keep -= 1
        short = f"{line[: keep // 2]}…{line[len(line) - (keep - keep // 2) :]}"
        if font.getlength(short) <= width:
            return short
    return line[:4]
