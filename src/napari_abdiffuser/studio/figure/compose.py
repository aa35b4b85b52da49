"""Layout of panels, legend and scale bar at full resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.studio.figure.drawing import Pen, bar_width, legend_size
from napari_abdiffuser.studio.figure.options import Box, Figure, FigureOptions
from napari_abdiffuser.studio.figure.panels import colored_panel, gray_panel
from napari_abdiffuser.studio.figure.scale_bar import ScaleBar, scale_bar

if TYPE_CHECKING:
    from napari_abdiffuser.studio.legend.classes import HintClass

__all__ = ["compose"]


def compose(
    rgb: ArrayLike,
    options: FigureOptions | None = None,
    classes: Sequence[HintClass] = (),
    original: ArrayLike | None = None,
    contrast_limits: tuple[float, float] | None = None,
    pixel_size: float | None = None,
    unit: str = "",
) -> Figure:
    """Make a figure; the picture's own pixels are kept to the byte.

    Parameters
    ----------
    rgb : array, shape (H, W, 3)
        The colouring; see `panels.coloured_panel`.
    options : FigureOptions, optional
        What it has. What there is nothing for is left out: no legend without classes, no bar
        without a pixel size, no second panel without an original.
    classes
        Entries of the legend.
    original : array, shape (H, W) or (H, W, 3), optional
        The picture before; see `panels.gray_panel`.
    contrast_limits
        Of the original.
    pixel_size : float, optional
        Width of a pixel in `unit`.
    unit : str
        Of length.

    Raises
    ------
    InvalidImage
        A picture is none, or the two have different sizes.
    """
    wanted = options or FigureOptions()
    panels = [colored_panel(rgb)]
    if wanted.original and original is not None:
        panels.insert(0, gray_panel(original, contrast_limits)[..., :3])
        if panels[0].shape != panels[1].shape:
            raise InvalidImage(
                f"The original is {panels[0].shape[:2]} and the colouring {panels[1].shape[:2]} "
                "pixels: choose the picture that was colorized."
            )
    bar = None
    if wanted.scale_bar != "none" and pixel_size is not None and unit:
        bar = scale_bar(panels[0].shape[1], pixel_size, unit)
    return _Layout(panels, wanted, tuple(classes), bar).figure()


class _Layout:
    """Where everything goes."""

    def __init__(
        self,
        panels: list[NDArray[np.uint8]],
        options: FigureOptions,
        classes: Sequence[HintClass],
        bar: ScaleBar | None,
    ) -> None:
        height, width = panels[0].shape[:2]
        suited = max(9, round(min((height * width) ** 0.5 / 30, width / 18)))
        size = options.text_size or suited
        self._panels, self._options, self._size, self._bar = panels, options, size, bar
        lefts = [n * (width + size // 2) for n in range(len(panels))]
        self._boxes = [Box(0, left, height, width) for left in lefts]
        self._inner = lefts[-1] + width
        self._foot = height
        self._rows: list[list[HintClass]] = []
        self._right = 0
        self._legend_at = self._bar_at = (0, 0)
        self._place_legend(classes, options.legend if classes else "none")

    def _place_legend(self, classes: Sequence[HintClass], place: str) -> None:
        size, inner = self._size, self._inner
        bar = self._bar if self._options.scale_bar == "below" else None
        needed = bar_width(bar, size) if bar is not None else 0
        tall = wide = 0
        if place != "none":
            tall, wide, self._rows = legend_size(classes, size, place, inner)
        if place == "right":
            self._legend_at = (size // 4, inner + size // 2)
            self._right = size + wide
            self._foot = max(self._foot, tall + size // 2)
        under = tall if place == "below" else 0
        line = round(1.5 * size)
        # A legend of one row leaves room for the bar at its right.
        beside = place == "below" and len(self._rows) == 1 and wide + needed <= inner
        if bar is not None and not beside:
            under += line
        if under:
            top = self._foot + size // 4
            self._foot = top + under + size // 4
            self._bar_at = (self._foot - size // 4 - line, inner)
            if place == "below":
                self._legend_at = (top, 0)
                self._right = max(0, wide - inner)

    def figure(self) -> Figure:
        from PIL import Image, ImageDraw

        options, boxes = self._options, self._boxes
        dark = options.background == "black"
        ground = 0 if dark else 255
        canvas = np.full((self._foot, self._inner + self._right, 3), ground, np.uint8)
        for panel, box in zip(self._panels, boxes, strict=True):
            canvas[box.slices] = panel
        image = Image.fromarray(canvas)
        pen = Pen(ImageDraw.Draw(image), self._size, dark)
        pen.legend(self._rows, *self._legend_at)
        if self._bar is not None and options.scale_bar == "inside":
            for box in boxes:
                pen.bar_inside(self._bar, box, options.corner, options.keep_clear)
        elif self._bar is not None:
            pen.bar_below(self._bar, *self._bar_at)
        if options.letters:
            for letter, box in zip("ab", boxes, strict=False):
                pen.letter(letter, box)
        return Figure(
            np.asarray(image),
            boxes[-1],
            boxes[0] if len(boxes) > 1 else None,
            self._bar,
            options,
        )
