"""The gallery: outputs of runs, of which some are kept, some discarded and two compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.studio.gallery_pictures import Pixels, thumbnail

__all__ = ["Comparison", "Gallery", "Variation"]


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
    """Variations of one picture; every operation gives a new gallery.

    Attributes
    ----------
    variations : tuple of Variation
        All that were ever added, discarded ones without their pixels.
    shown : int or None
        The number of the one that the viewer shows.
    comparison : Comparison or None
    """

    variations: tuple[Variation, ...] = ()
    shown: int | None = None
    comparison: Comparison | None = None

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

    @property
    def visible(self) -> tuple[Variation, ...]:
        """Those not discarded, in the order in which they came."""
        return tuple(v for v in self.variations if not v.discarded)

    @property
    def kept(self) -> tuple[Variation, ...]:
        """The starred ones: these become layers."""
        return tuple(v for v in self.visible if v.starred)

    @property
    def undecided(self) -> tuple[Variation, ...]:
        """Those neither starred nor discarded."""
        return tuple(v for v in self.visible if not v.starred)

    def add(
        self,
        pictures: Iterable[Pixels],
        seed: int,
        *,
        parent: int | None = None,
        provenance: Mapping[str, Any] | None = None,
        best: Pixels | None = None,
        side: int = 160,
        thumbnails: Sequence[Pixels] | None = None,
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
        side
            Longer side of the thumbnails in pixels.
        thumbnails
            Made already, in a worker: one for each picture, `best`'s first if given.
        """
        if parent is not None:
            self[parent]
        outputs: list[tuple[int | Literal["best"], Pixels]] = list(enumerate(pictures))
        if best is not None:
            outputs.insert(0, ("best", best))
        small = [thumbnail(rgb, side) for _, rgb in outputs] if thumbnails is None else thumbnails
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
            )
            for number, ((output, rgb), icon) in enumerate(zip(outputs, small, strict=True), first)
        )
        return replace(self, variations=self.variations + new)

    def star(self, number: int, starred: bool = True) -> Gallery:
        """Keep a variation, or no longer; a discarded one cannot be kept any more.

        Raises
        ------
        InvalidRequest
            It was discarded.
        """
        if starred and self[number].discarded:
            raise InvalidRequest(f"Variation {number} was discarded: make it again from its seed.")
        return self._exchange(number, starred=starred)

    def discard(self, number: int) -> Gallery:
        """Take a variation out of sight and free its pixels; its seed stays known.

        Raises
        ------
        InvalidRequest
            It is starred.
        """
        if self[number].starred:
            raise InvalidRequest(f"Variation {number} is kept: take its star away first.")
        gallery = self._exchange(number, discarded=True, rgb=None)
        shown = None if self.shown == number else self.shown
        comparison = self.comparison
        if comparison is not None and number in (comparison.left, comparison.right):
            comparison = None
        return replace(gallery, shown=shown, comparison=comparison)

    def discard_rest(self) -> Gallery:
        """Discard everything that is not starred."""
        gallery = self
        for variation in self.undecided:
            gallery = gallery.discard(variation.number)
        return gallery

    def show(self, number: int | None) -> Gallery:
        """Show a variation in the viewer, or none; ends a comparison.

        Raises
        ------
        InvalidRequest
            It does not exist or was discarded.
        """
        self._usable(number or 0)
        return replace(self, shown=number, comparison=None)

    def neighbor(self, step: int) -> int | None:
        """Return the number of the visible variation `step` after the one shown, in a ring."""
        numbers = [v.number for v in self.visible]
        if not numbers:
            return None
        if self.shown not in numbers:
            return numbers[0] if step > 0 else numbers[-1]
        return numbers[(numbers.index(self.shown) + step) % len(numbers)]

    def compare(
        self, left: int, right: int, mode: Literal["swipe", "side by side"] = "swipe"
    ) -> Gallery:
        """Look at two variations together; 0 stands for the gray original.

        Raises
        ------
        InvalidRequest
            They are the same, or one does not exist or was discarded.
        """
        if left == right:
            raise InvalidRequest("Choose two different variations to compare.")
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

    def children(self, number: int) -> tuple[Variation, ...]:
        """Return the visible variations that were asked to be like this one."""
        return tuple(v for v in self.visible if v.parent == number)

    def lineage(self, number: int) -> tuple[int, ...]:
        """Return the numbers from this variation's first ancestor down to itself."""
        line = [number]
        while (parent := self[line[0]].parent) is not None:
            line.insert(0, parent)
        return tuple(line)

    def _usable(self, number: int) -> None:
        if number and self[number].discarded:
            raise InvalidRequest(f"Variation {number} was discarded: choose another.")

    def _exchange(self, number: int, **changes: Any) -> Gallery:
        changed = replace(self[number], **changes)
        return replace(
            self, variations=tuple(changed if v.number == number else v for v in self.variations)
        )
