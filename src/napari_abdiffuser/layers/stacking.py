"""Where in the layer list a colouring is seen, and the hints on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_abdiffuser.layers.hints.new import HINTS_KEY
from napari_abdiffuser.layers.shown import unwrap

if TYPE_CHECKING:
    from napari.components import LayerList

__all__ = ["bring_up", "insert_keeping_active", "top_of_pictures"]

# Layers that are blended otherwise are meant to be looked through.
_OPAQUE = ("opaque", "translucent", "translucent_no_depth")


def top_of_pictures(layers: LayerList, apart: Any = None) -> int:
    """Return the position above every picture that hides what lies below it.

    Parameters
    ----------
    layers
        The viewer's.
    apart
        A layer that does not count: the one that is to be put there.
    """
    return 1 + max(
        (at for at, layer in enumerate(layers) if layer is not apart and _hides(unwrap(layer))),
        default=-1,
    )


def insert_keeping_active(layers: LayerList, position: int, layer: Any) -> None:
    """Insert a layer and leave the active layer active: a tool stays in hand."""
    active = layers.selection.active
    layers.insert(position, layer)
    if active is not None and active in layers:
        layers.selection.active = active


def bring_up(layers: LayerList, layer: Any) -> None:
    """Move a layer above all pictures that hide it, and hints that it would hide above it.

    Nothing moves where nothing is hidden.
    """
    at, top = layers.index(layer), top_of_pictures(layers, layer)
    if top > at:
        layers.move(at, top)
        at = layers.index(layer)
    covered = [x for x in layers[:at] if unwrap(x).metadata.get(HINTS_KEY)]
    for hints in covered:
        layers.move(layers.index(hints), len(layers))


def _hides(layer: Any) -> bool:
    """Whether what lies below a layer is not seen where it lies."""
    seen = isinstance(layer, Image) and layer.visible and layer.opacity == 1
    return bool(seen) and str(layer.blending) in _OPAQUE
