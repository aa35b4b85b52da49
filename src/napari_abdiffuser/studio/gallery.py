"""Gallery of variations: those kept, those discarded, and two compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.region_fix import RegionFix
from napari_abdiffuser.studio.slices import Index

__all__ = ["Comparison", "Gallery", "Pixels", "Variation", "side_by_side", "swiped", "thumbnail"]

Pixels = NDArray[np.uint8]
"""An RGB picture, (H, W, 3)."""


def thumbnail(rgb: Pixels, side: int = 160) -> Pixels:
    """Scale a picture down by area averaging.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
    side : int
        The longer side of the result in pixels; smaller pictures are not enlarged.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        A new array.
    """
    from PIL import Image

    height, width = rgb.shape[:2]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    if size == (width, height):
        return rgb.copy()
    # Each pixel of BOX is the mean of the area that it covers, fractions of pixels included.
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX)).copy()


def swiped(left: Pixels, right: Pixels, position: float) -> Pixels:
    """Put the left part of one picture beside the right part of another of the same shape.

    Parameters
    ----------
    left, right : ndarray of uint8, shape (H, W, 3)
    position : float
        Of the border as a share of the width, [0, 1].
    """
    border = round(min(max(position, 0.0), 1.0) * left.shape[1])
    return np.concatenate([left[:, :border], right[:, border:]], axis=1)


def side_by_side(left: Pixels, right: Pixels, gap: int = 8) -> Pixels:
    """Put two pictures of the same height beside each other, `gap` black pixels between them."""
    space = np.zeros((left.shape[0], gap, 3), np.uint8)
    return np.concatenate([left, space, right], axis=1)


@dataclass(frozen=True, eq=False)
class Variation:
    """One colouring.

    Attributes
    ----------
    number : int
        Its name for ever: 1, 2, 3 …, never given twice in one gallery.
    seed : int
        Of the run that made it.
    output : int or 'best'
        Its place among the run's variations, from 0, or the most probable colouring.
    thumbnail : ndarray of uint8, shape (h, w, 3)
    rgb : ndarray of uint8, shape (H, W, 3), or None
        The whole picture; None once it was discarded.
    parent : int or None
        The variation that 'more like this' was asked for.
    starred, discarded : bool
        Kept, or taken out of sight. A starred one cannot be discarded.
    provenance : mapping
        How it was made, JSON-serializable.
    index : tuple of int
        The slice of a stack that it is of.
    hints : Hints or None
        All that the picture had when it was made; None if that is not known any more.
    fix : RegionFix or None
        What a correction of a region changed in it.
    """

    number: int
    seed: int
    output: int | Literal["best"]
    thumbnail: Pixels
    rgb: Pixels | None
    parent: int | None = None
    starred: bool = False
    discarded: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    index: Index = ()
    hints: Hints | None = None
    fix: RegionFix | None = None

    @property
    def is_best(self) -> bool:
        """Whether it is a run's most probable colouring, which is not counted; no correction."""
        return self.output == "best" and self.parent is None


@dataclass(frozen=True)
class Comparison:
    """Two variations looked at together.

    Attributes
    ----------
    left, right : int
        Their numbers; 0 is the gray original.
    mode : {'swipe', 'side by side'}
    position : float
        Of the swipe's border as a share of the width, [0, 1].
    """

    left: int
    right: int
    mode: Literal["swipe", "side by side"] = "swipe"
    position: float = 0.5


@dataclass(frozen=True)
class Gallery:
    """Variations of one picture, or of the slices of a stack; operations give a new gallery.

    Attributes
    ----------
    variations : tuple of Variation
        All that were ever added, discarded ones without their pixels.
    shown : int or None
        The number of the one of this slice that the viewer shows.
    comparison : Comparison or None
    index : tuple of int
        The slice that is looked at.
    shown_at : mapping of index to int
        What is shown of every slice.
    """

    variations: tuple[Variation, ...] = ()
    shown: int | None = None
    comparison: Comparison | None = None
    index: Index = ()
    shown_at: Mapping[Index, int] = field(default_factory=dict, hash=False)

    def __getitem__(self, number: int) -> Variation:
        """Give the variation of this number.

        Raises
        ------
        InvalidRequest
            There is none.
        """
        for variation in self.variations:
            if variation.number == number:
                return variation
        raise InvalidRequest(f"There is no variation {number} in the gallery: choose another.")

    def at(self, index: Index) -> Gallery:
        """Look at another slice."""
        if index == self.index:
            return self
        return replace(self, index=index, shown=self.shown_at.get(index), comparison=None)

    def label(self, number: int) -> str:
        """Name a variation, here and in the layer list alike: 'best', 'best 2', or '1', '2' ….

        The most probable colourings of runs are not counted among the others.
        """
        variation = self[number]
        kind = [v.number for v in self.variations if v.is_best == variation.is_best]
        count = 1 + kind.index(number)
        if not variation.is_best:
            return str(count)
        return "best" if count == 1 else f"best {count}"

    @property
    def visible(self) -> tuple[Variation, ...]:
        """Those of this slice that are not discarded, in the order in which they came."""
        return tuple(v for v in self.variations if not v.discarded and v.index == self.index)

    @property
    def elsewhere(self) -> int:
        """How many of other slices are not discarded."""
        return sum(not v.discarded and v.index != self.index for v in self.variations)

    @property
    def kept(self) -> tuple[Variation, ...]:
        """The starred ones, of all slices: these become layers."""
        return tuple(v for v in self.variations if v.starred)

    @property
    def undecided(self) -> tuple[Variation, ...]:
        """Those of this slice neither starred nor discarded."""
        return tuple(v for v in self.visible if not v.starred)

    def add(
        self,
        pictures: Iterable[Pixels],
        seed: int,
        *,
        parent: int | None = None,
        provenance: Mapping[str, Any] | None = None,
        best: Pixels | None = None,
        thumbnails: Sequence[Pixels] | None = None,
        index: Index | None = None,
        hints: Hints | None = None,
        fixes: Sequence[RegionFix] = (),
    ) -> Gallery:
        """Add the outputs of a run.

        Parameters
        ----------
        pictures
            (H, W, 3) uint8 each: a result's ``rgb``.
        seed
            Of the run.
        parent
            The number of the variation they are like.
        provenance
            The run's; each variation's gets its own ``output``.
        best
            The most probable colouring, put before the others if given.
        thumbnails
            Made already, in a worker: one for each picture, `best`'s first if given.
        index
            The slice that they are of; None for the one that is looked at.
        hints
            All that the picture had: where its classes are.
        fixes
            What a correction of a region changed in each, `best`'s first if given; else empty.
        """
        if parent is not None:
            self[parent]
        outputs: list[tuple[int | Literal["best"], Pixels]] = list(enumerate(pictures))
        if best is not None:
            outputs.insert(0, ("best", best))
        small = [thumbnail(rgb) for _, rgb in outputs] if thumbnails is None else thumbnails
        changed: Sequence[RegionFix | None] = fixes or [None] * len(outputs)
        first = 1 + max((v.number for v in self.variations), default=0)
        new = tuple(
            Variation(
                number,
                seed,
                output,
                icon,
                rgb,
                parent,
                provenance={**(provenance or {}), "output": output, "parent": parent},
                index=self.index if index is None else index,
                hints=hints,
                fix=fix,
            )
            for number, ((output, rgb), icon, fix) in enumerate(
                zip(outputs, small, changed, strict=True), first
            )
        )
        return replace(self, variations=self.variations + new)

    def enter(self, variation: Variation) -> Gallery:
        """Add a colouring of another gallery as it is, under a number of this one."""
        number = 1 + max((v.number for v in self.variations), default=0)
        entered = replace(variation, number=number, parent=None)
        return replace(self, variations=(*self.variations, entered))

    def star(self, number: int, starred: bool = True) -> Gallery:
        """Keep a variation, or no longer; a discarded one cannot be kept any more.

        Raises
        ------
        InvalidRequest
            It was discarded.
        """
        if starred and self[number].discarded:
            raise InvalidRequest(f"{self._name(number)} was discarded: make it again.")
        return self._exchange(number, starred=starred)

    def discard(self, number: int) -> Gallery:
        """Take a variation out of sight and free its pixels; its seed stays known.

        Raises
        ------
        InvalidRequest
            It is starred.
        """
        if self[number].starred:
            raise InvalidRequest(f"{self._name(number)} is kept: take its star away first.")
        gallery = self._exchange(number, discarded=True, rgb=None, hints=None)
        shown = None if self.shown == number else self.shown
        shown_at = {index: n for index, n in self.shown_at.items() if n != number}
        comparison = self.comparison
        if comparison is not None and number in (comparison.left, comparison.right):
            comparison = None
        return replace(gallery, shown=shown, shown_at=shown_at, comparison=comparison)

    def restore(self, variations: Iterable[Variation]) -> Gallery:
        """Bring discarded ones back, as they were before."""
        back = {v.number: v for v in variations if self[v.number].discarded}
        return (
            replace(self, variations=tuple(back.get(v.number, v) for v in self.variations))
            if back
            else self
        )

    def with_one_shown(self) -> Gallery:
        """Show the first of this slice that is left, where the shown one has gone."""
        visible = self.visible
        return self.show(visible[0].number) if visible and self.shown is None else self

    def show(self, number: int | None) -> Gallery:
        """Show a variation in the viewer, or none; ends a comparison.

        One of another slice is what that slice shows when it is looked at again.

        Raises
        ------
        InvalidRequest
            It does not exist or was discarded.
        """
        self._usable(number or 0)
        index = self.index if number is None else self[number].index
        shown_at = {i: n for i, n in self.shown_at.items() if i != index}
        if number is not None:
            shown_at[index] = number
        if index != self.index:
            return replace(self, shown_at=shown_at)
        return replace(self, shown=number, shown_at=shown_at, comparison=None)

    def hide(self, index: Index) -> Gallery:
        """Show nothing of a slice."""
        if index == self.index:
            return self.show(None)
        return replace(self, shown_at={i: n for i, n in self.shown_at.items() if i != index})

    def compare(
        self, left: int, right: int, mode: Literal["swipe", "side by side"] = "swipe"
    ) -> Gallery:
        """Look at two variations together; 0 stands for the gray original.

        Raises
        ------
        InvalidRequest
            They are the same or of different slices, or one does not exist or was discarded.
        """
        if left == right:
            raise InvalidRequest("Choose two different variations to compare.")
        if len({self[number].index for number in (left, right) if number}) > 1:
            raise InvalidRequest("Choose two variations of the same slice to compare.")
        for number in (left, right):
            self._usable(number)
        position = 0.5 if self.comparison is None else self.comparison.position
        return replace(self, comparison=Comparison(left, right, mode, position))

    def swipe(self, position: float) -> Gallery:
        """Move the border of a comparison to a share of the width; clipped to [0, 1]."""
        if self.comparison is None:
            return self
        position = min(max(float(position), 0.0), 1.0)
        return replace(self, comparison=replace(self.comparison, position=position))

    def end_comparison(self) -> Gallery:
        """Look at one variation again."""
        return replace(self, comparison=None)

    def _usable(self, number: int) -> None:
        if number and self[number].discarded:
            raise InvalidRequest(f"{self._name(number)} was discarded: choose another.")

    def _name(self, number: int) -> str:
        return f"Variation {self.label(number)}"

    def _exchange(self, number: int, **changes: Any) -> Gallery:
        changed = replace(self[number], **changes)
        return replace(
            self, variations=tuple(changed if v.number == number else v for v in self.variations)
        )
