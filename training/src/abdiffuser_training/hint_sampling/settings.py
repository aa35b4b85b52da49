"""How simulated users behave."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["KINDS", "HintSettings"]

KINDS = ("uniform", "thesis", "cells", "strokes", "regions")
"""The simulated users, each a weight of `HintSettings`."""


@dataclass(frozen=True)
class HintSettings:
    """How many hints of which size, and of which kind.

    Attributes
    ----------
    most : int
        Largest number of hints; their number is log-uniform in least … most, one for a whole
        batch. The thesis' user has a distribution of its own.
    none : float
        Share of pictures without any hint; the thesis' user has an eighth.
    sizes : tuple of int
        Smallest and largest side of the square patches, pixels.
    least : int
        Smallest number of hints.
    uniform, thesis, cells, strokes, regions : float
        Weights of the kinds of users, see `sample_uniform`, `sample_thesis`, `sample_cells`,
        `sample_strokes` and `sample_regions`; one is drawn for every picture.
    gray : float
        Share of pictures with 1 … 8 further patches on places that are gray in truth.
    """

    most: int = 64
    none: float = 0.06
    sizes: tuple[int, int] = (2, 9)
    least: int = 1
    uniform: float = 1.0
    thesis: float = 0.0
    cells: float = 0.0
    strokes: float = 0.0
    regions: float = 0.0
    gray: float = 0.0

    def __post_init__(self) -> None:
        """Check what a configuration may have got wrong."""
        if not 1 <= self.least <= self.most:
            raise InvalidRequest(f"hints: {self.least} … {self.most} are no numbers; give 1 ≤ …")
        if len(self.sizes) != 2 or not 1 <= self.sizes[0] <= self.sizes[1]:
            raise InvalidRequest(f"hints: sizes is {self.sizes}; give smallest and largest side.")
        if not (0 <= self.none <= 1 and 0 <= self.gray <= 1):
            raise InvalidRequest("hints: none and gray are shares; give 0 … 1.")
        if min(self.weights) < 0 or sum(self.weights) <= 0:
            raise InvalidRequest(f"hints: give one of {', '.join(KINDS)} a weight above 0.")

    @property
    def weights(self) -> tuple[float, ...]:
        """Weights of `KINDS`."""
        return (self.uniform, self.thesis, self.cells, self.strokes, self.regions)
