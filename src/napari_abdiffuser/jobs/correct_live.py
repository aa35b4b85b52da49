"""Corrections of the live preview, in the worker thread: saturations, and locked classes. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_abdiffuser.jobs.corrections import locked_pixels, saturation_factors
from napari_abdiffuser.options import Background

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_abdiffuser.colorizer.protocols import GuidedPicture
    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["LiveCorrections"]


@dataclass(frozen=True, eq=False)
class _Before:
    picture: GuidedPicture
    rgb: NDArray[np.uint8]
    hints: Hints
    background: Background
    legend: Legend


class LiveCorrections:
    """Finishes previews; remembers the last one, whose pixels locked classes keep.

    To be used by one thread at a time.
    """

    def __init__(self) -> None:
        self._before: _Before | None = None

    @property
    def plain(self) -> NDArray[np.uint8] | None:
        """The last whole preview as it was before corrections, (H, W, 3)."""
        return None if self._before is None else self._before.rgb

    def forget(self) -> None:
        """Let go of the picture."""
        self._before = None

    def whole(
        self,
        picture: GuidedPicture,
        rgb: NDArray[np.uint8],
        state: StudioState,
        background: Background,
    ) -> NDArray[np.uint8]:
        """Correct a preview at full size.

        Parameters
        ----------
        picture
            An open picture.
        rgb
            (H, W, 3), as painted.
        state
            Whose hints were painted; with its corrections and locks.
        background
            With which it was painted.

        Returns
        -------
        What a locked class owned before and owns now has the bytes that it had; the array given
        where nothing is to be corrected.
        """
        rgb = self._kept(picture, rgb, state, background)
        if state.corrections.neutral:
            return rgb
        factors = saturation_factors(picture, state, background)
        return picture.saturate(rgb, factors)

    def _kept(
        self,
        picture: GuidedPicture,
        rgb: NDArray[np.uint8],
        state: StudioState,
        background: Background,
    ) -> NDArray[np.uint8]:
        """Give locked classes the pixels that they had, and remember what all have."""
        before, hints, legend = self._before, state.hints, state.legend
        if before is not None and before.picture is picture and _same_colors(before.legend, legend):
            locked = locked_pixels(picture, hints, legend, background)
            if locked is not None:
                had = locked_pixels(picture, before.hints, legend, before.background)
                if had is not None:
                    rgb = np.where((locked & had)[..., None], before.rgb, rgb)
        self._before = _Before(picture, rgb, hints, background, legend)
        return rgb


def _same_colors(before: Legend, now: Legend) -> bool:
    """Whether what is locked has the colour that it had: undo may change it all the same."""
    return all(
        entry.name in before and before[entry.name].hex == entry.hex
        for entry in now
        if entry.locked
    )
