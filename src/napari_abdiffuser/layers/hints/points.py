"""Points layers whose points are hints, with a class each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.imaging.hints import PointHint
from napari_abdiffuser.layers.hints.new import set_current_color
from napari_abdiffuser.layers.hints.reading import (
    CLASS,
    SAME_PLACE,
    Place,
    Reading,
    class_and_color,
)
from napari_abdiffuser.layers.hints.slices import EverySlice, SliceSources
from napari_abdiffuser.layers.hints.sources import (
    PointsSource,
    pixels_per_unit,
    read_points,
    read_points_by_slice,
)
from napari_abdiffuser.layers.spatial import map_between, world_position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Points
    from numpy.typing import NDArray

    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["PointsLink"]

# To read a point takes as long as to look at this many pixels.
_PIXELS = 200


@dataclass(eq=False)
class _Source:
    points: PointsSource
    classes: tuple[object, ...]
    place: Place
    _built: Reading | None = None

    def build(self) -> Reading:
        """Return the points that lie in the picture; the same object when asked again."""
        if self._built is None:
            self._built = self._build()
        return self._built

    def same(self, other: _Source) -> bool:
        """Whether another one says the same."""
        one, two = self.points, other.points
        return (
            self.place.legend is other.place.legend
            and self.place.picture.shape == other.place.picture.shape
            and one.transparent == two.transparent
            and self.classes == other.classes
            and np.array_equal(one.coordinates, two.coordinates)
            and np.array_equal(one.colors, two.colors)
            and np.array_equal(one.sizes, two.sizes)
        )

    def _build(self) -> Reading:
        inside, left_out = self.points.usable(self.place.picture.shape)
        names: dict[str, Any] = {}
        hints = []
        for at in np.flatnonzero(inside):
            red, green, blue = (float(v) for v in np.clip(self.points.colors[at], 0.0, 1.0))
            name, color = class_and_color(self.classes[at], (red, green, blue), self.place.legend)
            if name is not None:
                # Hints of one class have one colour.
                color = names.setdefault(name, color)
            y, x = (float(v) for v in self.points.coordinates[at])
            size = max(1, round(float(self.points.sizes[at])))
            hints.append(PointHint(y, x, size, color, name))
        return Reading(tuple(hints), left_out=left_out)


class PointsLink:
    """Reads and writes a Points layer.

    Parameters
    ----------
    layer
        With napari's features, of which a string column `class` is read. A user's own is read
        only.
    own
        Whether the plugin made it; then it gets such a column.
    """

    def __init__(self, layer: Points, own: bool) -> None:
        self.layer = layer
        self.own = own
        self._last: _Source | None = None

    def source(self, place: Place) -> _Source:
        """Copy the points of the picture's slice.

        The source before is given again where it says the same: napari tells four times of one
        new point.
        """
        points = read_points(self.layer, place.image, place.picture, place.dims)
        names = self._classes()
        source = _Source(points, tuple(names[row] for row in points.rows), place)
        if self._last is None or not source.same(self._last):
            self._last = source
        return self._last

    def slices(self, place: Place) -> EverySlice | SliceSources:
        """Copy the points of all slices."""
        cost = _PIXELS * len(self.layer.data)
        if self.layer.ndim < place.image.ndim:
            return EverySlice(self.source(place), cost)
        found = read_points_by_slice(self.layer, place.image, place.picture, place.dims)
        names = self._classes()
        sources = {
            index: _Source(points, tuple(names[row] for row in points.rows), place.at(index))
            for index, points in found.items()
        }
        return SliceSources(sources, cost)

    def write(self, place: Place, hints: Reading) -> None:
        """Make the slice's points those given; all other points stay as they are."""
        if not self.own:
            return
        source = read_points(self.layer, place.image, place.picture, place.dims)
        inside, _ = source.usable(place.picture.shape)
        rows = source.rows[inside]
        rows = self._place(place, rows, source.coordinates[inside], hints.points)
        self._dress(place, rows, hints.points)

    def choose(self, legend: Legend, active: str) -> bool:
        """Let the next point be of a class, in its color, and so what is selected on purpose."""
        if not self.own:
            return False
        entry, recolored = legend[active], False
        if str(self.layer.current_face_color)[:7].lower() != entry.hex:
            set_current_color(self.layer, entry.hex)
            recolored = bool(self.layer.selected_data)
        self._ensure_column()
        if self._default() != active:
            self.layer.feature_defaults = {**self._defaults(), CLASS: active}
        return recolored

    # --- positions ---

    def _place(
        self,
        place: Place,
        rows: NDArray[np.intp],
        at: NDArray[np.float64],
        wanted: Sequence[PointHint],
    ) -> NDArray[np.intp]:
        """Move, add and remove points; return the layer's row of every hint."""
        goal = np.array([(h.y, h.x) for h in wanted], np.float64).reshape(-1, 2)
        layer = self.layer
        if len(rows) == len(wanted):
            off = np.abs(goal - at).max(axis=1, initial=0.0) > SAME_PLACE
            if off.any():
                data = np.array(layer.data, np.float64)
                data[rows[off]] = self._positions(place, goal[off])
                layer.data = data
            return rows
        # The same number of points was moved or recoloured; another number means that some came
        # or went, and the others are where they were.
        free = dict(zip(rows.tolist(), at, strict=True))
        found: list[int | None] = []
        for spot in goal:
            row = next((r for r, s in free.items() if np.abs(s - spot).max() <= SAME_PLACE), None)
            if row is not None:
                del free[row]
            found.append(row)
        gone = sorted(free)
        new = [n for n, row in enumerate(found) if row is None]
        if gone:
            layer.selected_data = set()
            layer.remove(gone)
        result = np.array(
            [-1 if r is None else r - sum(g < r for g in gone) for r in found], np.intp
        )
        if new:
            result[new] = len(layer.data) + np.arange(len(new))
            layer.add(self._positions(place, goal[new]))
            layer.selected_data = set()
        return result

    def _positions(self, place: Place, goal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map pixels of the picture to the layer's coordinates."""
        index = place.picture.index
        full = np.zeros((len(goal), len(index)))
        plane = [axis for axis, at in enumerate(index) if at is None]
        full[:, plane] = goal
        for axis, at in enumerate(index):
            if at is not None:
                full[:, axis] = at
        world = None if place.dims is None else world_position(self.layer, place.dims)
        return map_between(place.image, self.layer, world)(full)

    # --- colours, sizes and classes ---

    def _dress(self, place: Place, rows: NDArray[np.intp], wanted: Sequence[PointHint]) -> None:
        layer = self.layer
        if not len(rows):
            return
        colors = np.array(layer.face_color, np.float64).reshape(-1, 4)
        dressed = colors.copy()
        dressed[rows, :3] = [h.color for h in wanted]
        if np.abs(dressed - colors).max() > 0.5 / 255:
            layer.face_color = dressed
        self._size(place, rows, wanted)
        self._ensure_column()
        names = self._classes()
        renamed = list(names)
        for row, hint in zip(rows, wanted, strict=True):
            renamed[row] = hint.class_name
        if renamed != names:
            self._set_column(renamed)

    def _size(self, place: Place, rows: NDArray[np.intp], wanted: Sequence[PointHint]) -> None:
        to_image = map_between(self.layer, place.image)
        plane = [axis for axis, at in enumerate(place.picture.index) if at is None]
        unit = pixels_per_unit(to_image.linear, plane)
        sizes = np.array(self.layer.size, np.float64)
        asked = np.array([h.size for h in wanted], np.float64)
        off = np.maximum(1, np.round(sizes[rows] * unit)) != asked
        if off.any():
            sizes[rows[off]] = asked[off] / unit
            self.layer.size = sizes

    def _classes(self) -> list[object]:
        features = self.layer.features
        if CLASS not in features:
            return [None] * len(self.layer.data)
        return [name if isinstance(name, str) else None for name in features[CLASS]]

    def _defaults(self) -> dict[str, Any]:
        return {str(k): v[0] for k, v in self.layer.feature_defaults.to_dict("list").items()}

    def _default(self) -> object:
        return self._defaults().get(CLASS)

    def _ensure_column(self) -> None:
        if CLASS not in self.layer.features:
            self._set_column([None] * len(self.layer.data))

    def _set_column(self, names: Sequence[object]) -> None:
        layer = self.layer
        defaults = {CLASS: None, **self._defaults()}
        features = layer.features.copy()
        features[CLASS] = np.array([n or "" for n in names], dtype=object)
        layer.features = features
        layer.feature_defaults = {**defaults, CLASS: defaults[CLASS] or ""}
