"""Layers of the plugin that go where their image goes: when its pixel size is set, say."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_abdiffuser.layers.hints.drawn_region import REGION_KEY
from napari_abdiffuser.layers.hints.new import HINTS_KEY
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.rescaling import move_along
from napari_abdiffuser.layers.spatial import LayerTransform
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.layer_combo import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_abdiffuser.widgets.session.sources import Sources

__all__ = ["Followers"]

_PLACED = ("scale", "translate", "rotate", "shear", "affine", "units")
_OURS = (HINTS_KEY, REGION_KEY, PROVENANCE_KEY)


class Followers:
    """Moves hints, results and regions along with their image.

    Layers that are turned or sheared against the image stay where they are.

    Parameters
    ----------
    viewer, sources
        Hold the layers, and say which are images.
    owner_of
        Gives the image that a layer belongs to; None where that is not known.
    writing
        While it is entered, changes of hint layers are taken for echoes.
    """

    def __init__(
        self,
        viewer: Viewer,
        sources: Sources,
        owner_of: Callable[[Any], Any],
        writing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._viewer = viewer
        self._sources = sources
        self._owner_of = owner_of
        self._writing = writing
        self._known: WeakKeyDictionary[Any, LayerTransform] = WeakKeyDictionary()
        self._connections = Connections()
        self._of_images = Connections()
        for signal in (viewer.layers.events.inserted, viewer.layers.events.removed):
            self._connections.connect(signal, self._on_layers)
        self._on_layers()

    def cleanup(self) -> None:
        """Cut all connections."""
        self._connections.cleanup()
        self._of_images.cleanup()

    def _on_layers(self, event: Any = None) -> None:
        self._of_images.cleanup()
        for image in self._sources.image_field.layers:
            self._known.setdefault(image, LayerTransform.of(image))
            for name in _PLACED:
                self._of_images.connect(getattr(image.events, name), self._on_moved)

    def _on_moved(self, event: Any) -> None:
        image = unwrap(event.source)
        before, now = self._known.get(image), LayerTransform.of(image)
        self._known[image] = now
        if before is None or len(before.scale) != len(now.scale):
            return
        with self._writing():
            for layer in map(unwrap, self._viewer.layers):
                if self._belongs(layer, image):
                    move_along(layer, before, now)

    def _belongs(self, layer: Any, image: Any) -> bool:
        if layer is image or not any(layer.metadata.get(key) is not None for key in _OURS):
            return False
        owner = self._owner_of(layer)
        if owner is not None:
            return owner is image
        provenance = layer.metadata.get(PROVENANCE_KEY)
        if isinstance(provenance, dict) and provenance.get("preview"):
            return False  # it follows by itself, at its own resolution
        source = provenance.get("source") if isinstance(provenance, dict) else None
        if isinstance(source, dict) and "layer" in source:
            return bool(source["layer"] == image.name)
        names = [str(other.name) for other in self._sources.image_field.layers]
        owners = [name for name in names if str(layer.name).startswith(f"{name} ")]
        return max(owners, key=len, default="") == str(image.name)
