"""Values and protocols of all layers that hold hints."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from napari_abdiffuser.imaging.colors import RGB, to_hex
from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from napari.components import Dims
    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = [
    "CLASS",
    "SAME_PLACE",
    "HintLink",
    "Home",
    "Index",
    "LeftOut",
    "LinkSource",
    "Outline",
    "Place",
    "Reading",
    "SliceReadings",
    "SlicesSource",
    "class_and_color",
    "merge_readings",
]


@dataclass(frozen=True)
class LeftOut:
    """How many hints were left out, and why.

    Attributes
    ----------
    outside
        Hints beside the picture.
    not_finite
        Hints whose position, size or colour is not a finite number.
    transparent
        Points whose face is fully transparent: they show no colour, so they ask for none.
    """

    outside: int = 0
    not_finite: int = 0
    transparent: int = 0

    def __len__(self) -> int:
        return self.outside + self.not_finite + self.transparent

    def sentence(self) -> str:
        """Say it in words; empty when all hints were used."""
        parts = []
        if self.outside:
            parts.append(f"{self.outside} outside the picture")
        if self.not_finite:
            parts.append(f"{self.not_finite} without a finite position, size or colour")
        if self.transparent:
            parts.append(f"{self.transparent} with a transparent face (give it a colour)")
        if not parts:
            return ""
        listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
        return f"Left out {_count(len(self))}: {listed}."


def _count(n: int) -> str:
    return "1 hint" if n == 1 else f"{n} hints"


Index = tuple[int, ...]

SAME_PLACE = 1e-4
"""In pixels: positions that differ by less went through a transform and back."""

CLASS = "class"
"""Feature column of Points and Shapes layers that names what a hint marks."""


@dataclass(frozen=True, eq=False)
class Place:
    """One picture, and what is needed to read hints for it.

    Attributes
    ----------
    image
        The layer that is colorized.
    picture
        The slice of it.
    dims
        The viewer's dimensions.
    legend
        The classes there are.
    """

    image: Image
    picture: PictureSource
    dims: Dims | None
    legend: Legend

    def at(self, index: tuple[int, ...]) -> Place:
        """Return another slice of the same image, to read its hints; it is not placed anew."""
        entries = iter(index)
        where = tuple(None if at is None else next(entries) for at in self.picture.index)
        return replace(self, picture=replace(self.picture, index=where))


@dataclass(frozen=True, eq=False)
class Outline:
    """A closed shape in the pixels of the image layer.

    Attributes
    ----------
    vertices
        (N, D) floats, D being the image's dimensions.
    kind
        napari's name: 'polygon', 'ellipse', …
    """

    vertices: NDArray[np.float64]
    kind: str


@dataclass(frozen=True, eq=False)
class Home:
    """Where a region came from, so that undo can put it back.

    Attributes
    ----------
    layer
        Identity of the layer.
    value
        Of its label, in a Labels layer.
    outline
        Its shape, in a Shapes layer.
    """

    layer: int
    value: int = 0
    outline: Outline | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """Hints of one layer.

    Attributes
    ----------
    points, regions
        In the pixels of the picture.
    homes
        Of the regions.
    left_out
        How many could not be used.
    crowd
        How many labels a user's layer has, where they were too many for a class each and became
        one class together; else 0.
    """

    points: tuple[PointHint, ...] = ()
    regions: tuple[RegionHint, ...] = ()
    homes: tuple[Home, ...] = ()
    left_out: LeftOut = field(default_factory=LeftOut)
    crowd: int = 0

    @classmethod
    def of(cls, hints: Hints, left_out: LeftOut | None = None) -> Reading:
        """Take hints without homes."""
        return cls(hints.points, hints.regions, (), left_out or LeftOut())

    def matches(self, points: Sequence[PointHint]) -> bool:
        """Whether the layer holds exactly these points, as far as it can tell."""
        read = list(self.points)
        for point in points:
            same = next((r for r in read if _same(r, point)), None)
            if same is None:
                return False
            read.remove(same)
        return not read


class LinkSource(Protocol):
    """What was copied from a layer; the rest may take time and needs no layer."""

    def build(self) -> Reading:
        """Return the hints."""
        ...


@dataclass(frozen=True, eq=False)
class SliceReadings:
    """Hints of one layer, by slice.

    Attributes
    ----------
    slices
        Of slices that hold any.
    everywhere
        Of a layer without the stack's axes: they are hints of every slice.
    """

    slices: Mapping[Index, Reading] = field(default_factory=dict)
    everywhere: Reading | None = None

    def at(self, index: Index) -> Reading:
        """Return what the layer says of a slice."""
        if self.everywhere is not None:
            return self.everywhere
        return self.slices.get(index, Reading())


class SlicesSource(Protocol):
    """What was copied from a layer; the rest may take time and needs no layer."""

    @property
    def cost(self) -> int:
        """Of `build`, in pixels that it looks at."""
        ...

    def build(self) -> SliceReadings:
        """Return the hints of all slices."""
        ...


class HintLink(Protocol):
    """One layer that holds hints of an image."""

    layer: Any
    own: bool
    """Whether the plugin made it; only then regions are written into it."""

    def source(self, place: Place) -> LinkSource:
        """Copy what the layer holds for a picture."""
        ...

    def slices(self, place: Place) -> SlicesSource:
        """Copy what the layer holds for all slices of the picture's stack."""
        ...

    def write(self, place: Place, hints: Reading) -> None:
        """Make the layer hold these hints, and no others, for a picture; touch nothing else."""
        ...

    def choose(self, legend: Legend, active: str) -> bool:
        """Let the next hints of the layer be of a class; whether selected ones became so, too."""
        ...


def class_and_color(name: object, color: RGB, legend: Legend) -> tuple[str | None, RGB]:
    """Settle what a hint marks, given what its layer says.

    Parameters
    ----------
    name
        The layer's class feature, if it has one.
    color
        sRGB in [0, 1].
    legend
        A hint whose colour is no longer that of its class was recoloured by hand: it belongs to
        the class of its new colour, whichever that is.
    """
    if not isinstance(name, str) or not name.strip():
        return None, color
    name = " ".join(name.split())
    if name not in legend:
        return name, color
    known = legend[name]
    return (name, known.color) if known.hex == to_hex(color) else (None, color)


def merge_readings(readings: Sequence[Reading]) -> Hints:
    """Merge the hints of several layers into those of one picture."""
    points = [p for r in readings for p in r.points]
    regions = [r for reading in readings for r in reading.regions]
    return Hints(*_agreed(points, regions))


def _agreed(points: list[Any], regions: list[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Let hints of one class have one colour, that of the first, whichever layer they are in."""
    colors: dict[str, Any] = {}

    def agreed(hint: Any) -> Any:
        if hint.class_name is None:
            return hint
        color = colors.setdefault(hint.class_name, hint.color)
        return hint if color == hint.color else replace(hint, color=color)

    return tuple(map(agreed, points)), tuple(map(agreed, regions))


def _same(read: PointHint, point: PointHint) -> bool:
    """Whether a point that was read became this hint; its class may come from its colour."""
    off = max(abs(read.y - point.y), abs(read.x - point.x))
    look = (read.size, to_hex(read.color)) == (point.size, to_hex(point.color))
    return off <= SAME_PLACE and look and read.class_name in (None, point.class_name)
