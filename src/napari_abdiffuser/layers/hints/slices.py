"""Hints of all slices of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.layers.hints.reading import Index, Reading, SliceReadings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from napari_abdiffuser.layers.hints.reading import LinkSource
    from napari_abdiffuser.layers.spatial import AffineMap

__all__ = [
    "EverySlice",
    "NoSlices",
    "OccupiedSlices",
    "SliceSources",
]


@dataclass(frozen=True, eq=False)
class NoSlices:
    """Nothing is to be read of a layer."""

    cost: int = 0

    def build(self) -> SliceReadings:
        """Return no hints."""
        return SliceReadings()


@dataclass(frozen=True, eq=False)
class EverySlice:
    """A layer without the stack's axes."""

    source: LinkSource
    cost: int

    def at(self, index: Index) -> Reading:
        """Return what the layer says of one slice."""
        return self.source.build()

    def build(self) -> SliceReadings:
        """Return the same hints for every slice."""
        return SliceReadings(everywhere=self.source.build())


@dataclass(frozen=True, eq=False)
class SliceSources:
    """A layer whose hints are known by slice without a look at pixels."""

    sources: Mapping[Index, LinkSource]
    cost: int

    def at(self, index: Index) -> Reading:
        """Return what the layer says of one slice."""
        return self.sources[index].build() if index in self.sources else Reading()

    def build(self) -> SliceReadings:
        """Return the hints of every slice that has some."""
        return SliceReadings({index: source.build() for index, source in self.sources.items()})


@dataclass(frozen=True, eq=False)
class OccupiedSlices:
    """A painted layer, in which slices that hold anything must be looked for.

    Attributes
    ----------
    array
        Its labels.
    plane
        The picture's two axes.
    shape
        Of the stack, all axes.
    to_layer
        From the stack's pixels to the layer's.
    read
        Gives the source of one slice.
    """

    array: Any
    plane: tuple[int, ...]
    shape: tuple[int, ...]
    to_layer: AffineMap
    read: Callable[[Index], LinkSource]

    @property
    def cost(self) -> int:
        """All of its pixels."""
        return int(np.prod(self.array.shape, dtype=np.float64))

    def build(self) -> SliceReadings:
        """Return the hints of every slice that is painted on."""
        return SliceReadings({index: self.read(index).build() for index in self._occupied()})

    def _occupied(self) -> list[Index]:
        leading = [axis for axis in range(len(self.shape)) if axis not in self.plane]
        painted = self._painted(leading)
        lengths = [self.shape[axis] for axis in leading]
        every = np.indices(lengths).reshape(len(leading), -1).T
        full = np.zeros((len(every), len(self.shape)))
        full[:, leading] = every
        nearest = np.floor(self.to_layer(full)[:, leading] + 0.5).astype(np.int64)
        inside = ((nearest >= 0) & (nearest < painted.shape)).all(axis=1)
        at = tuple(nearest[inside].T)
        return [tuple(int(n) for n in index) for index in every[inside][painted[at]]]

    def _painted(self, leading: list[int]) -> NDArray[np.bool_]:
        """Tell which slices of the layer have a label."""
        lengths = [int(self.array.shape[axis]) for axis in leading]
        painted = []
        for at in np.ndindex(*lengths):
            where: list[Any] = [slice(None)] * self.array.ndim
            for axis, entry in zip(leading, at, strict=True):
                where[axis] = entry
            painted.append(bool(np.any(np.asarray(self.array[tuple(where)]))))
        return np.array(painted, bool).reshape(lengths)
