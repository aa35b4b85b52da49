"""What a colorizer gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Result"]


@dataclass(frozen=True)
class Result:
    """Colourings of one picture.

    Attributes
    ----------
    best : ndarray of uint8, shape (H, W, 3)
        The deterministic most probable colouring.
    rgb : ndarray of uint8, shape (n_outputs, H, W, 3)
        The variations.
    provenance : dict
        How they were made, JSON-serializable: model name and sha256, seed, steps, background,
        hints, device, precision, versions, and what was done to the input.
    """

    best: NDArray[np.uint8]
    rgb: NDArray[np.uint8]
    provenance: dict[str, Any]
    _make_chroma: Callable[[], NDArray[np.float32]] = field(repr=False, compare=False)

    @cached_property
    def chroma(self) -> NDArray[np.float32]:
        """a* and b* of the variations as displayed: (n_outputs, H, W, 2) float32, gamut-mapped.

        Computed when first asked for: it is nearly three times as large as the pictures.
        """
        return self._make_chroma()
