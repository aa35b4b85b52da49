"""Hints of Points and Labels layers in the pixels of a picture.

Reading has two halves. `read_hints` runs where the layers live and copies what may change
(positions, colours, painted labels). `HintSource.build` does the work that takes time and may
run in a worker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from napari.layers import Labels, Points

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.hints.labels import LabelsSource, read_labels
from napari_abdiffuser.layers.hints.reading import LeftOut
from napari_abdiffuser.layers.spatial import map_between, world_position

if TYPE_CHECKING:
    from napari.components import Dims
    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_abdiffuser.layers.images import PictureSource

__all__ = ["HintSource", "LabelsSource", "LeftOut", "PointsSource", "ReadyHints", "read_hints"]


class HintSource(Protocol):
    """Hints that were read from somewhere and are not yet laid on the picture."""

    def build(self, shape: tuple[int, int]) -> tuple[Hints, LeftOut]:
        """Return the hints that lie in a picture of this shape, and how many do not."""
        ...


@dataclass(frozen=True)
class ReadyHints:
    """No layer: an automatic run, or hints that exist already.

    Attributes
    ----------
    hints
        They are handed on as they are.
    left_out
        How many were left out before.
    """

    hints: Hints | None = None
    left_out: LeftOut = field(default_factory=LeftOut)

    def build(self, shape: tuple[int, int]) -> tuple[Hints, LeftOut]:
        """Return the hints given, or none."""
        return (Hints.empty() if self.hints is None else self.hints), self.left_out


@dataclass(frozen=True, eq=False)
class PointsSource:
    """Points of one slice in the pixels of the picture.

    Attributes
    ----------
    coordinates
        (N, 2) floats (row, column).
    colors
        (N, 3) sRGB floats in [0, 1].
    sizes
        (N,) floats: side of the patch in pixels of the picture.
    transparent
        How many more points there are whose face is fully transparent.
    rows
        (N,) numbers of the points in their layer.
    """

    coordinates: NDArray[np.float64]
    colors: NDArray[np.float64]
    sizes: NDArray[np.float64]
    transparent: int = 0
    rows: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))

    def usable(self, shape: tuple[int, int]) -> tuple[NDArray[np.bool_], LeftOut]:
        """Tell which points lie in a picture of this shape, (N,), and count the others."""
        finite = np.isfinite(self.coordinates).all(axis=1) & np.isfinite(self.colors).all(axis=1)
        finite &= np.isfinite(self.sizes)
        # A pixel reaches half a pixel to each side of its centre.
        inside = np.zeros_like(finite)
        pixel = np.floor(self.coordinates[finite] + 0.5)
        inside[finite] = ((pixel >= 0) & (pixel < np.array(shape))).all(axis=1)
        left_out = LeftOut(
            outside=int(np.count_nonzero(finite & ~inside)),
            not_finite=int(np.count_nonzero(~finite)),
            transparent=self.transparent,
        )
        return inside, left_out

    def build(self, shape: tuple[int, int]) -> tuple[Hints, LeftOut]:
        """Return the hints inside the picture; the others are counted."""
        inside, left_out = self.usable(shape)
        if not inside.any():
            return Hints.empty(), left_out
        sizes = np.maximum(1, np.round(self.sizes[inside])).astype(np.int64)
        colors = np.clip(self.colors[inside], 0.0, 1.0)
        return Hints.from_points(self.coordinates[inside], colors, sizes=sizes), left_out


def read_hints(
    layer: Points | Labels | Hints | None,
    image: Image,
    picture: PictureSource,
    dims: Dims | None = None,
) -> HintSource:
    """Read hints from a layer, as they are now.

    Parameters
    ----------
    layer
        Points (their face colours and sizes count), Labels (their colormap's colours count),
        ready-made hints, or None.
    image
        The layer that is colorized; any placement of the two is followed exactly.
    picture
        The slice of it that is colorized. Hints of other slices are left out.
    dims
        The viewer's dimensions; needed only for hints with more dimensions than the image.

    Raises
    ------
    InvalidHints
        If the layer is of another kind.
    """
    if layer is None or isinstance(layer, Hints):
        return ReadyHints(layer)
    if isinstance(layer, Points):
        return read_points(layer, image, picture, dims)
    if isinstance(layer, Labels):
        return read_labels(layer, image, picture, dims, snapshot=True)
    raise InvalidHints(
        f"'{layer}' cannot hold hints. Choose a Points or a Labels layer, or make one with "
        "'New hints layer'."
    )


def read_points(
    layer: Points, image: Image, picture: PictureSource, dims: Dims | None = None
) -> PointsSource:
    """Read the points of a Points layer that lie in the picture's slice.

    Parameters
    ----------
    layer, image, picture, dims
        As for `read_hints`. Hidden points (``shown`` False) are left out; points whose face is
        fully transparent too, but those are counted, since a border may show them.
    """
    mapped = _mapped(layer, image, picture, dims)
    keep = mapped.shown.copy()
    with np.errstate(invalid="ignore"):  # not finite: counted when the hints are built
        for axis, at in enumerate(picture.index):
            if at is not None:
                keep &= ~(np.abs(np.round(mapped.coordinates[:, axis]) - at) > 0)
    return mapped.source(np.flatnonzero(keep))


def read_points_by_slice(
    layer: Points, image: Image, picture: PictureSource, dims: Dims | None = None
) -> dict[tuple[int, ...], PointsSource]:
    """Read the points of all slices of a stack that have some.

    Parameters
    ----------
    layer, image, dims
        As for `read_hints`; the layer has all axes of the image.
    picture
        Any slice of the image.
    """
    mapped = _mapped(layer, image, picture, dims)
    leading = [axis for axis, at in enumerate(picture.index) if at is not None]
    at = mapped.coordinates[:, leading]
    rows = np.flatnonzero(mapped.shown & np.isfinite(at).all(axis=1))
    slices: dict[tuple[int, ...], list[int]] = {}
    for row, index in zip(rows.tolist(), np.round(at[rows]).astype(int).tolist(), strict=True):
        slices.setdefault(tuple(index), []).append(row)
    return {index: mapped.source(np.array(found, np.intp)) for index, found in slices.items()}


@dataclass(frozen=True, eq=False)
class _Mapped:
    """All points of a layer in the pixels of an image."""

    coordinates: NDArray[np.float64]
    colors: NDArray[np.float64]
    sizes: NDArray[np.float64]
    shown: NDArray[np.bool_]
    plane: list[int]

    def source(self, rows: NDArray[np.intp]) -> PointsSource:
        """Take the points of these rows."""
        # The colour behind full transparency is an arbitrary one, mostly black, that nobody sees.
        seen = rows[self.colors[rows, 3] != 0]
        return PointsSource(
            coordinates=self.coordinates[seen][:, self.plane],
            colors=self.colors[seen, :3],
            sizes=self.sizes[seen],
            transparent=len(rows) - len(seen),
            rows=seen,
        )


def _mapped(layer: Points, image: Image, picture: PictureSource, dims: Dims | None) -> _Mapped:
    data = np.array(layer.data, dtype=np.float64).reshape(-1, layer.ndim)
    to_image = map_between(layer, image, slice_in_world(image, picture))
    plane = [axis for axis, at in enumerate(picture.index) if at is None]
    return _Mapped(
        to_image(data),
        np.asarray(layer.face_color, dtype=np.float64).reshape(-1, 4),
        np.asarray(layer.size, np.float64) * pixels_per_unit(to_image.linear, plane),
        np.array(layer.shown, dtype=bool) & _in_viewer_slice(layer, image, data, dims),
        plane,
    )


def slice_in_world(image: Image, picture: PictureSource) -> NDArray[np.float64]:
    """Return a world position in the picture's slice."""
    start = [0 if at is None else at for at in picture.index]
    return np.asarray(image.data_to_world(start), dtype=np.float64)


def _in_viewer_slice(
    layer: Points, image: Image, data: NDArray[np.float64], dims: Dims | None
) -> NDArray[np.bool_]:
    """Tell which points the viewer shows, along axes that the image does not have."""
    keep = np.ones(len(data), dtype=bool)
    extra = layer.ndim - image.ndim
    if extra > 0 and dims is not None:
        here = np.asarray(layer.world_to_data(world_position(layer, dims)))
        keep &= (np.round(data[:, :extra]) == np.round(here[:extra])).all(axis=1)
    return keep


def pixels_per_unit(linear: NDArray[Any], plane: list[int]) -> float:
    """Return the side in pixels of the picture of a square of side 1 in the hint layer."""
    # Both layers align at their last axes; the square keeps its area under rotation and shear.
    shift = linear.shape[1] - linear.shape[0]
    columns = [axis + shift for axis in plane]
    if min(columns) < 0:
        columns = [linear.shape[1] - 2, linear.shape[1] - 1]
    side = float(np.sqrt(abs(np.linalg.det(linear[np.ix_(plane, columns)]))))
    return side if side > 0 else 1.0
