"""Labels layers made to paint hints on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_abdiffuser.layers.allocation import allocate_sparse_zeros
from napari_abdiffuser.layers.hints.new import HINTS_KEY
from napari_abdiffuser.layers.hints.strokes import EDGES_KEY, TABLE_KEY
from napari_abdiffuser.layers.images import image_array
from napari_abdiffuser.layers.spatial import LayerTransform

if TYPE_CHECKING:
    from napari.layers import Image

__all__ = ["new_strokes_layer", "prepare"]

_CLEAR = (0.0, 0.0, 0.0, 0.0)


def prepare() -> None:
    """Have napari import and compile what Labels layers need, for any thread to do ahead.

    The first layer with hints would wait for that in the GUI thread: a second or two for the
    colours of painted labels, and a third of one for the package of layers' features. Later calls
    take no time.
    """
    Labels(allocate_sparse_zeros((1, 1)), colormap=_blank())
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
