"""A napari Image layer and the viewer's sliders → one picture, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.layers.spatial import Placement, displayed_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import Dims
    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_abdiffuser.layers.spatial import Index

__all__ = ["PictureSource", "image_array", "read_image"]


@dataclass(frozen=True, eq=False)
class PictureSource:
    """One picture of an Image layer, not yet computed.

    Made where the layers live (the GUI thread) and loaded where time does not matter (a worker):
    it refers to the layer's array but not to the layer, which may be deleted meanwhile.

    Attributes
    ----------
    name
        The layer's name.
    array
        The layer's whole array at full resolution: numpy, dask, zarr, …
    index
        One entry a dimension of the layer: None on the picture's two axes, else the slice.
    shape
        (H, W).
    rgb
        Whether the array ends in a channel axis, whose lightness is what counts.
    contrast_limits
        The layer's, or None for RGB.
    placement
        Where this picture lies, with length-1 axes where the layer has more than two.
    """

    name: str
    array: Any
    index: Index
    shape: tuple[int, int]
    rgb: bool
    contrast_limits: tuple[float, float] | None
    placement: Placement

    def load(self) -> NDArray[Any]:
        """Compute the picture: (H, W), or (H, W, 3 or 4) for RGB."""
        return np.asarray(self.array[tuple(slice(None) if at is None else at for at in self.index)])

    def restack(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Give an (H, W, …) array the layer's leading axes, each of length 1."""
        return np.expand_dims(
            picture, tuple(axis for axis, at in enumerate(self.index) if at is not None)
        )


def read_image(
    layer: Image, dims: Dims | None = None, index: Sequence[int | None] | None = None
) -> PictureSource:
    """Describe the picture that an Image layer shows, without computing it.

    Parameters
    ----------
    layer
        A napari Image layer; of a multiscale one the full resolution is taken.
    dims
        The viewer's dimensions, which say what slice of a stack is meant.
    index
        Or the slice itself: one integer for each leading axis, or an entry for each axis with
        None on two of them.

    Raises
    ------
    InvalidImage
        If the layer is a stack and nothing says which slice is meant, or there is no such slice.
    """
    array = image_array(layer)
    if index is not None:
        where = _explicit_index(layer, index, array.shape)
    elif dims is not None:
        where = displayed_index(layer, dims)
    else:
        leading = array.shape[: layer.ndim - 2]
        if any(size != 1 for size in leading):
            raise InvalidImage(
                f"Layer '{layer.name}' is a stack of shape {tuple(array.shape)}. Say which slice "
                f"is meant with index=(…), {len(leading)} number(s), or open it in a viewer."
            )
        where = (0,) * len(leading) + (None, None)
    rows, columns = (size for size, at in zip(array.shape, where, strict=False) if at is None)
    limits = None if layer.rgb else tuple(float(limit) for limit in layer.contrast_limits)
    return PictureSource(
        name=str(layer.name),
        array=array,
        index=where,
        shape=(int(rows), int(columns)),
        rgb=bool(layer.rgb),
        contrast_limits=None if limits is None else (limits[0], limits[1]),
        placement=Placement.of(layer, where),
    )


def image_array(layer: Any) -> Any:
    """Return a layer's array at full resolution, whatever kind of array it is."""
    return layer.data[0] if layer.multiscale else layer.data


def _explicit_index(layer: Image, index: Sequence[int | None], shape: tuple[int, ...]) -> Index:
    where = tuple(None if at is None else int(at) for at in index)
    if None not in where:
        where = (*where, None, None)
    if len(where) != layer.ndim or where.count(None) != 2:
        raise InvalidImage(
            f"index={tuple(index)} does not pick a picture from layer '{layer.name}' with "
            f"{layer.ndim} dimensions. Give one number for each dimension before the last two."
        )
    for axis, at in enumerate(where):
        if at is not None and not 0 <= at < shape[axis]:
            raise InvalidImage(
                f"Layer '{layer.name}' has no slice {at} on axis {axis}. "
                f"Choose one from 0 to {shape[axis] - 1}."
            )
    return where
