"""New Points layers for hints, with their point size and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points

from napari_abdiffuser.layers.images import image_array
from napari_abdiffuser.layers.spatial import LayerTransform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image
    from numpy.typing import ArrayLike

    from napari_abdiffuser.imaging.hints import Hints

__all__ = [
    "FILE_KEY",
    "HINTS_KEY",
    "default_patch_size",
    "deselect_new",
    "hints_to_points",
    "new_hints_layer",
    "set_current_color",
    "set_current_size",
]

# In a layer's metadata: this Points layer was made to hold hints.
HINTS_KEY = "abdiffuser_hints"
# In the metadata of an image and of hints that came with it, from one file: the same text.
FILE_KEY = "abdiffuser_file"
# Side of a patch as a share of the picture's longer side, and the least in px: in an overview of
# a large picture a patch of a few pixels would be neither seen nor hit.
_PATCH_SHARE = 1 / 80
_LEAST_PATCH = 9
# napari draws no marker smaller than this many screen pixels, so that hints on a large picture
# stay visible when it is zoomed out. At this limit its rim gets thick and hides the colour, so
# the limit is low.
_VISIBLE = (4, 10_000)


def new_hints_layer(
    image: Image, color: ArrayLike | str = "#808080", size: float | None = None
) -> Points:
    """Make an empty Points layer that lies exactly on an image.

    Parameters
    ----------
    image
        The image that is to be colorized; the new layer has its transform and units.
    color
        Colour of the hints to come: a CSS name, '#rrggbb' or RGB(A) floats in [0, 1].
    size
        Side of their patches in px of the image; by default one that suits the image.

    Returns
    -------
    A layer that is not yet in any viewer.
    """
    layer = Points(
        np.empty((0, image.ndim)),
        name=f"{image.name} hints",
        # Given here and not afterwards: on an empty layer the property starts a colour cycle.
        face_color=color,
        size=default_patch_size(image_array(image).shape[: image.ndim]) if size is None else size,
        **_look(),
        **LayerTransform.of(image).as_kwargs(),
    )
    set_current_color(layer, color)
    return layer


def default_patch_size(shape: Sequence[int]) -> int:
    """Return a patch size in px that is easily seen and hit.

    Parameters
    ----------
    shape
        Of the picture, or of the stack that it is part of; the last two axes count.
    """
    side = max(_LEAST_PATCH, round(max(shape[-2:]) * _PATCH_SHARE))
    return side if side % 2 else side + 1  # odd: a pixel lies at the centre


def hints_to_points(hints: Hints, name: str) -> tuple[np.ndarray[Any, Any], dict[str, Any], str]:
    """Turn point hints into a Points layer's data, metadata and type.

    Parameters
    ----------
    hints
        Their points are taken; regions belong into a Labels layer.
    name
        Name of the layer.
    """
    coordinates = np.array([(p.y, p.x) for p in hints.points], dtype=np.float64).reshape(-1, 2)
    colors = np.array([p.color for p in hints.points], dtype=np.float64).reshape(-1, 3)
    meta: dict[str, Any] = {"name": name, **_look()}
    if len(coordinates):
        meta["face_color"] = colors
        sizes = np.array([p.size for p in hints.points], dtype=np.float64)
        # Given one number napari makes the next point of the same size, given many it does not.
        meta["size"] = float(sizes[0]) if (sizes == sizes[0]).all() else sizes
    return coordinates, meta, "points"


def set_current_color(layer: Points, color: ArrayLike | str) -> None:
    """Choose the colour of the hints to come; hints that exist keep theirs.

    Only where hints are selected on purpose (in napari's select mode) these are recoloured.
    """
    deselect_new(layer)
    layer.current_face_color = color


def set_current_size(layer: Points, size: float) -> None:
    """Choose the patch size, in data units of the layer, of the hints to come."""
    deselect_new(layer)
    layer.current_size = size


def deselect_new(layer: Points) -> None:
    """Drop the selection that napari leaves on a point just added.

    A new colour would recolour that point. In select mode the selection is the user's own.
    """
    if str(layer.mode) != "select" and len(layer.selected_data):
        layer.selected_data = set()


def _look() -> dict[str, Any]:
    """Return how hints look: squares, as the patches they stand for, rimmed in white."""
    return {
        "symbol": "square",
        "border_color": "white",
        "border_width": 0.1,
        "opacity": 1.0,
        "canvas_size_limits": _VISIBLE,
        "metadata": {HINTS_KEY: True},
    }
