"""Labels layers whose labels are hints: strokes or whole regions, each label a class."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_abdiffuser.imaging.colors import RGB
from napari_abdiffuser.imaging.hints import RegionHint
from napari_abdiffuser.layers.allocation import allocate_sparse_zeros
from napari_abdiffuser.layers.hints.labels import LabelsSource, cut_labels, read_labels
from napari_abdiffuser.layers.hints.new import HINTS_KEY
from napari_abdiffuser.layers.hints.reading import Home, Place, Reading, SlicesSource
from napari_abdiffuser.layers.hints.slices import EverySlice, NoSlices, OccupiedSlices
from napari_abdiffuser.layers.images import image_array
from napari_abdiffuser.layers.spatial import LayerTransform, map_between
from napari_abdiffuser.studio.legend.palettes import shipped_palettes
from napari_abdiffuser.studio.legend.region_split import MOST_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["EDGES_KEY", "TABLE_KEY", "PaintedSource", "StrokesLink", "new_strokes_layer", "prepare"]


TABLE_KEY = "abdiffuser_classes"
"""In a layer's metadata: the class of every label."""

EDGES_KEY = "abdiffuser_hard_edges"
"""In a layer's metadata: of every label that is a whole region, whether its edges are hard."""

_MOST = 255
_CLEAR = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class PaintedSource:
    """Labels that were copied from a layer, with what each of them stands for.

    Attributes
    ----------
    labels
        Of the slice.
    table, edges
        The class of every label; of whole regions, whether their edges are hard.
    own
        Whether the plugin made the layer.
    layer, name
        Its identity, and what a segmentation of too many labels is called.
    place
        The slice.
    """

    labels: LabelsSource
    table: Mapping[int, str]
    edges: Mapping[int, bool]
    own: bool
    layer: int
    name: str
    place: Place

    def build(self) -> Reading:
        """Return a region for every class that was painted."""
        labels = self.labels.sample(self.place.picture.shape)
        if not self.own:
            values = np.unique(labels)
            values = values[values != 0]
            if len(values) > MOST_CLASSES:
                return self._crowd(labels, values)
        regions, homes = [], []
        for value, mask in _masks(labels, self.table):
            named = self._class(value)
            if named is not None:
                hard = self.edges.get(value)
                regions.append(RegionHint(mask, named[1], named[0], hard=hard))
                homes.append(Home(self.layer, value))
        return Reading(regions=tuple(regions), homes=tuple(homes))

    def _crowd(self, labels: NDArray[Any], values: NDArray[Any]) -> Reading:
        """Take a segmentation for one class, called after its layer: all the cells there are."""
        alpha = np.asarray(self.labels.colormap.map(values), np.float64).reshape(-1, 4)[:, 3]
        hidden = values[~(alpha > 0)]
        mask = (labels != 0) & ~np.isin(labels, hidden) if hidden.size else labels != 0
        mask.setflags(write=False)
        legend, name = self.place.legend, self.name
        color = legend[name].color if name in legend else legend.free_color(shipped_palettes()[0])
        region = RegionHint(mask, color, name)
        return Reading(regions=(region,), homes=(Home(self.layer, 1),), crowd=len(values))

    def _class(self, value: int) -> tuple[str | None, RGB] | None:
        name, legend = self.table.get(value), self.place.legend
        if name is not None and name in legend:
            return name, legend[name].color
        if self.own:
            # napari let the user paint with a number that has no class yet.
            colors = shipped_palettes()[0].colors
            return name, colors[(value - 1) % len(colors)].color
        red, green, blue, alpha = (
            float(v) for v in np.clip(self.labels.colormap.map(np.array([value]))[0], 0, 1)
        )
        return (name, (red, green, blue)) if alpha > 0 else None


def _masks(labels: NDArray[Any], table: Mapping[int, str]) -> list[tuple[int, NDArray[np.bool_]]]:
    """Return the mask of every label that occurs, in the order of the labels."""
    found, left = {}, int(np.count_nonzero(labels))
    for value in table:
        mask = labels == value
        if n := int(np.count_nonzero(mask)):
            found[value], left = mask, left - n
    if left:
        for value in np.unique(labels[labels != 0]).tolist():
            if value not in found:
                found[value] = labels == value
    return sorted(found.items(), key=lambda item: item[0])


class StrokesLink:
    """Reads and writes a Labels layer.

    Parameters
    ----------
    layer
        A user's own is read only: labels in their colours.
    own
        Whether the plugin made it.
    """

    def __init__(self, layer: Labels, own: bool) -> None:
        self.layer = layer
        self.own = own

    @property
    def _name(self) -> str:
        return " ".join(str(self.layer.name).split()) or "regions"

    @property
    def table(self) -> dict[int, str]:
        """The class of every label."""
        stored = self.layer.metadata.get(TABLE_KEY) if self.own else None
        return {int(v): str(n) for v, n in stored.items()} if isinstance(stored, dict) else {}

    @property
    def edges(self) -> dict[int, bool]:
        """Of every label that is a whole region, not a stroke: whether its edges are hard."""
        stored = self.layer.metadata.get(EDGES_KEY) if self.own else None
        return {int(v): bool(h) for v, h in stored.items()} if isinstance(stored, dict) else {}

    def class_of(self, value: int) -> str | None:
        """Return the class that a label stands for."""
        return self.table.get(value)

    def source(self, place: Place) -> PaintedSource:
        """Copy what is painted on the picture."""
        labels = read_labels(self.layer, place.image, place.picture, place.dims)
        return PaintedSource(
            labels, self.table, self.edges, self.own, id(self.layer), self._name, place
        )

    def slices(self, place: Place) -> SlicesSource:
        """Copy what is painted on all slices of a layer that the plugin made.

        Of a user's segmentation every slice has labels: they are read as slices come on screen.
        """
        layer, image = self.layer, place.image
        if not self.own or layer.ndim > image.ndim:
            return NoSlices()
        if layer.ndim < image.ndim:
            return EverySlice(self.source(place), int(np.prod(place.picture.shape)))
        to_layer = map_between(image, layer)
        array, colormap = layer.data, layer.colormap
        said = (self.table, self.edges, self.own, id(layer), self._name)

        def read(index: tuple[int, ...]) -> PaintedSource:
            there = place.at(index)
            labels = cut_labels(array, to_layer, there.picture.index, colormap)
            return PaintedSource(labels, *said, there)

        plane = tuple(axis for axis, at in enumerate(place.picture.index) if at is None)
        shape = image_array(image).shape[: image.ndim]
        return OccupiedSlices(array, plane, shape, to_layer, read)

    def reaches(self, place: Place) -> bool:
        """Whether the layer has the picture's slice: one from a file may have fewer."""
        return self._slice(place) is not None

    def write(self, place: Place, hints: Reading) -> None:
        """Paint these regions and nothing else on the picture."""
        if not self.own:
            return
        values = self._values(hints)
        where = self._slice(place)
        if where is None:
            return
        painted = np.zeros(place.picture.shape, np.uint8)
        for region, value in zip(hints.regions, values, strict=True):
            np.copyto(painted, np.uint8(value), where=region.mask)  # twice as fast as by index
        painted = self._resampled(place, painted, where)
        if not np.array_equal(self.layer.data[where], painted):
            self.layer.data[where] = painted
            self.layer.refresh()

    def choose(self, legend: Legend, active: str) -> bool:
        """Let the brush paint a class, and all labels show the colours of theirs."""
        if not self.own:
            return False
        table, edges = self.table, self.edges
        value = next((v for v, name in table.items() if name == active and v not in edges), None)
        if value is None:
            value = self._free(table)
            self._store({**table, value: active}, edges)
        self.color(legend)
        if self.layer.selected_label != value:
            self.layer.selected_label = value
        return False

    def color(self, legend: Legend) -> None:
        """Show all labels in the colours of their classes."""
        colors: dict[int | None, Any] = {None: _CLEAR, 0: _CLEAR}
        for value, name in self.table.items():
            if name in legend:
                colors[value] = np.array([*legend[name].color, 1.0], np.float32)
        present = getattr(self.layer.colormap, "color_dict", {})
        if set(present) != set(colors) or any(
            np.abs(np.asarray(present[v]) - np.asarray(c)).max() > 1e-4 for v, c in colors.items()
        ):
            self.layer.colormap = DirectLabelColormap(color_dict=colors)

    def _values(self, hints: Reading) -> list[int]:
        """Give every region a label, the one it had where that is possible."""
        table, edges, values = self.table, self.edges, list[int]()
        homes = [*hints.homes, *[None] * (len(hints.regions) - len(hints.homes))]
        for region, home in zip(hints.regions, homes, strict=True):
            name = region.class_name or ""
            value = home.value if home is not None and home.layer == id(self.layer) else 0
            if not value or value in values:
                fit = (v for v, n in table.items() if n == name and edges.get(v) is region.hard)
                value = next((v for v in fit if v not in values), 0) or self._free(table)
            table[value] = name
            edges.pop(value, None)
            if region.hard is not None:
                edges[value] = region.hard
            values.append(value)
        self._store(table, edges)
        return values

    def _store(self, table: dict[int, str], edges: dict[int, bool]) -> None:
        self.layer.metadata[TABLE_KEY] = dict(table)
        self.layer.metadata[EDGES_KEY] = dict(edges)

    def _free(self, table: Mapping[int, str]) -> int:
        return next((v for v in range(1, _MOST) if v not in table), _MOST)

    def _slice(self, place: Place) -> tuple[Any, ...] | None:
        """Return the index of the picture's slice in the layer's array; None if it has none."""
        index = place.picture.index
        shift = self._shift(place)
        if shift < 0 or None in index[:shift]:
            return None
        start = map_between(place.image, self.layer)([[0 if at is None else at for at in index]])[0]
        where: list[Any] = []
        for axis, at in enumerate(index[shift:]):
            nearest = int(np.floor(start[axis] + 0.5))
            if at is not None and not 0 <= nearest < self.layer.data.shape[axis]:
                return None
            where.append(slice(None) if at is None else nearest)
        return tuple(where)

    def _shift(self, place: Place) -> int:
        """Return how many axes the picture's stack has before those of the layer."""
        return len(place.picture.index) - int(self.layer.ndim)

    def _resampled(
        self, place: Place, painted: NDArray[np.uint8], where: Sequence[Any]
    ) -> NDArray[np.uint8]:
        """Bring what is painted in the picture's pixels into the layer's, where they differ."""
        to_image = map_between(self.layer, place.image)
        plane = [axis for axis, at in enumerate(place.picture.index) if at is None]
        columns = [axis - self._shift(place) for axis in plane]
        start = to_image([[0 if isinstance(at, slice) else at for at in where]])[0][plane]
        steps = to_image.linear[np.ix_(plane, columns)]
        shape = self.layer.data[tuple(where)].shape
        source = LabelsSource(painted, start, steps[:, 0], steps[:, 1], self.layer.colormap)
        return np.asarray(source.sample((shape[0], shape[1])), np.uint8)


def prepare() -> None:
    """Have napari import and compile what Labels layers need, for any thread to do ahead.

    The first layer with hints would wait for that in the GUI thread: a second or two for the
    colours of painted labels, and a third of one for the package of layers' features. Later calls
    take no time. No layer is made: its units would have pint's registry built in this thread, and
    the GUI thread would meet a half-built one.
    """
    importlib.import_module("pandas")
    _blank().map(allocate_sparse_zeros((1, 1)))


def new_strokes_layer(image: Image) -> Labels:
    """Make an empty Labels layer that lies exactly on an image, to paint hints on.

    Of a stack it has all slices; those that are not painted on take no room.

    Raises
    ------
    OutOfMemory
        There is no room for it.
    """
    return Labels(
        allocate_sparse_zeros(image_array(image).shape[: image.ndim]),
        name=f"{image.name} strokes",
        opacity=0.6,
        metadata={HINTS_KEY: True, TABLE_KEY: {}, EDGES_KEY: {}},
        colormap=_blank(),
        **LayerTransform.of(image).as_kwargs(),
    )


def _blank() -> DirectLabelColormap:
    return DirectLabelColormap(color_dict={None: _CLEAR, 0: _CLEAR})
