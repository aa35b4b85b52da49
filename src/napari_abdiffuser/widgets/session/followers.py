"""Layers of the plugin that go with their image when it is scaled, moved or given a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.rescaling import move_along
from napari_abdiffuser.layers.spatial import LayerTransform
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.layer_combo import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from napari.viewer import Viewer

    from napari_abdiffuser.widgets.session.sources import Sources

__all__ = ["Followers"]

_PLACED = ("scale", "translate", "rotate", "shear", "affine", "units")


class Followers(QObject):
    """Keeps hints and results where they were on their image, whoever places that anew.

    Parameters
    ----------
    viewer
        Holds the layers.
    sources
        Say which image is meant.
    owner_of
        Returns the image whose hints a layer of the plugin holds; None for any other layer.
    blocked
        While it is entered, nobody takes the events of hint layers for changes of hints.
    """

    def __init__(
        self,
        viewer: Viewer,
        sources: Sources,
        owner_of: Callable[[Any], Any],
        blocked: Callable[[], AbstractContextManager[None]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._sources = viewer, sources
        self._owner_of, self._blocked = owner_of, blocked
        self._image: Any = None
        self._place: LayerTransform | None = None
        self._of_image = Connections()
        sources.image_chosen.connect(self._on_image)
        self._on_image(sources.image)

    def cleanup(self) -> None:
        """Cut all connections; without Qt."""
        self._of_image.cleanup()
        self._image = self._place = None

    def _on_image(self, image: Any) -> None:
        image = unwrap(image)
        if image is self._image:
            return
        self._of_image.cleanup()
        self._image = image
        self._place = None if image is None else LayerTransform.of(image)
        if image is not None:
            for name in _PLACED:
                self._of_image.connect(getattr(image.events, name), self._on_placed)

    def _on_placed(self, event: Any = None) -> None:
        before, after = self._place, LayerTransform.of(self._image)
        self._place = after
        if before is None or len(before.scale) != len(after.scale):
            return
        with self._blocked():
            for layer in self._mine():
                move_along(layer, before, after)

    def _mine(self) -> list[Any]:
        """Return the layers that the plugin has made on the image."""
        others = {image.name for image in self._sources.image_field.layers}
        others.discard(self._image.name)
        found = []
        for layer in map(unwrap, self._viewer.layers):
            told = layer.metadata.get(PROVENANCE_KEY)
            source = told.get("source") if isinstance(told, dict) else None
            name = source.get("layer") if isinstance(source, dict) else None
            made = isinstance(told, dict) and layer is not self._image and name not in others
            if made or self._owner_of(layer) is self._image:
                found.append(layer)
        return found
