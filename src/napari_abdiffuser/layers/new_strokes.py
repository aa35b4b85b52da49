"""Labels layers made to paint hints on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_abdiffuser.layers.hint_strokes import EDGES_KEY, TABLE_KEY
from napari_abdiffuser.layers.images import image_array
from napari_abdiffuser.layers.new_hints import HINTS_KEY
from napari_abdiffuser.layers.spatial import Placement

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_abdiffuser.layers.images import PictureSource

__all__ = ["new_strokes_layer"]

# Painted layers of stacks above this many bytes hold one slice only.
_LARGE = 2**30
_CLEAR = (0.0, 0.0, 0.0, 0.0)


def new_strokes_layer(image: Image, picture: PictureSource) -> Labels:
    """Make an empty Labels layer that lies exactly on an image, to paint hints on."""
    shape = image_array(image).shape[: image.ndim]
    placement = Placement.of(image)
    if np.prod(shape, dtype=np.float64) > _LARGE:
        shape = tuple(n if at is None else 1 for n, at in zip(shape, picture.index, strict=True))
        placement = Placement.of(image, picture.index)
    return Labels(
        np.zeros(shape, np.uint8),
        name=f"{image.name} strokes",
        opacity=0.6,
        metadata={HINTS_KEY: True, TABLE_KEY: {}, EDGES_KEY: {}},
        colormap=DirectLabelColormap(color_dict={None: _CLEAR, 0: _CLEAR}),
        **placement.as_kwargs(),
    )
