"""Colour hints of a picture: points, strokes and whole regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.colors import RGB, parse_color
from napari_abdiffuser.imaging.conversion import srgb_to_lab
from napari_abdiffuser.imaging.hints import json_format
from napari_abdiffuser.imaging.hints.arguments import class_name, listed, pairs, whole
from napari_abdiffuser.imaging.hints.kinds import Hint, PointHint, RegionHint

__all__ = ["Hints", "PointHint", "RegionHint"]


@dataclass(frozen=True)
class Hints:
    """Colour hints for one picture; immutable.

    Build them with `from_points`, `from_labels`, `load` or ``hints_a + hints_b``. Whether they lie
    in a picture is only known with the picture: see `validated` and `within`.

    Attributes
    ----------
    points : tuple of PointHint
    regions : tuple of RegionHint
    extra : mapping
        Keys of a hints file that this version does not know; they are written back.

    Raises
    ------
    InvalidHints
        If a position is not finite, a colour is outside [0, 1], a size is below 1, or one class
        has two colours.
    """

    points: tuple[PointHint, ...] = ()
    regions: tuple[RegionHint, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        kinds: tuple[tuple[str, Sequence[Hint]], ...] = (
            ("Hint", self.points),
            ("Region", self.regions),
        )
        for kind, hints in kinds:
            faults = (_numbered(kind, i, hint.own_fault()) for i, hint in enumerate(hints))
            if (fault := next(filter(None, faults), None)) is not None:
                raise InvalidHints(f"{fault}.")
        self.classes()

    @classmethod
    def empty(cls) -> Hints:
        """Return no hints."""
        return cls()

    @classmethod
    def from_points(
        cls,
        coordinates: ArrayLike,
        colors: Sequence[str | Sequence[float]] | NDArray[np.floating[Any]],
        sizes: int | Sequence[int] | NDArray[np.integer[Any]] = 9,
        classes: Sequence[str | None] | None = None,
    ) -> Hints:
        """Make hints of square patches of colour.

        Parameters
        ----------
        coordinates : array, shape (N, 2)
            (row, column) in pixels of the image; pixel centres are integers.
        colors : array, shape (N, 3), or N colours
            sRGB floats in [0, 1], CSS names or '#rrggbb'.
        sizes : int or N ints, default 9
            Side of each patch in pixels.
        classes : N names or None, optional
            What each point marks; points of one class have one colour.

        Raises
        ------
        InvalidHints
            If lengths or types do not fit, a position is not finite, a colour is outside [0, 1],
            a size is below 1, or one class has two colours.
        """
        places = pairs(coordinates)
        n = len(places)
        if isinstance(colors, str):
            raise InvalidHints(f"Give a list with one colour for each point, not {colors!r}.")
        paints = [parse_color(color) for color in listed(colors, n, "colours")]
        sides = [
            whole(s) for s in listed([sizes] * n if np.ndim(sizes) == 0 else sizes, n, "sizes")
        ]
        names = [
            class_name(c) for c in listed([None] * n if classes is None else classes, n, "classes")
        ]
        return cls(
            tuple(
                PointHint(float(y), float(x), side, paint, name)
                for (y, x), side, paint, name in zip(places, sides, paints, names, strict=True)
            )
        )

    @classmethod
    def from_labels(
        cls,
        labels: ArrayLike,
        colors: Mapping[int, str | Sequence[float]],
        classes: Mapping[int, str] | None = None,
        hard: bool | None = None,
    ) -> Hints:
        """Make hints of strokes or whole regions of colour.

        Parameters
        ----------
        labels : array of int, shape (H, W)
            0 = no hint; every other number is painted in its colour.
        colors : mapping of int to colour
            A colour for every label that occurs: sRGB floats in [0, 1], CSS name or '#rrggbb'.
        classes : mapping of int to str, optional
            What a label marks.
        hard : bool, optional
            True for regions whose colour ends exactly at their edges; see `RegionHint`.

        Raises
        ------
        InvalidHints
            If the labels are not whole numbers in two dimensions, or a label has no colour.
        """
        values = np.asarray(labels)
        for what, table in (("colors", colors), ("classes", {} if classes is None else classes)):
            if not isinstance(table, Mapping):
                raise InvalidHints(
                    f"{what} is a mapping of label to value such as {{1: 'gold'}}, not {table!r}."
                )
        if values.ndim != 2 or values.dtype.kind not in "iub":
            raise InvalidHints(
                f"Labels are whole numbers of shape (H, W), not {values.dtype} of shape "
                f"{values.shape}: convert them, for example with labels.astype(int)."
            )
        present = [int(v) for v in np.unique(values[values != 0])]
        missing = [v for v in present if v not in colors]
        if missing:
            raise InvalidHints(
                f"Labels {missing[:10]} have no colour: add them to colors, or set them to 0."
            )
        names = classes or {}
        return cls(
            regions=tuple(
                RegionHint(values == v, parse_color(colors[v]), class_name(names.get(v)), hard=hard)
                for v in present
            )
        )

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Hints:
        """Read a hints file.

        Raises
        ------
        InvalidHints
            If it cannot be read or is not a hints file.
        """
        return cls(*json_format.decode(json_format.read(path)))

    def save(self, path: str | PathLike[str]) -> None:
        """Write a hints file (JSON): completely, or not at all.

        Raises
        ------
        InvalidHints
            If the file cannot be written, or unknown keys hold what JSON cannot.
        """
        json_format.write(path, self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Hints:
        """Read what `to_dict` gave, or parsed JSON.

        Raises
        ------
        InvalidHints
            If it does not follow the format.
        """
        return cls(*json_format.decode(data))

    def to_dict(self) -> dict[str, Any]:
        """Return all of these hints as JSON-serializable values: what a hints file holds."""
        return json_format.encode(self.points, self.regions, self.extra)

    def __add__(self, other: Hints) -> Hints:
        if not isinstance(other, Hints):
            return NotImplemented
        return Hints(
            self.points + other.points, self.regions + other.regions, {**self.extra, **other.extra}
        )

    def __len__(self) -> int:
        return len(self.points) + len(self.regions)

    def classes(self) -> dict[str, RGB]:
        """Give the legend: every class with its colour, in the order of first use.

        Raises
        ------
        InvalidHints
            If one class has two colours.
        """
        legend: dict[str, RGB] = {}
        hints: tuple[Hint, ...] = (*self.points, *self.regions)
        for hint in hints:
            if hint.class_name is None:
                continue
            color = legend.setdefault(hint.class_name, hint.color)
            if any(abs(u - v) > 0.5 / 255 for u, v in zip(color, hint.color, strict=True)):
                raise InvalidHints(
                    f"Class {hint.class_name!r} has the colours {color} and {hint.color}: give "
                    "one colour per class, or use two class names."
                )
        return legend

    def validated(self, shape: tuple[int, int]) -> Hints:
        """Give these hints back if all of them fit a picture of this shape (H, W).

        Raises
        ------
        InvalidHints
            If a hint is outside the picture, or a region was drawn on another shape.
        """
        faults = self.within(shape)[1]
        if faults:
            more = f" ({len(faults) - 1} more like this.)" if len(faults) > 1 else ""
            raise InvalidHints(f"{faults[0]}.{more}")
        return self

    def within(self, shape: tuple[int, int]) -> tuple[Hints, list[str]]:
        """Give the hints that fit a picture of this shape, and why each other one does not.

        The numbers in the messages are the places in `points` and in `regions`.
        """
        height, width = (int(n) for n in shape)
        faults: list[str] = []

        def fits(kind: str, number: int, hint: Hint) -> bool:
            fault = _numbered(kind, number, hint.fault((height, width)))
            if fault is not None:
                faults.append(fault)
            return fault is None

        points = tuple(p for i, p in enumerate(self.points) if fits("Hint", i, p))
        regions = tuple(r for i, r in enumerate(self.regions) if fits("Region", i, r))
        return (replace(self, points=points, regions=regions) if faults else self), faults

    def hint_map(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Paint the hints: later ones over earlier ones, points over regions.

        Parameters
        ----------
        shape : (int, int)
            Height and width of the picture.

        Returns
        -------
        ndarray of float32, shape (3, H, W)
            a*, b* (CIELAB units, those of the colour asked for, displayable or not) and a mask: 1
            where there is a hint, 0 elsewhere. A gray hint is (0, 0, 1), no hint (0, 0, 0).

        Raises
        ------
        InvalidHints
            As `validated` does.
        """
        self.validated(shape)
        height, width = (int(n) for n in shape)
        painted = np.zeros((3, height, width), np.float32)
        for region in self.regions:
            painted[:, region.mask] = _paint(region.color)[:, None]
        for point in self.points:
            painted[:, *point.patch((height, width))] = _paint(point.color)[:, None, None]
        return painted


def _numbered(kind: str, number: int, fault: str | None) -> str | None:
    return None if fault is None else f"{kind} {number} cannot be used: {fault}"


def _paint(color: RGB) -> NDArray[np.float32]:
    lab = srgb_to_lab(np.array(color))
    # The last digits of a gray's chroma are rounding: gray means gray.
    gray = max(color) == min(color)
    return np.array([0.0, 0.0, 1.0] if gray else [lab[1], lab[2], 1.0], np.float32)
