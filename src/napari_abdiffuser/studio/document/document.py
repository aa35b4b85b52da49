"""What undo goes back to: classes, hints, corrections and the colouring shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.document.corrections import Corrections
from napari_abdiffuser.studio.gallery.variation import Variation
from napari_abdiffuser.studio.legend import hints as legend_hints
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.legend.hint_class import checked_name
from napari_abdiffuser.studio.slices import Index

__all__ = ["Coloring", "Document", "lightened", "weigh"]


@dataclass(frozen=True, eq=False)
class Coloring:
    """A result that was kept: a run's, or what a correction made of one.

    Attributes
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
    index : tuple of int
        The slice of a stack that it belongs to.
    provenance : mapping
        How it was made, JSON-serializable.
    """

    rgb: NDArray[np.uint8]
    index: Index = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """One state of the work on one picture; every operation gives a new document.

    Attributes
    ----------
    legend : Legend
    slices : mapping of index to Hints
        By slice of a stack; ``()`` for a single picture. Every hint of a class of the legend has
        the class's colour.
    corrections : Corrections
    colouring : Colouring or None
        Kept results are undone with the hints; the live preview follows from the hints and is
        not here.
    discards : frozenset of int
        Numbers of the gallery's discarded colourings.
    spare : tuple of Variation
        With their pixels: those that the step after this one discards, for undo.
    """

    legend: Legend = field(default_factory=Legend)
    slices: Mapping[Index, Hints] = field(default_factory=dict, hash=False)
    corrections: Corrections = field(default_factory=Corrections)
    colouring: Coloring | None = None
    discards: frozenset[int] = frozenset()
    spare: tuple[Variation, ...] = field(default=(), compare=False)

    def hints(self, index: Index = ()) -> Hints:
        """Return the hints of a slice."""
        return self.slices.get(index, Hints())

    def set_hints(self, hints: Hints, index: Index = ()) -> Document:
        """Exchange the hints of a slice; classes that are new join the legend.

        Hints of a known class take its colour.
        """
        legend, adopted = legend_hints.adopt(self.legend, hints)
        # Widgets make a stroke's mask anew each time: one copy of it is enough for all of undo.
        known = self.hints(index).regions
        regions = tuple(next((k for k in known if k is r or k == r), r) for r in adopted.regions)
        adopted = replace(adopted, regions=regions)
        return replace(self, legend=legend, slices=_with(self.slices, index, adopted))

    def add_class(self, name: str | None = None, color: Any = "gold") -> Document:
        """Add a class; see `Legend.add`."""
        return replace(self, legend=self.legend.add(name, color))

    def rename_class(self, name: str, new: str) -> Document:
        """Rename a class in legend, hints and corrections."""
        legend = self.legend.rename(name, new)
        new = checked_name(new)
        return replace(
            self,
            legend=legend,
            slices=self._each(lambda h: legend_hints.renamed(h, name, new)),
            corrections=self.corrections.renamed(name, new),
        )

    def recolor_class(self, name: str, color: Any) -> Document:
        """Recolour a class and all of its hints."""
        return self.with_legend(self.legend.recolor(name, color))

    def merge_classes(self, source: str, target: str) -> Document:
        """Let the hints of one class become hints of another, and drop the first."""
        legend = self.legend.merge(source, target)
        return replace(
            self,
            legend=legend,
            slices=self._each(lambda h: legend_hints.reassigned(h, source, target, legend)),
            corrections=self.corrections.without(source),
        )

    def remove_class(self, name: str) -> Document:
        """Remove a class together with its hints."""
        return replace(
            self,
            legend=self.legend.remove(name),
            slices=self._each(lambda h: legend_hints.without_class(h, name)),
            corrections=self.corrections.without(name),
        )

    def with_legend(self, legend: Legend) -> Document:
        """Take another legend with its colours: locks, keys, order, a palette.

        Classes that it lacks and that hints have are added to it.
        """
        slices = {}
        for index, hints in self.slices.items():
            legend, slices[index] = legend_hints.adopt(legend, hints)
        return replace(self, legend=legend, slices=slices)

    def _each(self, change: Any) -> dict[Index, Hints]:
        return {index: change(hints) for index, hints in self.slices.items()}


def lightened(document: Document) -> Document:
    """Give a document without pixels of results, for `History`: hints and classes stay."""
    if document.colouring is None and not document.spare:
        return document
    return replace(document, colouring=None, spare=())


def weigh(document: Document) -> dict[int, int]:
    """Return the buffers that a document holds, as {identity: bytes}, for `History`."""
    buffers = {
        id(region.mask): region.mask.nbytes
        for hints in document.slices.values()
        for region in hints.regions
    }
    buffers.update({id(v.rgb): v.rgb.nbytes for v in document.spare if v.rgb is not None})
    if document.colouring is not None:
        buffers[id(document.colouring.rgb)] = document.colouring.rgb.nbytes
    return buffers


def _with(slices: Mapping[Index, Hints], index: Index, hints: Hints) -> dict[Index, Hints]:
    others = {key: value for key, value in slices.items() if key != index}
    return {**others, index: hints} if len(hints) else others
