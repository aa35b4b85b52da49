"""What a simulated user puts on one picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["NO_BOXES", "Marks"]

NO_BOXES: NDArray[np.int64] = np.zeros((0, 4), np.int64)


@dataclass(frozen=True)
class Marks:
    """Patches and areas of one picture; each says the mean colour that the truth has under it.

    Attributes
    ----------
    boxes : ndarray
        (N, 4) int64: top, left, bottom, right of patches, pixels. Later ones lie on top.
    areas : tuple of ndarray
        (S, S) bool: strokes or regions, under the patches, later ones on top.
    tokens : tuple of ndarray
        (k, 2) for each area: places in it where it speaks, pixels, centres at integers.
    revealed : bool
        The whole truth is on the hint map, whatever else there is.
    """

    boxes: NDArray[np.int64] = field(default_factory=NO_BOXES.copy)
    areas: tuple[NDArray[np.bool_], ...] = ()
    tokens: tuple[NDArray[np.float64], ...] = ()
    revealed: bool = False

    def with_boxes(self, boxes: NDArray[np.int64]) -> Marks:
        """Give the same with further patches on top."""
        return replace(self, boxes=np.concatenate([self.boxes, boxes]))

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.boxes) + sum(len(t) for t in self.tokens)
