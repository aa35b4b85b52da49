"""Which layers hold hints of which image, and what their events mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from napari.layers import Labels, Points, Shapes

from napari_abdiffuser.layers.hints.lasso import LassoLink, new_lasso_layer
from napari_abdiffuser.layers.hints.new import FILE_KEY, HINTS_KEY, new_hints_layer
from napari_abdiffuser.layers.hints.points import PointsLink
from napari_abdiffuser.layers.hints.strokes import StrokesLink, new_strokes_layer
from napari_abdiffuser.layers.images import image_array
from napari_abdiffuser.widgets.common.layer_combo import unwrap

if TYPE_CHECKING:
    from collections.abc import Iterable
    from weakref import ReferenceType

    from napari.layers import Image

    from napari_abdiffuser.layers.hints.reading import HintLink

__all__ = ["KINDS", "Owners", "color_pictures", "is_own", "link_of", "make_layer"]

KINDS: dict[str, tuple[type[Any], str]] = {
    "points": (Points, "add"),
    "strokes": (Labels, "paint"),
    "lasso": (Shapes, "add_polygon_lasso"),
}
"""Kinds of hints: the layer that holds them, and napari's tool that makes them."""


def is_own(layer: Any) -> bool:
    """Tell whether the plugin made a layer to hold hints."""
    kinds = tuple(kind for kind, _ in KINDS.values())
    return isinstance(layer, kinds) and bool(layer.metadata.get(HINTS_KEY))


def link_of(layer: Any, own: bool) -> HintLink:
    """Return what reads and writes a layer."""
    if isinstance(layer, Points):
        return PointsLink(layer, own)
    if isinstance(layer, Labels):
        return StrokesLink(layer, own)
    return LassoLink(layer, own)


def make_layer(kind: str, image: Image, color: str, size: float) -> Any:
    """Make an empty layer of a kind, that lies exactly on the image."""
    if kind == "points":
        return new_hints_layer(image, color, size)
    if kind == "strokes":
        layer = new_strokes_layer(image)
        layer.brush_size = size
        return layer
    return new_lasso_layer(image)


def color_pictures(layers: Iterable[Any]) -> list[tuple[str, Any]]:
    """Return names and arrays of the colour pictures among layers."""
    rgb = [unwrap(layer) for layer in layers if getattr(unwrap(layer), "rgb", False)]
    return [(str(layer.name), image_array(layer)) for layer in rgb]


def _came_with(layer: Any, images: list[Any]) -> list[Any]:
    """Return the image that came from the same file as a layer of hints, if it is open."""
    file = layer.metadata.get(FILE_KEY)
    return [] if file is None else [o for o in images if o.metadata.get(FILE_KEY) == file]


class Owners:
    """Remembers, weakly, whose hints a layer holds."""

    def __init__(self) -> None:
        self._images: WeakKeyDictionary[Any, ReferenceType[Any]] = WeakKeyDictionary()

    def set(self, layer: Any, image: Any) -> None:
        """Say that a layer holds hints of an image."""
        self._images[layer] = ref(image)

    def get(self, layer: Any) -> Any:
        """Return the image that a layer holds hints of; None if it is unknown or gone."""
        reference = None if layer is None else self._images.get(layer)
        return None if reference is None else reference()

    def of(self, image: Any, layers: Iterable[Any], images: Iterable[Any]) -> list[Any]:
        """Return the plugin's layers that hold hints of an image.

        A layer seen for the first time belongs to the image that it came from a file with, to
        the one whose name it begins with, as the plugin names it, else to this image.
        """
        found = []
        named = [unwrap(other) for other in images]
        for layer in map(unwrap, layers):
            if not is_own(layer):
                continue
            if self.get(layer) is None or self.get(layer) not in named:
                owners = _came_with(layer, named) or [
                    o for o in named if str(layer.name).startswith(f"{o.name} ")
                ]
                self.set(layer, image if image in owners or not owners else owners[-1])
            if self.get(layer) is image:
                found.append(layer)
        return found
