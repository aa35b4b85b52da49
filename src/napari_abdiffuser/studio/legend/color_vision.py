"""Classes that people with a colour-vision deficiency cannot tell apart.

In a colorized micrograph the lightness is the picture's own: two classes that differ in lightness
on a palette do not differ by it in the picture. So colours are compared at one lightness, as they
are shown there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.imaging.colors import RGB
from napari_abdiffuser.imaging.colorspace import gamut_map
from napari_abdiffuser.imaging.conversion import (
    lab_to_srgb,
    linear_from_srgb,
    srgb_from_linear,
    srgb_to_lab,
)

__all__ = ["DEFICIENCIES", "Confusion", "Deficiency", "confusions", "simulated", "warnings_of"]

Deficiency = Literal["deuteranopia", "protanopia", "tritanopia"]

# Machado, Oliveira and Fernandes (2009), IEEE Trans. Vis. Comput. Graphics 15(6), 1291–1298,
# doi:10.1109/TVCG.2009.113: severity 1.0, for linear sRGB.
_MATRICES: dict[Deficiency, list[list[float]]] = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
DEFICIENCIES: tuple[Deficiency, ...] = tuple(_MATRICES)
"""Those that can be simulated."""

_PEOPLE: dict[Deficiency, str] = {
    "protanopia": "red-green blindness (protanopia)",
    "deuteranopia": "red-green blindness (deuteranopia)",
    "tritanopia": "blue-yellow blindness (tritanopia)",
}
# Also of colour-blind safe palettes, which count on lightness: so it has to be said why.
_EVERYONE = (
    "for everyone, as the palette's lightness does not count (it comes from the picture) and only "
    "hue tells classes apart"
)
_LIGHTNESS = 60.0
# A few CIEDE2000 units are seen side by side; classes lie apart, in texture and shade. At this
# limit the published palettes pass as they are on the palette.
_HARD = 8.0


@dataclass(frozen=True)
class Confusion:
    """Two classes that are hard to tell apart.

    Attributes
    ----------
    first, second : str
        Their names.
    deficiency : str
        The kind of colour vision.
    distance : float
        CIEDE2000 between the two as they appear.
    normal_distance : float
        The same with normal colour vision.
    """

    first: str
    second: str
    deficiency: Deficiency
    distance: float
    normal_distance: float


def simulated(rgb: NDArray[np.floating], deficiency: Deficiency) -> NDArray[np.float64]:
    """Show colours as people with a complete deficiency see them.

    Parameters
    ----------
    rgb : ndarray, shape (..., 3)
        sRGB, [0, 1].
    deficiency : {'deuteranopia', 'protanopia', 'tritanopia'}

    Returns
    -------
    ndarray of float64, shape (..., 3)
        sRGB, [0, 1].
    """
    linear = linear_from_srgb(np.asarray(rgb, np.float64), np) @ np.array(_MATRICES[deficiency]).T
    seen: NDArray[np.float64] = srgb_from_linear(np.clip(linear, 0.0, 1.0), np)
    return np.clip(seen, 0.0, 1.0)


def confusions(
    colors: Mapping[str, RGB],
    deficiencies: Sequence[Deficiency] = ("deuteranopia",),
    *,
    lightness: float | None = _LIGHTNESS,
    threshold: float = _HARD,
) -> list[Confusion]:
    """Find the pairs of classes that become hard to tell apart, worst first.

    Parameters
    ----------
    colors : mapping of str to sRGB
        By class: ``legend.colors``.
    deficiencies
        Kinds of colour vision to try.
    lightness : float or None
        L* at which the colours are compared, [0, 100]; None compares them as they are on the
        palette, as in a legend's swatches.
    threshold : float
        CIEDE2000 below which two colours are hard to tell apart.
    """
    names = list(colors)
    if len(names) < 2:
        return []
    rgb = np.array([colors[name] for name in names], np.float64)
    if lightness is not None:
        rgb = _at_lightness(rgb, lightness)
    pairs = list(combinations(range(len(names)), 2))
    normal = _distances(rgb, pairs)
    found = []
    for deficiency in deficiencies:
        seen = _distances(simulated(rgb, deficiency), pairs)
        found += [
            Confusion(names[i], names[j], deficiency, float(seen[n]), float(normal[n]))
            for n, (i, j) in enumerate(pairs)
            if seen[n] < threshold
        ]
    return sorted(found, key=lambda confusion: confusion.distance)


def warnings_of(found: Sequence[Confusion]) -> list[str]:
    """Write confusions as sentences for the user, one a pair."""
    texts: dict[tuple[str, str], str] = {}
    for c in found:
        who = _EVERYONE if c.normal_distance < _HARD else f"with {_PEOPLE[c.deficiency]}"
        texts.setdefault(
            (c.first, c.second),
            f"{c.first} and {c.second} are hard to tell apart {who}: change one of them.",
        )
    return list(texts.values())


def _at_lightness(rgb: NDArray[np.float64], lightness: float) -> NDArray[np.float64]:
    chroma = srgb_to_lab(rgb)[..., 1:]
    level = np.full(rgb.shape[:-1], lightness, np.float32)
    shown = gamut_map(level, chroma.astype(np.float32))
    lab = np.concatenate([level[..., None], shown], axis=-1).astype(np.float64)
    moved: NDArray[np.float64] = np.clip(lab_to_srgb(lab), 0.0, 1.0)
    return moved


def _distances(rgb: NDArray[np.float64], pairs: list[tuple[int, int]]) -> NDArray[np.float64]:
    from skimage.color import deltaE_ciede2000

    lab = srgb_to_lab(rgb)
    first, second = (lab[[pair[k] for pair in pairs]] for k in (0, 1))
    distances: NDArray[np.float64] = deltaE_ciede2000(first, second)  # type: ignore[no-untyped-call]
    return distances
