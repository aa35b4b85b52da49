"""The class map as a Labels layer of our own, in the classes' colours."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_abdiffuser.jobs import texts as jobs_texts
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.widgets.measure import texts

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_abdiffuser.jobs.measure import Measured
    from napari_abdiffuser.widgets.session.workbench import Opened

__all__ = ["ClassLayer"]

_OPACITY = 0.6


class ClassLayer:
    """Shows class maps in one layer, until the user makes that layer their own.

    A layer that was painted in or renamed is left as it is, and the next map gets a new one.

    Parameters
    ----------
    viewer
        Whose layers it joins.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._layer: Labels | None = None
        self._image: Any = None
        self._sum, self._name = 0, ""

    @property
    def layer(self) -> Labels | None:
        """The layer while it is in the list."""
        return self._layer if self._layer in self._viewer.layers else None

    def show(self, found: Measured, opened: Opened) -> Labels:
        """Show a class map in place of the one before."""
        layer = self._ours(found, opened)
        kwargs = _look(found)
        if layer is None:
            layer = Labels(
                found.labels,
                name=texts.LAYER.format(name=opened.source.name),
                opacity=_OPACITY,
                blending="translucent",
                **kwargs,
                **opened.source.placement.as_kwargs(),
            )
            active = self._viewer.layers.selection.active
            self._viewer.add_layer(layer)
            if active is not None and active in self._viewer.layers:
                self._viewer.layers.selection.active = active
            self._name = layer.name  # napari numbers names that are there twice
        else:
            layer.data = found.labels
            for name, value in {**kwargs, **opened.source.placement.as_kwargs()}.items():
                setattr(layer, name, value)
            layer.visible = True
        self._layer, self._image = layer, opened.image
        self._sum = _sum(found.labels)
        return layer

    def forget(self) -> None:
        """Let go of the layer; it stays in the list."""
        self._layer = self._image = None

    def _ours(self, found: Measured, opened: Opened) -> Labels | None:
        """Return the layer if it may be written again."""
        layer = self.layer
        if layer is None or self._image is not opened.image or layer.name != self._name:
            return None
        same = layer.data.shape == found.labels.shape and _sum(layer.data) == self._sum
        return layer if same else None


def _sum(labels: NDArray[np.uint16]) -> int:
    return zlib.crc32(np.ascontiguousarray(labels).data)


def _look(found: Measured) -> dict[str, Any]:
    """Return colours, and what napari says of a pixel under the mouse."""
    colors: dict[int | None, Any] = dict(enumerate(found.colors, 1))
    colors |= {0: "transparent", None: "transparent"}
    rows = {row.label: row for row in found.table.rows}
    numbers = range(len(found.names) + 1)
    features = {
        "index": list(numbers),
        "class": [jobs_texts.NO_CLASS, *found.names],
        "color": ["", *found.colors],
        "area fraction": [rows[n].fraction if n in rows else 0.0 for n in numbers],
    }
    return {
        "colormap": DirectLabelColormap(color_dict=colors),
        "features": features,
        "metadata": {
            PROVENANCE_KEY: {
                "class_map": [
                    {"label": number, "name": name, "color": color}
                    for number, (name, color) in enumerate(
                        zip(found.names, found.colors, strict=True), 1
                    )
                ]
            }
        },
    }
