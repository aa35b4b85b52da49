"""Shapes layers whose outlines are hints: everything inside one is of its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes

from napari_abdiffuser.imaging.hints import RegionHint
from napari_abdiffuser.imaging.hints.kinds import OUTLINE_KEY
from napari_abdiffuser.layers.hints.new import HINTS_KEY
from napari_abdiffuser.layers.hints.reading import (
    CLASS,
    SAME_PLACE,
    Home,
    Outline,
    Place,
    Reading,
    class_and_color,
)
from napari_abdiffuser.layers.hints.slices import EverySlice, SliceSources
from napari_abdiffuser.layers.hints.sources import slice_in_world
from napari_abdiffuser.layers.spatial import LayerTransform, map_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_abdiffuser.layers.hints.reading import SlicesSource
    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["FACE_ALPHA", "LassoLink", "ellipse", "mask_of", "new_lasso_layer", "told_outline"]

FACE_ALPHA = 0.25
"""Opacity of what is drawn around."""

_KINDS = ("polygon", "rectangle", "ellipse", "path")
_CORNERS = 72  # of the polygon that stands for an ellipse


def new_lasso_layer(image: Image) -> Shapes:
    """Make an empty Shapes layer that lies exactly on an image, to draw outlines on."""
    return Shapes(
        ndim=image.ndim,
        name=f"{image.name} lasso",
        edge_width=1,
        features={CLASS: np.array([], dtype=object)},
        metadata={HINTS_KEY: True},
        **LayerTransform.of(image).as_kwargs(),
    )


def outline_item(outline: Outline, plane: Sequence[int]) -> dict[str, Any]:
    """Return an outline as a region of a file tells it: rows and columns, and napari's kind."""
    vertices = np.round(outline.vertices[:, list(plane)], 4)
    return {"kind": outline.kind, "vertices": vertices.tolist()}


def told_outline(region: RegionHint, index: Sequence[int | None]) -> Outline | None:
    """Return the outline that a region tells, in a slice of an image; None where it tells none.

    Parameters
    ----------
    region
        From a file, say.
    index
        Of the slice: None on the picture's two axes.
    """
    told = region.extra.get(OUTLINE_KEY)
    try:
        flat = np.asarray(told["vertices"], np.float64)  # type: ignore[index]
        kind = str(told["kind"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return None
    if flat.ndim != 2 or flat.shape[1] != 2 or len(flat) < 3 or kind not in _KINDS:
        return None
    vertices = np.zeros((len(flat), len(index)))
    vertices[:, [axis for axis, at in enumerate(index) if at is None]] = flat
    for axis, at in enumerate(index):
        if at is not None:
            vertices[:, axis] = at
    return Outline(vertices, kind)


@dataclass(frozen=True, eq=False)
class _Source:
    outlines: tuple[Outline, ...]
    classes: tuple[object, ...]
    colors: NDArray[np.float64]
    link: LassoLink
    place: Place

    def build(self) -> Reading:
        """Return a region for every outline that has a pixel in the picture."""
        picture, regions, homes = self.place.picture, [], []
        plane = [axis for axis, at in enumerate(picture.index) if at is None]
        names: dict[str, Any] = {}
        for outline, given, shown in zip(self.outlines, self.classes, self.colors, strict=True):
            mask = self.link.cached(outline, plane, picture.shape)
            if not mask.any():
                continue
            red, green, blue = (float(v) for v in np.clip(shown[:3], 0, 1))
            name, color = class_and_color(given, (red, green, blue), self.place.legend)
            if name is not None:
                color = names.setdefault(name, color)
            told = {OUTLINE_KEY: outline_item(outline, plane)}
            regions.append(RegionHint(mask, color, name, told))
            homes.append(Home(id(self.link.layer), outline=outline))
        return Reading(regions=tuple(regions), homes=tuple(homes))


class LassoLink:
    """Reads and writes a Shapes layer that the plugin made."""

    def __init__(self, layer: Shapes, own: bool) -> None:
        self.layer = layer
        self.own = own
        self._masks: dict[tuple[Any, ...], NDArray[np.bool_]] = {}

    def source(self, place: Place) -> _Source:
        """Copy the outlines of the picture's slice."""
        return self._source(place, *self._outlines(place))

    def slices(self, place: Place) -> SlicesSource:
        """Copy the outlines of all slices."""
        cost = len(self.layer.data) * int(np.prod(place.picture.shape))
        if self.layer.ndim < place.image.ndim:
            return EverySlice(self.source(place), cost)
        slices: dict[tuple[int, ...], tuple[list[int], list[Outline]]] = {}
        for row, index, outline in self._mapped(place):
            if index is not None:
                rows, outlines = slices.setdefault(index, ([], []))
                rows.append(row)
                outlines.append(outline)
        return SliceSources(
            {index: self._source(place.at(index), *found) for index, found in slices.items()}, cost
        )

    def _source(self, place: Place, rows: Sequence[int], outlines: Sequence[Outline]) -> _Source:
        names = self._classes()
        edge = np.asarray(self.layer.edge_color, np.float64).reshape(-1, 4)
        return _Source(tuple(outlines), tuple(names[r] for r in rows), edge[rows], self, place)

    def cached(
        self, outline: Outline, plane: list[int], shape: tuple[int, int]
    ) -> NDArray[np.bool_]:
        """Return the pixels inside an outline, computed once."""
        vertices = outline.vertices[:, plane]
        key = (outline.kind, np.round(vertices, 6).tobytes(), shape)
        if key not in self._masks:
            if len(self._masks) > 256:
                self._masks.clear()
            mask = mask_of(vertices, outline.kind, shape)
            mask.setflags(write=False)  # regions share it
            self._masks[key] = mask
        return self._masks[key]

    def write(self, place: Place, hints: Reading) -> None:
        """Make the slice's outlines those of the homes given; other slices stay."""
        wanted = [
            (home.outline, region)
            for home, region in zip(hints.homes, hints.regions, strict=False)
            if home.outline is not None
        ]
        rows, outlines = self._outlines(place)
        same = len(wanted) == len(outlines) and all(
            old.kind == new.kind
            and old.vertices.shape == new.vertices.shape
            and np.abs(old.vertices - new.vertices).max() <= SAME_PLACE
            for old, (new, _) in zip(outlines, wanted, strict=True)
        )
        if not same:
            rows = self._rebuild(place, rows, [outline for outline, _ in wanted])
        self._dress(rows, [region for _, region in wanted])

    def choose(self, legend: Legend, active: str) -> bool:
        """Let the next outline be of a class, in its color, and so what is selected on purpose."""
        entry, layer, recolored = legend[active], self.layer, False
        if str(layer.mode) not in ("select", "direct") and len(layer.selected_data):
            layer.selected_data = set()  # a new colour would recolour them
        if str(layer.current_edge_color)[:7].lower() != entry.hex:
            layer.current_edge_color = entry.hex
            layer.current_face_color = [*entry.color, FACE_ALPHA]
            recolored = bool(layer.selected_data)
        defaults = layer.feature_defaults
        if CLASS not in defaults or defaults[CLASS].iloc[0] != active:
            layer.feature_defaults = {CLASS: active}
        return recolored

    def _outlines(self, place: Place) -> tuple[list[int], tuple[Outline, ...]]:
        """Return rows and outlines, in the image's pixels, of the shapes in the slice."""
        leading = tuple(at for at in place.picture.index if at is not None)
        here = [(row, outline) for row, at, outline in self._mapped(place) if at == leading]
        return [row for row, _ in here], tuple(outline for _, outline in here)

    def _mapped(self, place: Place) -> Iterator[tuple[int, tuple[int, ...] | None, Outline]]:
        """Give row, slice and outline, in the image's pixels, of every shape.

        The slice is None of an outline that does not lie in one.
        """
        to_image = map_between(self.layer, place.image, slice_in_world(place.image, place.picture))
        leading = [axis for axis, at in enumerate(place.picture.index) if at is not None]
        for row, (vertices, kind) in enumerate(
            zip(self.layer.data, self.layer.shape_type, strict=True)
        ):
            mapped = to_image(np.asarray(vertices, np.float64))
            at = np.round(mapped[:, leading])
            if len(mapped) >= 3 and np.isfinite(at).all():
                index = tuple(int(v) for v in at[0]) if (at == at[0]).all() else None
                yield row, index, Outline(mapped, str(kind))

    def _rebuild(self, place: Place, rows: Sequence[int], outlines: Sequence[Outline]) -> list[int]:
        layer = self.layer
        if rows:
            layer.selected_data = set(rows)
            layer.remove_selected()
        to_layer = map_between(place.image, layer)
        first = len(layer.data)
        for outline in outlines:
            layer.add(to_layer(outline.vertices), shape_type=outline.kind)
        layer.selected_data = set()
        return list(range(first, first + len(outlines)))

    def _dress(self, rows: Sequence[int], regions: Sequence[RegionHint]) -> None:
        layer = self.layer
        edge = np.array(layer.edge_color, np.float64).reshape(-1, 4)
        names = self._classes()
        dressed, renamed = edge.copy(), list(names)
        for row, region in zip(rows, regions, strict=True):
            dressed[row, :3] = region.color
            renamed[row] = region.class_name
        if len(rows) and np.abs(dressed - edge).max() > 0.5 / 255:
            layer.edge_color = dressed
            face = dressed.copy()
            face[:, 3] = FACE_ALPHA
            layer.face_color = face
        if renamed != names:
            defaults = {str(k): v[0] for k, v in layer.feature_defaults.to_dict("list").items()}
            features = layer.features.copy()
            features[CLASS] = np.array([n or "" for n in renamed], dtype=object)
            layer.features = features
            layer.feature_defaults = defaults

    def _classes(self) -> list[object]:
        features, n = self.layer.features, len(self.layer.data)
        names = list(features[CLASS]) if CLASS in features else []
        return [*names, *[None] * n][:n]


def ellipse(corners: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the outline of the ellipse inside a box, under any affine map of its four corners.

    Parameters
    ----------
    corners
        (4, 2) of the box, in turn.
    count
        Points of the outline.
    """
    u, v = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    outline: NDArray[np.float64] = corners.mean(axis=0) + np.cos(angle) * u + np.sin(angle) * v
    return outline


def mask_of(vertices: NDArray[np.float64], kind: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels whose centres lie inside an outline.

    Parameters
    ----------
    vertices
        (N, 2) floats (row, column); of an ellipse the corners of the box around it.
    kind
        napari's name of the shape.
    shape
        (H, W) of the picture.
    """
    from skimage.draw import polygon

    if kind == "ellipse" and len(vertices) == 4:
        vertices = ellipse(vertices, _CORNERS)
    vertices = np.round(vertices, 6)  # what went through a transform and back is what it was
    mask = np.zeros(shape, bool)
    rows_columns = polygon(vertices[:, 0], vertices[:, 1], shape)  # type: ignore[no-untyped-call]
    mask[rows_columns] = True
    return mask
