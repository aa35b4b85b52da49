"""Table of the areas of classes, for spreadsheets."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidImage, InvalidRequest

__all__ = ["AreaRow", "AreaTable", "area_table"]


@dataclass(frozen=True)
class AreaRow:
    """The pixels of one class.

    Attributes
    ----------
    label : int
        Its number in the class map.
    name : str
    pixels : int
    fraction : float
        Of the pixels that count, [0, 1].
    area : float or None
        In units²; None without a pixel size.
    objects : int
        Connected sets of pixels, corners connecting too, of at least the least size asked for.
    mean_lightness : float or None
        Mean L* of the picture there, [0, 100]; None without a picture or without pixels.
    """

    label: int
    name: str
    pixels: int
    fraction: float
    area: float | None
    objects: int
    mean_lightness: float | None


@dataclass(frozen=True)
class AreaTable:
    """Rows for the classes, in the order of their numbers.

    Attributes
    ----------
    rows : tuple of AreaRow
    unit : str
        Of length: 'µm'; empty without a pixel size.
    total_pixels : int
        That count: all of them, less those that were masked out.
    """

    rows: tuple[AreaRow, ...]
    unit: str
    total_pixels: int

    @property
    def header(self) -> tuple[str, ...]:
        """Titles of the columns."""
        area = (f"Area ({self.unit}²)",) if self.unit else ()
        lightness = ("Mean lightness (L*)",) if self._has_lightness else ()
        return ("Class", "Pixels", "Area fraction (%)", *area, "Objects", *lightness)

    def cells(self, digits: int = 6) -> list[tuple[str | int | float, ...]]:
        """Return the rows' values under `header`; numbers have so many significant digits."""

        def value(number: float | None) -> str | float:
            return "" if number is None else float(f"{number:.{digits}g}")

        return [
            (
                row.name,
                row.pixels,
                value(100.0 * row.fraction),
                *((value(row.area),) if self.unit else ()),
                row.objects,
                *((value(row.mean_lightness),) if self._has_lightness else ()),
            )
            for row in self.rows
        ]

    def to_text(self, separator: str = "\t", decimal: str = ".") -> str:
        """Write header and rows as text.

        Parameters
        ----------
        separator
            A tab pastes into every spreadsheet; ',' or ';' for CSV files.
        decimal
            ',' where the spreadsheet speaks such a language.
        """
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator="\n")
        writer.writerow(self.header)
        for row in self.cells():
            writer.writerow([_written(cell, decimal) for cell in row])
        return text.getvalue()

    @property
    def _has_lightness(self) -> bool:
        return any(row.mean_lightness is not None for row in self.rows)


def area_table(
    class_map: ArrayLike,
    names: Mapping[int, str],
    pixel_size: float | tuple[float, float] | None = None,
    unit: str = "",
    lightness: NDArray[np.floating[Any]] | None = None,
    counted: NDArray[np.bool_] | None = None,
    least_pixels: int = 1,
) -> AreaTable:
    """Measure the classes of a class map.

    Parameters
    ----------
    class_map : array of int, shape (H, W)
        The class of every pixel, 0 where none is; not negative.
    names : mapping of int to str
        A row for each, also where there are no pixels; numbers of the map that are missing get
        'class 7', and 0 'no class'.
    pixel_size : float or (height, width), optional
        Of a pixel, in `unit`.
    unit : str
        Of length. Without it, or without a size, there are no areas.
    lightness : ndarray, shape (H, W), optional
        L* of the picture, [0, 100].
    counted : ndarray of bool, shape (H, W), optional
        False where pixels do not count: the instrument's data bar.
    least_pixels : int, default 1
        Smaller objects are specks and are not counted as objects; their pixels do count.

    Raises
    ------
    InvalidImage
        The shapes do not fit, or the map is not made of whole numbers of 0 and more.
    InvalidRequest
        The pixel size is not positive.
    """
    labels = _checked(class_map, lightness, counted)
    area = _pixel_area(pixel_size) if unit else None
    valid = np.ones(labels.shape, bool) if counted is None else counted
    present = np.unique(labels[valid]).tolist()
    numbers = sorted({*names, *present})
    last = max(numbers, default=0)
    flat = labels.ravel() if counted is None else labels[valid]
    pixels = np.bincount(flat, minlength=last + 1)
    objects = _objects(labels, valid, last, least_pixels)
    if lightness is None:
        sums = None
    else:
        shades = lightness.ravel() if counted is None else lightness[valid]
        sums = np.bincount(flat, weights=shades, minlength=last + 1)
    total = int(pixels.sum())

    def row(number: int) -> AreaRow:
        count = int(pixels[number])
        mean = None if sums is None or count == 0 else float(sums[number] / count)
        default = f"class {number}" if number else "no class"
        size = None if area is None else count * area
        fraction = count / total if total else 0.0
        name = names.get(number, default)
        return AreaRow(number, name, count, fraction, size, int(objects[number]), mean)

    rows = tuple(row(number) for number in numbers if number in names or pixels[number])
    return AreaTable(rows, unit if area is not None else "", total)


def _objects(
    labels: NDArray[Any], valid: NDArray[np.bool_], last: int, least_pixels: int
) -> NDArray[np.intp]:
    """Count the objects of every class 0 … last."""
    from skimage.measure import label

    # One pass over all classes: neighbours are connected where their numbers are equal.
    marked = np.where(valid, labels, np.int32(-1)).astype(np.int32, copy=False)
    components: NDArray[np.intp] = label(marked, connectivity=2, background=-1)  # type: ignore[no-untyped-call]
    sizes = np.bincount(components.ravel(), minlength=1)
    owner = np.zeros(len(sizes), np.intp)
    owner[components.ravel()] = np.maximum(marked.ravel(), 0)
    counting = sizes >= max(1, least_pixels)
    counting[0] = False  # what does not count
    return np.bincount(owner[counting], minlength=last + 1)


def _checked(
    class_map: ArrayLike,
    lightness: NDArray[Any] | None,
    counted: NDArray[Any] | None,
) -> NDArray[Any]:
    labels = np.asarray(class_map)
    if labels.ndim != 2 or labels.dtype.kind not in "iub":
        raise InvalidImage(
            f"A class map is whole numbers of shape (H, W), not {labels.dtype} of shape "
            f"{labels.shape}: take one slice, and convert it with astype(int)."
        )
    if labels.size and int(labels.min()) < 0:
        raise InvalidImage("A class map has no negative numbers: set them to 0.")
    for what, plane in (("lightness", lightness), ("mask", counted)):
        if plane is not None and plane.shape != labels.shape:
            raise InvalidImage(
                f"The class map has the shape {labels.shape} and the {what} {plane.shape}: give "
                "those of one picture."
            )
    return labels


def _pixel_area(pixel_size: float | tuple[float, float] | None) -> float | None:
    if pixel_size is None:
        return None
    height, width = (
        pixel_size if isinstance(pixel_size, tuple) else (float(pixel_size), float(pixel_size))
    )
    if not (math.isfinite(height * width) and height > 0 and width > 0):
        raise InvalidRequest(f"The pixel size {pixel_size} is not positive: set the layer's scale.")
    return height * width


def _written(cell: str | int | float, decimal: str) -> str:
    if isinstance(cell, str):
        return cell
    text = str(cell) if isinstance(cell, int) else f"{cell:.12g}"
    return text.replace(".", decimal)
