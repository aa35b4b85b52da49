"""Labels layers as coloured regions in the pixels of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.hints.reading import LeftOut
from napari_abdiffuser.layers.images import image_array
from napari_abdiffuser.layers.spatial import map_between, world_position

if TYPE_CHECKING:
    from napari.components import Dims
    from napari.layers import Image, Labels
    from numpy.typing import NDArray

    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.layers.spatial import AffineMap, Index

__all__ = ["LabelsSource", "cut_labels", "read_labels"]

# Bytes that are copied in the GUI thread, 10 to 40 ms; larger slices are read as they are when the
# worker comes to them, and a layer of hints again after what is painted meanwhile.
_COPY_AT_MOST = 16 * 2**20
# Where what is painted later must not count.
_SNAPSHOT_AT_MOST = 64 * 2**20
# Rows mapped at a time where labels and image do not share a pixel grid.
_ROWS = 256


@dataclass(frozen=True, eq=False)
class LabelsSource:
    """Painted labels, their colours, and where the picture's pixels lie among them.

    Attributes
    ----------
    array
        Labels of D dimensions: numpy, dask, zarr, …
    start
        (D,) position of the picture's first pixel in ``array``.
    row_step, column_step
        (D,) how far the next row and the next column lie.
    colormap
        The layer's: ``map`` gives RGBA for labels.
    """

    array: Any
    start: NDArray[np.float64]
    row_step: NDArray[np.float64]
    column_step: NDArray[np.float64]
    colormap: Any

    def build(self, shape: tuple[int, int]) -> tuple[Hints, LeftOut]:
        """Return one region for each visible colour.

        Labels of one colour, as thousands of cells have them in napari's few dozen, are one region.
        """
        labels = self.sample(shape)
        values, numbers = np.unique(labels, return_inverse=True)
        mapped = np.asarray(self.colormap.map(values), dtype=np.float64).reshape(-1, 4)
        colors = np.clip(mapped, 0.0, 1.0)
        seen = (values != 0) & (colors[:, 3] > 0)
        if not seen.any():
            return Hints.empty(), LeftOut()
        shades, first, shade = np.unique(
            colors[seen, :3], axis=0, return_index=True, return_inverse=True
        )
        # In the order of the labels, later ones over earlier ones.
        rank = np.argsort(np.argsort(first))
        owner = np.zeros(len(values), np.intp)
        owner[seen] = 1 + rank[shade.reshape(-1)]
        table = {
            1 + int(rank[i]): (float(c[0]), float(c[1]), float(c[2])) for i, c in enumerate(shades)
        }
        return Hints.from_labels(owner[numbers.reshape(labels.shape)], table), LeftOut()

    def sample(self, shape: tuple[int, int]) -> NDArray[Any]:
        """Return the label at every pixel of an (H, W) picture, 0 where there is none."""
        rows, columns = np.arange(shape[0]), np.arange(shape[1])
        array = np.asarray(self.array)
        if array.shape == tuple(shape) and self._on_the_grid():
            return array
        picture = np.zeros(shape, dtype=array.dtype)
        for first in range(0, shape[0], _ROWS):
            block = rows[first : first + _ROWS]
            inside = np.ones((len(block), shape[1]), dtype=bool)
            index = []
            for axis, size in enumerate(array.shape):
                at = np.add.outer(
                    self.start[axis] + block * self.row_step[axis],
                    columns * self.column_step[axis],
                )
                nearest = np.floor(at + 0.5).astype(np.int64)
                inside &= (nearest >= 0) & (nearest < size)
                index.append(np.clip(nearest, 0, size - 1))
            picture[first : first + _ROWS] = np.where(inside, array[tuple(index)], 0)
        return picture

    def _on_the_grid(self) -> bool:
        """Whether labels and picture share their pixels."""
        steps = np.stack([self.start, self.row_step, self.column_step])
        ideal = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        # Off by a thousandth of a pixel over the whole picture is still the same pixel.
        return steps.shape == ideal.shape and bool(
            np.abs(steps - ideal).max() * max(self.array.shape) < 1e-3
        )


def read_labels(
    layer: Labels,
    image: Image,
    picture: PictureSource,
    dims: Dims | None = None,
    *,
    snapshot: bool = False,
) -> LabelsSource:
    """Read a Labels layer where the picture's slice lies in it.

    Parameters
    ----------
    layer, image, picture, dims
        As for `napari_abdiffuser.layers.hints.read_hints`. A pixel takes the label nearest to
        its centre.
    snapshot
        Copy up to 64 instead of 16 MiB, so that what is painted later does not count.
    """
    world = None if dims is None else world_position(layer, dims)
    return cut_labels(
        image_array(layer),
        map_between(image, layer, world),
        picture.index,
        layer.colormap,
        _SNAPSHOT_AT_MOST if snapshot else _COPY_AT_MOST,
    )


def cut_labels(
    array: Any,
    to_labels: AffineMap,
    index: Index,
    colormap: Any,
    copy_at_most: int = _COPY_AT_MOST,
) -> LabelsSource:
    """Read the slice of a painted array in which a picture lies; no layer is needed.

    Parameters
    ----------
    array
        Labels: numpy, dask, zarr, …
    to_labels
        From the pixels of the picture's layer to those of the array.
    index
        Of the picture: None on its two axes.
    colormap
        Of the labels.
    copy_at_most
        Bytes; a larger slice is not copied.
    """
    plane = [axis for axis, at in enumerate(index) if at is None]
    start = to_labels([[0 if at is None else at for at in index]])[0]
    steps = to_labels.linear[:, plane]
    # Along axes on which the picture does not extend only one slice is needed.
    fixed = [bool(abs(along).max() < 1e-9) for along in steps]
    nearest = np.floor(start + 0.5).astype(int)
    sizes = zip(nearest, array.shape, fixed, strict=True)
    if all(0 <= at < size for at, size, alone in sizes if alone):
        where = zip(nearest, fixed, strict=True)
        array = _lazy_slice(array, tuple(int(at) if alone else slice(None) for at, alone in where))
        start, steps = start[np.logical_not(fixed)], steps[np.logical_not(fixed)]
    if isinstance(array, np.ndarray) and array.nbytes <= copy_at_most:
        array = array.copy()  # napari paints into it in place
    return LabelsSource(array, start, steps[:, 0], steps[:, 1], colormap)


def _lazy_slice(array: Any, index: tuple[int | slice, ...]) -> Any:
    """Slice what is sliced without reading (numpy, dask); wrap what is not (zarr, …)."""
    if isinstance(array, np.ndarray) or hasattr(array, "dask"):
        return array[index]
    return _Later(array, index)


@dataclass(frozen=True, eq=False)
class _Later:
    """A slice that is read when it is turned into an array."""

    array: Any
    index: tuple[int | slice, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self.array[self.index], dtype=dtype)
