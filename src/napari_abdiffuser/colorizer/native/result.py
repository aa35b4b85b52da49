"""Result of painting: colourings and their provenance."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.colorizer.memory import is_out_of_memory
from napari_abdiffuser.colorizer.native.painter import NativePainter
from napari_abdiffuser.colorizer.native.surface import Surface
from napari_abdiffuser.errors import OutOfMemory
from napari_abdiffuser.imaging.colorspace import srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints

__all__ = ["ChromaSource", "Result"]


@dataclass(frozen=True, eq=False)
class ChromaSource:
    """What a*b* of variations are computed from when they are asked for.

    Attributes
    ----------
    maps : ndarray of float32, shape (n, 2, h, w)
        Coarse colour maps, a* and b*.
    hints : Hints
        Their own pixels have their own colours.
    surface : Surface
        The picture's two lightness maps, shared with the picture and all its results.
    kept : tuple of ndarrays, or None
        Of a correction: where the colouring before it was kept, (H, W) bool, and that colouring,
        (H, W, 3) uint8.
    """

    maps: NDArray[np.float32]
    hints: Hints
    surface: Surface
    kept: tuple[NDArray[np.bool_], NDArray[np.uint8]] | None = None

    def chroma(self) -> NDArray[np.float32]:
        """Compute a* and b* as displayed: (n, H, W, 2) float32."""
        out = NativePainter(self.surface).chroma(self.maps, self.hints)
        if self.kept is not None:
            where, rgb = self.kept
            before = srgb_to_lab(rgb[where].astype(np.float32) / np.float32(255))
            out[:, where] = np.asarray(before)[:, 1:]
        return out


@dataclass(frozen=True, eq=False)
class Result:
    """Colourings of one picture; can be pickled, and holds no model.

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
    _source: ChromaSource | None = field(default=None, repr=False)

    @cached_property
    def chroma(self) -> NDArray[np.float32]:
        """a* and b* of the variations as displayed: (n_outputs, H, W, 2) float32, gamut-mapped.

        Computed when first asked for, at a third of a second a megapixel: it is nearly three times
        as large as the pictures.

        Raises
        ------
        OutOfMemory
            If memory does not suffice.
        """
        if self._source is None:
            return np.zeros((*self.rgb.shape[:3], 2), np.float32)
        try:
            return self._source.chroma()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory(
                f"Memory does not suffice for a* and b* of {len(self.rgb)} variations: colorize "
                "fewer at a time, or close other programs."
            ) from error
