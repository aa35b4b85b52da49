"""The demonstration's picture: what goes in and what comes out, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_abdiffuser.imaging.hints import Hints

__all__ = ["sheet"]

_GAP, _CAPTION = 8, 26  # pixels around each panel, and for the line under it
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_DOT = 5  # radius of a hint's dot in pixels


def sheet(
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
    plain = Image.fromarray(gray).convert("RGB")
    half = (plain.width // 2, plain.height // 2)
    panels = [
        ("The micrograph", plain.resize(half, Image.Resampling.LANCZOS)),
        (f"{len(hints)} hints", _dotted(plain.resize(half, Image.Resampling.LANCZOS), hints)),
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


def _dotted(panel: Image.Image, hints: Hints) -> Image.Image:
    draw = ImageDraw.Draw(panel)
    for point in hints.points:
        x, y = (point.x + 0.5) / 2, (point.y + 0.5) / 2
        color = tuple(round(255 * value) for value in point.color)
        box = (x - _DOT, y - _DOT, x + _DOT, y + _DOT)
        draw.ellipse(box, fill=color, outline="white", width=1)
    return panel
