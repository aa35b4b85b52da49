"""Pictures of Image layers: one slice of a layer, and where it lies."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer

from napari_abdiffuser.errors import InvalidImage, InvalidRequest
from napari_abdiffuser.files.sem.info import DATA_BAR_KEY, SEM_KEY
from napari_abdiffuser.imaging.data_bar import data_bar_mask
from napari_abdiffuser.layers.spatial import LayerTransform, displayed_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import Dims
    from numpy.typing import NDArray

    from napari_abdiffuser.colorizer.protocols import ColorizerLike, Picture
    from napari_abdiffuser.layers.spatial import Index

__all__ = ["PictureSource", "image_array", "index_of", "open_picture", "read_image"]


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
    data_bar
        Rows [first, end) of the instrument's data bar, where the layer's file says it.
    """

    name: str
    array: Any
    index: Index
    shape: tuple[int, int]
    rgb: bool
    contrast_limits: tuple[float, float] | None
    placement: LayerTransform
    data_bar: tuple[int, int] | None = None

    def load(self) -> NDArray[Any]:
        """Compute the picture: (H, W), or (H, W, 3 or 4) for RGB; masked where the layer is."""
        picture = self.array[tuple(slice(None) if at is None else at for at in self.index)]
        if hasattr(picture, "dask"):
            picture = picture.compute()  # numpy's conversion would lose a mask
        masked = isinstance(picture, np.ma.MaskedArray)
        return picture if masked else np.asarray(picture)

    def data_bar_mask(self, pixels: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Mark the instrument's data bar: what a colorizer takes as ``exclude``.

        Parameters
        ----------
        pixels
            What `load` returned.

        Returns
        -------
        (H, W) bool, or None where there is no bar. What the file says goes before what is seen.
        """
        if self.data_bar is None:
            return data_bar_mask(pixels)
        if self.data_bar[0] == self.data_bar[1]:
            return None  # the file says that there is none
        mask = np.zeros(self.shape, bool)
        mask[slice(*self.data_bar)] = True
        return mask

    def describe(self) -> dict[str, Any]:
        """Return layer and slice for provenance; JSON-serializable."""
        return {"layer": self.name, "index": list(self.index)}

    def restack(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Give an (H, W, …) array the layer's leading axes, each of length 1."""
        return np.expand_dims(
            picture, tuple(axis for axis, at in enumerate(self.index) if at is not None)
        )


def open_picture(
    colorizer: ColorizerLike, source: PictureSource, pixels: NDArray[Any], *, data_bar: bool
) -> Picture:
    """Encode a picture that was loaded.

    Parameters
    ----------
    colorizer
        Does it.
    source, pixels
        The picture, and what its `load` returned.
    data_bar
        Whether the instrument's data bar is left out where there is one.
    """
    mask = source.data_bar_mask(pixels) if data_bar else None
    if mask is not None and mask.all():
        mask = None
    return colorizer.open(pixels, contrast_limits=source.contrast_limits, exclude=mask)


def read_image(
    layer: Image, dims: Dims | None = None, index: int | Sequence[int | None] | None = None
) -> PictureSource:
    """Describe the picture that an Image layer shows, without computing it.

    Parameters
    ----------
    layer
        A napari Image layer; of a multiscale one the full resolution is taken.
    dims
        The viewer's dimensions, which say what slice of a stack is meant.
    index
        Or the slice itself: an integer where there is one leading axis, one integer for each
        leading axis, or an entry for each axis with None on two of them.

    Raises
    ------
    InvalidImage
        If the layer is no Image layer, it is a stack and nothing says which slice is meant, or
        there is no such slice.
    InvalidRequest
        If the index is not made of whole numbers.
    """
    _check_layer(layer)
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
        placement=LayerTransform.of(layer, where),
        data_bar=_told_data_bar(layer, where, int(rows)),
    )


def _told_data_bar(layer: Image, where: Index, height: int) -> tuple[int, int] | None:
    """Read the rows that the reader of SEM files left, if they can be this picture's."""
    said = layer.metadata.get(SEM_KEY)
    rows = said.get(DATA_BAR_KEY) if isinstance(said, dict) else None
    upright = where[-2:] == (None, None)
    if not (upright and isinstance(rows, list | tuple) and len(rows) == 2):
        return None
    first, end = rows
    # Another end: the layer's data was cropped or replaced meanwhile.
    return (int(first), height) if end == height and 0 < first <= height else None


def _check_layer(layer: Any) -> None:
    if isinstance(layer, Image):
        return
    if isinstance(layer, Layer):
        raise InvalidImage(
            f"'{layer.name}' is a {type(layer).__name__} layer, and only Image layers can be "
            "colorized: choose one, such as viewer.layers['name']."
        )
    raise InvalidImage(
        f"A napari Image layer is colorized here, not a {type(layer).__name__}: give one, such as "
        "viewer.layers['name'], or call napari_abdiffuser.colorize for an array."
    )


def image_array(layer: Any) -> Any:
    """Return a layer's array at full resolution, whatever kind of array it is."""
    return layer.data[0] if layer.multiscale else layer.data


def _explicit_index(
    layer: Image, index: int | Sequence[int | None], shape: tuple[int, ...]
) -> Index:
    where = _whole_numbers(index)
    if None not in where:
        where = (*where, None, None)
    if len(where) != layer.ndim or where.count(None) != 2:
        raise InvalidImage(
            f"index={index!r} does not pick a picture from layer '{layer.name}' with "
            f"{layer.ndim} dimensions. Give one number for each dimension before the last two."
        )
    for axis, at in enumerate(where):
        if at is not None and not 0 <= at < shape[axis]:
            raise InvalidImage(
                f"Layer '{layer.name}' has no slice {at} on axis {axis}. "
                f"Choose one from 0 to {shape[axis] - 1}."
            )
    return where


def _whole_numbers(index: Any) -> Index:
    try:
        entries = index if np.ndim(index) else (index,)
        return tuple(None if at is None else operator.index(at) for at in entries)
    except (TypeError, ValueError):
        raise InvalidRequest(
            f"index={index!r} is no slice: give a whole number, or a tuple with one for each "
            "dimension before the last two, such as (3,)."
        ) from None


def index_of(picture: PictureSource) -> tuple[int, ...]:
    """Return the place of a picture in its stack."""
    return tuple(at for at in picture.index if at is not None)
