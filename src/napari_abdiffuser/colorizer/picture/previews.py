"""Previews: smaller colourings of large pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.colorizer.coarse.painting import most_probable
from napari_abdiffuser.colorizer.hints.tokens import CHROMA_SCALE
from napari_abdiffuser.colorizer.memory import within_memory
from napari_abdiffuser.colorizer.native.colorings import saturated
from napari_abdiffuser.colorizer.picture.core import PictureCore
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.options import Background, PaintOptions

__all__ = ["PREVIEW_SIDE", "Preview", "preview"]

PREVIEW_SIDE = 1024
"""Longer side of a preview in pixels, at most, where no other is asked for."""


@dataclass(frozen=True, eq=False)
class Preview:
    """A smaller picture of a colouring.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (h, w, 3)
        The most probable colouring.
    scale : (float, float)
        Pixels of the picture to a pixel of the preview, along rows and columns; 1 where the
        picture is small enough to be its own preview.
    """

    rgb: NDArray[np.uint8]
    scale: tuple[float, float]


def preview(
    picture: PictureCore,
    hints: Hints | None = None,
    max_side: int = PREVIEW_SIDE,
    background: str = "auto",
    saturation: float = 1.0,
) -> Preview:
    """Colorize a smaller picture, as large ones want while hints are being placed.

    Parameters
    ----------
    hints : Hints, optional
        On the picture itself, in its own pixels.
    max_side : int
        The longer side of the preview is at most this, 16 … 65536 pixels.
    background : {'auto', 'gray'}
        See `OpenPicture.paint`.
    saturation : float
        Factor of the chroma; see `OpenPicture.saturate`.

    Returns
    -------
    Preview
        As `paint` colours the picture, averaged; without the promises made for whole pixels.

    Raises
    ------
    InvalidHints, InvalidRequest
        Saying what to give instead.
    """
    if isinstance(max_side, bool) or not isinstance(max_side, int) or max_side < 16:
        raise InvalidRequest(f"max_side is a whole number of at least 16, not {max_side!r}.")
    request = picture.request(hints, PaintOptions(0, background=Background.parse(background)))
    with within_memory("this preview"):
        tokens = picture.tokens(request.hints)
        best = most_probable(picture.encoded, tokens, request.background)
        painter = picture.painter.smaller(max_side)
        shape = painter.surface.shape
        maps = (best * CHROMA_SCALE).cpu().numpy()
        rgb = painter.paint(maps, _shrunk(request.hints, picture.shape, shape))[0]
        if saturation != 1.0:
            factors = np.full(shape, saturation, np.float32)
            rgb = saturated(rgb, factors, painter.surface.display)
    return Preview(rgb, (picture.shape[0] / shape[0], picture.shape[1] / shape[1]))


def _shrunk(hints: Hints, shape: tuple[int, int], small: tuple[int, int]) -> Hints:
    """Return hints of a picture on its smaller copy; what falls between its pixels is left out."""
    if shape == small:
        return hints
    factor = np.array(small) / np.array(shape)
    points = []
    for point in hints.points:
        y, x = (np.array([point.y, point.x]) + 0.5) * factor - 0.5
        size = max(1, round(point.size * float(factor.mean())))
        points.append(replace(point, y=float(y), x=float(x), size=size))
    rows, columns = (
        ((np.arange(n) + 0.5) / f).astype(int) for n, f in zip(small, factor, strict=True)
    )
    regions = tuple(replace(r, mask=r.mask[np.ix_(rows, columns)]) for r in hints.regions)
    return replace(hints, points=tuple(points), regions=regions)
