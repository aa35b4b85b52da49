"""A few distinct colours of many samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.colors import RGB
from napari_abdiffuser.imaging.colorspace import gamut_map, lab_to_srgb

__all__ = ["distinct_colors"]

_APART = 3.0  # units of a* and b*: nearer colours look the same


def distinct_colors(chroma: NDArray[np.float32], lightness: float, n: int) -> tuple[RGB, ...]:
    """Choose colours that stand for samples, the most frequent first.

    Parameters
    ----------
    chroma : ndarray, shape (m, 2)
        Sampled a* and b*.
    lightness : float
        L* that the colours are shown at.
    n : int
        At most so many.

    Returns
    -------
    tuple of (float, float, float)
        sRGB in [0, 1]: of each cluster (Ward's), the sample nearest to its mean.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    light = np.full(len(chroma), lightness, np.float32)
    shown = np.asarray(gamut_map(light, np.asarray(chroma, np.float32)))
    labels = np.ones(len(shown), int)
    if len(shown) > 1:
        labels = fcluster(linkage(shown, "ward"), n, "maxclust")
    numbers, counts = np.unique(labels, return_counts=True)
    chosen: list[NDArray[np.float32]] = []
    for number in numbers[np.argsort(-counts, kind="stable")]:
        members = shown[labels == number]
        middle = members[((members - members.mean(0)) ** 2).sum(1).argmin()]
        if all(np.hypot(*(middle - other)) > _APART for other in chosen):
            chosen.append(middle)
    lab = np.column_stack([np.full(len(chosen), lightness), np.array(chosen)])
    rgb = np.asarray(lab_to_srgb(lab)).clip(0, 1)
    return tuple((float(r), float(g), float(b)) for r, g, b in rgb)
