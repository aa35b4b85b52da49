"""Document of a picture: classes, hints, corrections and the colouring shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.gallery import Variation
from napari_abdiffuser.studio.legend import hints as legend_hints
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.legend.hint_class import checked_name
from napari_abdiffuser.studio.region_fix import RegionFix
from napari_abdiffuser.studio.slices import Index

__all__ = ["MOST_SATURATION", "Coloring", "Corrections", "Document", "lightened", "weigh"]

MOST_SATURATION = 2.0


@dataclass(frozen=True)
class Corrections:
    """How colours are strengthened or softened; every operation gives new corrections.

    Attributes
    ----------
    saturation : float
        Factor of the chroma everywhere, [0, 2]; 1 changes nothing, 0 is gray.
    by_class : mapping of str to float
        A further factor where a class owns the pixels, [0, 2]; classes that are not here have 1.
    background : Background
        What pixels become that no hint claims.
    held : mapping of str to float
        The whole factor of classes that were locked when the saturation changed: what it was.
    """

    saturation: float = 1.0
    by_class: Mapping[str, float] = field(default_factory=dict, hash=False)
    background: Background = Background.AUTO
    held: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for value in (self.saturation, *self.by_class.values()):
            if not (math.isfinite(value) and 0.0 <= value <= MOST_SATURATION):
                raise InvalidRequest(f"A saturation is between 0 and 2, not {value}.")
        for value in self.held.values():
            if not (math.isfinite(value) and 0.0 <= value <= MOST_SATURATION**2):
                raise InvalidRequest(f"The saturation of a locked class cannot be {value}.")

    def factor(self, class_name: str | None = None) -> float:
        """Return the factor of the chroma of a class's pixels, or of pixels of none."""
        held = self.held.get(class_name or "")
        return self.saturation * self.by_class.get(class_name or "", 1.0) if held is None else held

    @property
    def neutral(self) -> bool:
        """Whether they change no colour."""
        values = (self.saturation, *self.by_class.values(), *self.held.values())
        return all(value == 1.0 for value in values)

    def hold(self, names: Iterable[str]) -> Corrections:
        """Keep the factors of these classes as they are, whatever changes; of others no longer."""
        return replace(self, held={name: self.factor(name) for name in names})

    def with_saturation(self, value: float, class_name: str | None = None) -> Corrections:
        """Set the saturation everywhere, or of a class.

        Raises
        ------
        InvalidRequest
            It is not in [0, 2].
        """
        if class_name is None:
            return replace(self, saturation=float(value))
        others = {k: v for k, v in self.by_class.items() if k != class_name}
        changed = others if value == 1.0 else {**others, class_name: float(value)}
        return replace(self, by_class=changed)

    def renamed(self, name: str, new: str) -> Corrections:
        """Follow a class to its new name."""
        return replace(
            self,
            by_class={new if k == name else k: v for k, v in self.by_class.items()},
            held={new if k == name else k: v for k, v in self.held.items()},
        )

    def without(self, name: str) -> Corrections:
        """Forget a class."""
        return replace(
            self,
            by_class={k: v for k, v in self.by_class.items() if k != name},
            held={k: v for k, v in self.held.items() if k != name},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-serializable values."""
        return {
            "saturation": self.saturation,
            "by_class": dict(self.by_class),
            "highlight": self.background.gray,
            **({"held": dict(self.held)} if self.held else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Corrections:
        """Read what `to_dict` gave; what is missing has no effect.

        Raises
        ------
        InvalidRequest
            A value cannot be.
        """
        try:
            by_class = {str(k): float(v) for k, v in dict(data.get("by_class", {})).items()}
            held = {str(k): float(v) for k, v in dict(data.get("held", {})).items()}
            saturation = float(data.get("saturation", 1.0))
        except (TypeError, ValueError) as error:
            raise InvalidRequest(f"The corrections are malformed ({error}).") from error
        background = Background.of(gray=bool(data.get("highlight", False)))
        return cls(saturation, by_class, background, held)


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
    fixes : mapping of index to tuple of RegionFix
        What every colouring of a slice gets, the latest on top, until it is removed.
    spare : tuple of Variation
        With their pixels: those that the step after this one discards, for undo.
    """

    legend: Legend = field(default_factory=Legend)
    slices: Mapping[Index, Hints] = field(default_factory=dict, hash=False)
    corrections: Corrections = field(default_factory=Corrections)
    colouring: Coloring | None = None
    discards: frozenset[int] = frozenset()
    fixes: Mapping[Index, tuple[RegionFix, ...]] = field(default_factory=dict, hash=False)
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

    def nearest_hints(self, index: Index) -> tuple[Index | None, Hints]:
        """Return the hints of a slice, or those of the nearest slice that has any.

        Parameters
        ----------
        index
            The slice that is to be coloured.

        Returns
        -------
        (Index or None, Hints)
            Whose hints they are; of two slices equally near the earlier one. None where no slice
            has hints.
        """
        if len(self.hints(index)):
            return index, self.hints(index)
        others = [other for other, hints in self.slices.items() if len(hints)]
        if not others:
            return None, Hints()

        def distance(other: Index) -> tuple[int, Index]:
            return sum(abs(a - b) for a, b in zip(other, index, strict=True)), other

        nearest = min(others, key=distance)
        return nearest, self.slices[nearest]

    def with_fix(self, index: Index, fix: RegionFix) -> Document:
        """Add a fix to a slice, or exchange the variation of it that is there."""
        had = self.fixes.get(index, ())
        if any(other.group == fix.group for other in had):
            now = tuple(fix if other.group == fix.group else other for other in had)
        else:
            now = (*had, fix)
        return replace(self, fixes={**self.fixes, index: now})

    def without_fixes(self, index: Index) -> Document:
        """Remove the fixes of a slice."""
        return replace(self, fixes={i: each for i, each in self.fixes.items() if i != index})

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
    for fix in (fix for fixes in document.fixes.values() for fix in fixes):
        buffers[id(fix.rgb)] = fix.rgb.nbytes + fix.mask.nbytes
    buffers.update({id(v.rgb): v.rgb.nbytes for v in document.spare if v.rgb is not None})
    if document.colouring is not None:
        buffers[id(document.colouring.rgb)] = document.colouring.rgb.nbytes
    return buffers


def _with(slices: Mapping[Index, Hints], index: Index, hints: Hints) -> dict[Index, Hints]:
    others = {key: value for key, value in slices.items() if key != index}
    return {**others, index: hints} if len(hints) else others
