"""The colouring on screen, and pictures that it may have been made of."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.layers.images import read_image
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.spatial import pixel_size
from napari_abdiffuser.studio.legend.present_names import CLASSES_KEY, with_present_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["Shown", "load", "shown_coloring", "shown_layer", "unwrap"]

# The live preview writes into arrays up to this size; copying one takes a few milliseconds.
_WRITTEN_INTO = 32 << 20


@dataclass(frozen=True, eq=False)
class Shown:
    """A colouring as it is on screen, to be used in a worker.

    Attributes
    ----------
    rgb
        (H, W, 3), not to be written into; may be lazy.
    provenance
        Of the layer.
    name
        Of the picture that was colorized, else of the layer.
    candidates
        Pictures that may be it, by name and size; `figure_original` tells which one is.
    pixel_size
        (height, width) in `unit`; None where the layer has no unit of length.
    unit
        Such as 'µm'.
    """

    rgb: Any
    provenance: Mapping[str, Any]
    name: str
    candidates: tuple[PictureSource, ...]
    pixel_size: tuple[float, float] | None
    unit: str


def unwrap(layer: Any) -> Any:
    """Return the layer behind napari's proxy: layers are told apart by identity."""
    return getattr(layer, "__wrapped__", layer)


def shown_layer(viewer: ViewerModel) -> Image | None:
    """Return the layer of the colouring on screen: the topmost.

    Of a stack's colourings those that have the slice in view are preferred. In a grid all layers
    are seen: the active one is meant. None while the topmost is a preview of low resolution: it
    is not a colouring yet, and what it hides is not on screen.
    """
    found = [layer for layer in map(unwrap, viewer.layers) if _shows_colors(layer)]
    found = [layer for layer in found if _has_slice(layer, viewer)] or found
    active = unwrap(viewer.layers.selection.active)
    # napari 0.9 has moved the grid to the canvas.
    grid = getattr(viewer, "canvas", viewer).grid
    shown = active if grid.enabled and active in found else found[-1] if found else None
    return shown if shown is not None and shown.metadata[PROVENANCE_KEY] else None


def shown_coloring(
    viewer: ViewerModel, images: Iterable[Image | None], legend: Legend | None = None
) -> Shown | None:
    """Describe the colouring on screen, without computing anything; None if there is none.

    Parameters
    ----------
    viewer
        Whose layers are looked at.
    images
        Open pictures of which it may be made, the preferred one first.
    legend
        The present classes, whose names are told.
    """
    layer = shown_layer(viewer)
    if layer is None:
        return None
    provenance = layer.metadata[PROVENANCE_KEY]
    try:
        coloring = read_image(layer, viewer.dims)
    except ABDiffuserError:  # the sliders stand elsewhere
        return None
    if legend is not None:
        known = layer.metadata.get(CLASSES_KEY, {})
        provenance = with_present_names(provenance, known, legend)
    place = provenance.get("source")
    place = place if isinstance(place, dict) else {}
    name = str(place.get("layer") or layer.name)
    plane = [axis for axis, at in enumerate(coloring.index) if at is None]
    size, unit = pixel_size(coloring.placement, plane)
    rgb = coloring.array[tuple(slice(None) if at is None else at for at in coloring.index)]
    if isinstance(rgb, np.ndarray) and rgb.nbytes <= _WRITTEN_INTO:
        rgb = rgb.copy()
    candidates = _candidates(images, name, place, coloring)
    return Shown(rgb, provenance, name, candidates, size, unit)


def load(rgb: Any) -> NDArray[Any]:
    """Compute a colouring that may be lazy."""
    return np.asarray(rgb.compute() if hasattr(rgb, "dask") else rgb)


def _has_slice(layer: Image, viewer: ViewerModel) -> bool:
    try:
        read_image(layer, viewer.dims)
    except ABDiffuserError:
        return False
    return True


def _shows_colors(layer: Any) -> bool:
    """Whether a layer shows a colouring, or the preview of one in low resolution."""
    if not (isinstance(layer, Image) and layer.visible and layer.opacity > 0 and layer.rgb):
        return False
    provenance = layer.metadata.get(PROVENANCE_KEY)
    if not isinstance(provenance, dict):
        return False
    # Comparisons and overlays name neither; a preview of low resolution has no provenance.
    return not provenance or "model" in provenance or "seed" in provenance


def _candidates(
    images: Iterable[Image | None], name: str, place: Mapping[str, Any], coloring: PictureSource
) -> tuple[PictureSource, ...]:
    """Find pictures of a name; another size is another picture."""
    index, first = place.get("index"), place.get("first")
    if isinstance(first, list) and len(first) == len(coloring.index):  # one layer for a stack
        at = zip(coloring.index, first, strict=True)
        index = [None if i is None else i + int(offset or 0) for i, offset in at]
    found = []
    for image in dict.fromkeys(images):
        if image is None or str(image.name) != name:
            continue
        with suppress(ABDiffuserError):
            source = read_image(image, index=index)
            if source.shape == coloring.shape:
                found.append(source)
    return tuple(found)
