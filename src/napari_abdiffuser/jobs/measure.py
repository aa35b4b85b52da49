"""Measurements of areas, computed in a worker thread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.colorizer.protocols import with_guide
from napari_abdiffuser.imaging.colors import to_hex
from napari_abdiffuser.jobs import texts
from napari_abdiffuser.layers.spatial import pixel_sides
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.areas import area_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.jobs.job import Opened
    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.studio.areas import AreaTable

__all__ = ["Measured", "measured", "pixel_side"]


@dataclass(frozen=True, eq=False)
class Measured:
    """Who owns which pixel, and how much that is.

    Attributes
    ----------
    labels
        uint16, with the layer's leading axes at length 1; 0 where no class owns most.
    names
        Of the classes, from label 1 on.
    colors
        '#rrggbb' of the classes.
    table
        A row for 'no class', then for each class.
    hints
        That it was made of.
    background
        With which it was made: 'gray' while highlighting.
    bar
        Whether an instrument's data bar was left out.
    """

    labels: NDArray[np.uint16]
    names: tuple[str, ...]
    colors: tuple[str, ...]
    table: AreaTable
    hints: Hints
    background: Background
    bar: bool


def measured(opened: Opened, hints: Hints, background: Background, least_pixels: int) -> Measured:
    """Make a class map and its table."""
    picture, source = with_guide(opened.picture), opened.source
    classes = picture.class_map(hints, background)
    excluded = picture.lightness.excluded
    side, unit = pixel_side(source)
    names = {0: texts.NO_CLASS, **dict(enumerate(classes.names, 1))}
    table = area_table(
        classes.labels,
        names,
        side,
        unit,
        lightness=picture.lightness.display,
        counted=None if excluded is None else ~excluded,
        least_pixels=least_pixels,
    )
    colors = tuple(to_hex(color) for color in classes.colors)
    labels = source.restack(classes.labels)
    bar = excluded is not None
    return Measured(labels, classes.names, colors, table, hints, background, bar)


def pixel_side(source: PictureSource) -> tuple[float | None, str]:
    """Return the side of a square as large as a pixel, and its unit; None without a length.

    Scale, shear and the layer's extra affine transform all count.
    """
    plane = [axis for axis, at in enumerate(source.index) if at is None]
    found = pixel_sides(source.placement, plane)
    if found is None:
        return None, ""
    sides, first = found
    # Area of the parallelogram that a pixel's sides span, wherever it lies in space.
    area = math.sqrt(abs(float(np.linalg.det(sides.T @ sides))))
    side = math.sqrt(area)
    unit = _readable(first, side * max(source.shape))
    return side * float((1.0 * first).to(unit).magnitude) or None, f"{unit:~P}"


def _readable(unit: Any, extent: float) -> Any:
    """Choose a unit of length in which a picture's extent, here in `unit`, is 1 to 1000."""
    length = extent * unit
    names = ("nanometer", "micrometer", "millimeter")
    fitting = [name for name in names if float(length.to(name).magnitude) >= 1.0]
    return length.to(fitting[-1] if fitting else names[0]).units
