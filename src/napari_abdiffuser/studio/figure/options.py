"""Options of a figure, and the composed figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.studio.figure.scale_bar import ScaleBar

__all__ = ["Box", "Figure", "FigureOptions"]

Corner = Literal["lower right", "lower left", "upper right", "upper left"]


class Box(NamedTuple):
    """Where a panel is in a figure, in pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


@dataclass(frozen=True)
class FigureOptions:
    """What a figure has.

    Attributes
    ----------
    legend : {'none', 'right', 'below'}
        Class names and colours, outside the picture.
    scale_bar : {'none', 'inside', 'below'}
        Inside it covers pixels of the picture, as is the custom.
    corner : str
        Of a bar inside.
    original : bool
        Whether the gray original is beside, to the left.
    letters : bool
        Whether the panels are marked a, b.
    background : {'white', 'black'}
        Around the panels.
    text_size : int
        Of letters in pixels; 0 suits the picture.
    keep_clear : int
        Rows at the foot of the picture that a bar inside does not cover: the instrument's data
        bar.
    dpi : int
        Dots per inch that the file declares; the pixels are the picture's own whatever it is. 0:
        none, and a TIFF declares the size of a pixel in their place, where it is known.
    """

    legend: Literal["none", "right", "below"] = "right"
    scale_bar: Literal["none", "inside", "below"] = "inside"
    corner: Corner = "lower right"
    original: bool = False
    letters: bool = False
    background: Literal["white", "black"] = "white"
    text_size: int = 0
    keep_clear: int = 0
    dpi: int = 300

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-serializable values."""
        from dataclasses import asdict

        return asdict(self)


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure before it is written.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (H, W, 3), read-only
    colored : Box
        Where the coloured picture is, at its full resolution.
    original : Box or None
        Where the gray original is.
    bar : ScaleBar or None
        The one that was drawn.
    options : FigureOptions
    """

    pixels: NDArray[np.uint8]
    colored: Box
    original: Box | None
    bar: ScaleBar | None
    options: FigureOptions
