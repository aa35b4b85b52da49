"""Hard regions, which are filled exactly to their edges and colour nothing beyond them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.hints import Hints

__all__ = ["hard_mask", "hardened", "without_hard_regions"]


def without_hard_regions(hints: Hints) -> Hints:
    """Give the hints without hard regions: those whose colour goes beyond their own pixels."""
    soft = tuple(region for region in hints.regions if not region.hard)
    return hints if len(soft) == len(hints.regions) else replace(hints, regions=soft)


def hard_mask(hints: Hints, shape: tuple[int, int]) -> NDArray[np.bool_] | None:
    """Tell which pixels of a picture (H, W) lie in hard regions; None if there are none."""
    masks = [region.mask for region in hints.regions if region.hard]
    if not masks:
        return None
    inside = np.zeros(shape, bool)
    for mask in masks:
        inside |= mask
    return inside


def hardened(hints: Hints, *, hard: bool) -> Hints:
    """Give whole regions hard edges, or soft ones; points and strokes stay as they are."""

    def is_other(of: bool | None) -> bool:
        return of is not None and of is not hard

    if not any(is_other(region.hard) for region in hints.regions):
        return hints
    return replace(
        hints,
        regions=tuple(replace(r, hard=hard) if is_other(r.hard) else r for r in hints.regions),
    )
