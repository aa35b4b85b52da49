"""Pictures of a comparison, computed in a worker thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.colorizer.protocols import with_guide
from napari_abdiffuser.jobs.corrections import saturation_factors

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_abdiffuser.jobs.job import Opened
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.gallery import Pixels

__all__ = ["Pair", "Sides"]

Sides = tuple["Pixels", "Pixels"]
"""Left and right picture of a comparison."""


@dataclass(frozen=True, eq=False)
class Pair:
    """What is compared, read in the GUI thread.

    Attributes
    ----------
    left, right
        Uncorrected pixels, (H, W, 3) uint8; None for the gray original.
    state
        With the corrections that are seen, and the hints that say where classes are.
    """

    left: Pixels | None
    right: Pixels | None
    state: StudioState

    @classmethod
    def of(cls, state: StudioState) -> Pair | None:
        """Read it from a state; None where nothing is compared."""
        comparison = state.gallery.comparison
        if comparison is None:
            return None
        left, right = (
            state.gallery[number].rgb if number else None
            for number in (comparison.left, comparison.right)
        )
        return cls(left, right, state)

    def same_pictures(self, other: Pair | None) -> bool:
        """Whether the other one compares the same colourings of the same picture."""
        if other is None or self.left is not other.left or self.right is not other.right:
            return False
        one, two = self.state, other.state
        return one.picture == two.picture and one.index == two.index

    def same(self, other: Pair | None) -> bool:
        """Whether the other one looks the same."""
        if other is None or not self.same_pictures(other):
            return False
        mine, its = self.state.corrections, other.state.corrections
        if mine != its:
            return False
        # Where classes are only matters where they differ.
        return self.state.hints is other.state.hints or not (mine.by_class or mine.held)

    @property
    def ready(self) -> Sides | None:
        """Both pictures, where nothing is to be computed for them."""
        if self.left is None or self.right is None or not self.state.corrections.neutral:
            return None
        return self.left, self.right

    def work(self, opened: Opened, _cancelled: Callable[[], bool]) -> Sides:
        """Make both pictures: a job of the workbench."""
        picture, corrections = with_guide(opened.picture), self.state.corrections
        factors: Any = None
        if not corrections.neutral:
            factors = saturation_factors(picture, self.state, corrections.background)

        def shown(rgb: Pixels | None) -> Pixels:
            if rgb is None:
                whole = np.ones(picture.shape, bool)
                return picture.erase(np.zeros((*picture.shape, 3), np.uint8), whole)
            if factors is None:
                return rgb
            return picture.saturate(rgb, factors)

        return shown(self.left), shown(self.right)
