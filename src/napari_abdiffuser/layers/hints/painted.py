"""What is painted on one slice → hints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.imaging.colors import RGB
from napari_abdiffuser.imaging.hints import RegionHint
from napari_abdiffuser.layers.hints.labels import LabelsSource
from napari_abdiffuser.layers.hints.reading import Home, Place, Reading
from napari_abdiffuser.studio.legend.palettes import shipped_palettes
from napari_abdiffuser.studio.legend.region_split import MOST_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["PaintedSource"]


@dataclass(frozen=True, eq=False)
class PaintedSource:
    """Labels that were copied from a layer, with what each of them stands for.

    Attributes
    ----------
    labels
        Of the slice.
    table, edges
        The class of every label; of whole regions, whether their edges are hard.
    own
        Whether the plugin made the layer.
    layer, name
        Its identity, and what a segmentation of too many labels is called.
    place
        The slice.
    """

    labels: LabelsSource
    table: Mapping[int, str]
    edges: Mapping[int, bool]
    own: bool
    layer: int
    name: str
    place: Place

    def build(self) -> Reading:
        """Return a region for every class that was painted."""
        labels = self.labels.sample(self.place.picture.shape)
        if not self.own:
            values = np.unique(labels)
            values = values[values != 0]
            if len(values) > MOST_CLASSES:
                return self._crowd(labels, values)
        regions, homes = [], []
        for value, mask in _masks(labels, self.table):
            named = self._class(value)
            if named is not None:
                hard = self.edges.get(value)
                regions.append(RegionHint(mask, named[1], named[0], hard=hard))
                homes.append(Home(self.layer, value))
        return Reading(regions=tuple(regions), homes=tuple(homes))

    def _crowd(self, labels: NDArray[Any], values: NDArray[Any]) -> Reading:
        """Take a segmentation for one class, called after its layer: all the cells there are."""
        alpha = np.asarray(self.labels.colormap.map(values), np.float64).reshape(-1, 4)[:, 3]
        hidden = values[~(alpha > 0)]
        mask = (labels != 0) & ~np.isin(labels, hidden) if hidden.size else labels != 0
        mask.setflags(write=False)
        legend, name = self.place.legend, self.name
        color = legend[name].color if name in legend else legend.free_color(shipped_palettes()[0])
        region = RegionHint(mask, color, name)
        return Reading(regions=(region,), homes=(Home(self.layer, 1),), crowd=len(values))

    def _class(self, value: int) -> tuple[str | None, RGB] | None:
        name, legend = self.table.get(value), self.place.legend
        if name is not None and name in legend:
            return name, legend[name].color
        if self.own:
            # napari let the user paint with a number that has no class yet.
            colors = shipped_palettes()[0].colors
            return name, colors[(value - 1) % len(colors)].color
        red, green, blue, alpha = (
            float(v) for v in np.clip(self.labels.colormap.map(np.array([value]))[0], 0, 1)
        )
        return (name, (red, green, blue)) if alpha > 0 else None


def _masks(labels: NDArray[Any], table: Mapping[int, str]) -> list[tuple[int, NDArray[np.bool_]]]:
    """Return the mask of every label that occurs, in the order of the labels."""
    found, left = {}, int(np.count_nonzero(labels))
    for value in table:
        mask = labels == value
        if n := int(np.count_nonzero(mask)):
            found[value], left = mask, left - n
    if left:
        for value in np.unique(labels[labels != 0]).tolist():
            if value not in found:
                found[value] = labels == value
    return sorted(found.items(), key=lambda item: item[0])
