"""The layer that shows the live preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from napari.utils.transforms import CompositeAffine
from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.spatial import LayerTransform
from napari_abdiffuser.layers.stacking import bring_up, insert_keeping_active, top_of_pictures
from napari_abdiffuser.studio.legend.present_names import CLASSES_KEY
from napari_abdiffuser.widgets.session import texts

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_abdiffuser.jobs.job import Opened
    from napari_abdiffuser.jobs.live import Painted

__all__ = ["PreviewLayer"]

# Copying this many bytes takes a few milliseconds, and less than what napari does when a layer
# gets another array.
_COPY_AT_MOST = 32 << 20


class PreviewLayer(QObject):
    """One RGB layer above all pictures and below the hints, which is never made the active one.

    Parameters
    ----------
    viewer
        Whose layers it joins.
    """

    changed = Signal()
    """Emitted when it shows something else, comes, goes, or is hidden or seen again."""

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Image | None = None
        self._image: Any = None
        self._painted: Painted | None = None
        self._hidden = False
        self._factors = (1.0, 1.0)

    @property
    def layer(self) -> Image | None:
        """The layer while it is in the list."""
        return self._layer if self._layer in self._viewer.layers else None

    @property
    def visible(self) -> bool:
        """Whether it is seen; a copy that the user made of it is not it."""
        return self.layer is not None and bool(self.layer.visible)

    @property
    def painted(self) -> Painted | None:
        """What it shows; None without a layer."""
        return None if self.layer is None else self._painted

    @property
    def orphaned(self) -> bool:
        """Whether the image that it lies on has been removed."""
        return self.layer is not None and self._image not in self._viewer.layers

    def show(self, painted: Painted, opened: Opened) -> None:
        """Show a colouring in place of the one before."""
        self._painted = painted
        if self.layer is None or self._image is not opened.image:
            self.remove()
            self._add(painted, opened)
            self.changed.emit()
            return
        layer = self._layer
        if layer is None:
            return
        # Into the same dictionary: napari empties it before it takes another, and so would `|=`.
        layer.metadata.update({PROVENANCE_KEY: painted.provenance, CLASSES_KEY: painted.classes})
        fits = layer.data.shape == painted.rgb.shape
        if fits and painted.rgb.nbytes <= _COPY_AT_MOST:
            # Another array would have napari look at the extent of everything again.
            np.copyto(layer.data, painted.rgb)
            layer.refresh(thumbnail=painted.whole, highlight=False, extent=False)
        else:
            layer.data = painted.rgb
        self._place(opened, painted.scale)
        if self._hidden:
            self._hidden = False
            layer.visible = True
        if layer.visible:
            bring_up(self._viewer.layers, layer)
        self.changed.emit()

    def place(self, opened: Opened) -> None:
        """Follow the image to where it lies now."""
        if self.layer is not None and self._image is opened.image:
            self._place(opened, self._factors)

    def bring_up(self) -> None:
        """Let it be seen, whatever hides it."""
        layer = self.layer
        if layer is not None:
            self._hidden = False
            layer.visible = True
            bring_up(self._viewer.layers, layer)

    def hide(self) -> None:
        """Take it out of sight until there is something to show again."""
        layer = self.layer
        if layer is not None and layer.visible:
            layer.visible = False
            self._hidden = True

    def remove(self) -> None:
        """Take the layer away."""
        layer, self._layer = self.layer, None
        self._image, self._painted, self._hidden = None, None, False
        if layer is not None:
            self._viewer.layers.remove(layer)
            self.changed.emit()

    def _on_visible(self, event: Any = None) -> None:
        self.changed.emit()

    def _add(self, painted: Painted, opened: Opened) -> None:
        layers = self._viewer.layers
        layer = Image(
            # An array of its own: it is written into.
            np.array(painted.rgb),
            name=texts.PREVIEW_LAYER.format(name=opened.source.name),
            rgb=True,
            metadata={PROVENANCE_KEY: painted.provenance, CLASSES_KEY: painted.classes},
            **coarser(opened.source.placement, painted.scale, opened.index),
        )
        insert_keeping_active(layers, top_of_pictures(layers), layer)
        bring_up(layers, layer)
        layer.events.visible.connect(self._on_visible)
        self._layer, self._image, self._painted = layer, opened.image, painted
        self._factors = painted.scale

    def _place(self, opened: Opened, factors: tuple[float, float]) -> None:
        layer = self._layer
        if layer is None:
            return
        self._factors = factors
        for name, value in coarser(opened.source.placement, factors, opened.index).items():
            had = getattr(layer, name)
            had = had.affine_matrix if name == "affine" else had
            if not _same(had, value):
                setattr(layer, name, value)


def coarser(
    placement: LayerTransform, factors: tuple[float, float], index: tuple[int | None, ...]
) -> dict[str, Any]:
    """Return how a smaller copy of a picture lies on it, as keyword arguments of a layer.

    Parameters
    ----------
    placement
        Of the picture.
    factors
        Pixels of the picture to a pixel of the copy, along rows and columns.
    index
        None on the picture's two axes.
    """
    kwargs = placement.as_kwargs()
    if factors == (1.0, 1.0):
        return kwargs
    wide = np.ones(len(index))
    wide[[axis for axis, at in enumerate(index) if at is None]] = factors
    # Pixel centres have whole coordinates: the copy's first one lies amid those it stands for.
    linear = CompositeAffine(
        placement.scale,
        np.zeros_like(placement.scale),
        rotate=placement.rotate,
        shear=placement.shear,
        ndim=len(index),
    )
    kwargs["scale"] = placement.scale * wide
    kwargs["translate"] = placement.translate + np.asarray(linear((wide - 1) / 2))
    return kwargs


def _same(had: Any, value: Any) -> bool:
    if value is None or isinstance(value, tuple):
        return bool(had == value)
    return np.shape(had) == np.shape(value) and bool(np.allclose(had, value, rtol=1e-12, atol=0))
