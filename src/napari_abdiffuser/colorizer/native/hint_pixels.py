"""The pixels of hints, which get exactly the colours asked for, and those that stay gray."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.colorizer.native.surface import Surface
from napari_abdiffuser.imaging.colorspace import srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints

__all__ = ["OwnPixels", "ab_of"]


class OwnPixels:
    """What of a picture is not left to the model.

    Parameters
    ----------
    hints : Hints
        Drawn on a picture of the surface's shape; later ones lie over earlier ones, points over
        regions.
    surface : Surface
        The picture; its excluded pixels are gray, over all hints.
    """

    def __init__(self, hints: Hints, surface: Surface) -> None:
        self._excluded = surface.excluded
        colors = [region.color for region in hints.regions]
        colors += [point.color for point in hints.points]
        paints = ab_of(np.array(colors, np.float32).reshape(-1, 3))
        masks = [region.mask for region in hints.regions]
        self._regions = list(zip(masks, paints, strict=False))
        self._patches = [
            (*point.patch(surface.shape), ab)
            for point, ab in zip(hints.points, paints[len(masks) :], strict=True)
        ]

    def put(
        self, chroma: NDArray[np.float32], rows: slice
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Put them into a block (2, m, W) of some rows, in place; give its planes back."""
        for mask, ab in self._regions:
            part = mask[rows]
            if part.any():
                chroma[:, part] = ab[:, None]
        for down, across, ab in self._patches:
            if down.start < rows.stop and down.stop > rows.start:
                first = max(down.start, rows.start) - rows.start
                last = min(down.stop, rows.stop) - rows.start
                chroma[:, first:last, across] = ab[:, None, None]
        if self._excluded is not None:
            chroma[:, self._excluded[rows]] = 0
        return chroma[0], chroma[1]


def ab_of(colors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give a* and b* of sRGB colours (n, 3), displayable or not: (n, 2) float32."""
    return np.asarray(srgb_to_lab(colors), np.float32)[:, 1:]
