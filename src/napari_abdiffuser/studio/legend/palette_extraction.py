"""Palette of a reference picture."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidImage, InvalidRequest
from napari_abdiffuser.imaging.colors import RGB
from napari_abdiffuser.imaging.conversion import lab_to_srgb, srgb_to_lab
from napari_abdiffuser.studio.legend.color_names import plain_names
from napari_abdiffuser.studio.legend.palettes import Palette, PaletteColor

__all__ = ["palette_from_picture"]

_SIDE = 256  # pixels of the longer side that is looked at
_GRAY = 10.0  # CIELAB chroma below which a pixel says nothing about colours
_BIN = 6.0  # CIELAB units
_APART = 9.0  # CIELAB units by which colours of one palette differ at least


def palette_from_picture(picture: ArrayLike, n: int = 6, name: str = "From picture") -> Palette:
    """Find the colours that a picture is painted with.

    Colours are clustered by k-means (Lloyd 1982) in CIELAB. Every shade has the square root of its
    pixels as weight, so that small vivid things count beside a large background.

    Parameters
    ----------
    picture : array, shape (H, W, 3 | 4)
        sRGB: uint8, uint16, or floats in [0, 1]. Alpha is ignored.
    n : int, default 6
        Most colours, 1 … 32; fewer come back where the picture has no more.
    name : str
        Of the palette.

    Returns
    -------
    Palette
        Colours by the share of the picture they stand for, largest first; grays are left out.

    Raises
    ------
    InvalidImage
        It is not a colour picture, or has no colours.
    InvalidRequest
        `n` is not in 1 … 32.
    """
    if not 1 <= n <= 32:
        raise InvalidRequest(f"A palette of {n} colours cannot be made: ask for 1 to 32.")
    lab = srgb_to_lab(_small(picture)).reshape(-1, 3)
    vivid = lab[np.hypot(lab[:, 1], lab[:, 2]) >= _GRAY]
    if len(vivid) == 0:
        raise InvalidImage("This picture has no colours: choose a coloured one.")
    shades, members, pixels = np.unique(
        np.round(vivid / _BIN).astype(int), axis=0, return_inverse=True, return_counts=True
    )
    members = members.ravel()
    centres = np.stack(
        [np.bincount(members, vivid[:, k], len(shades)) / pixels for k in range(3)], axis=-1
    )
    colors, shares = _clusters(centres, pixels, n)
    order = np.argsort(-shares, kind="stable")
    rgb = np.clip(lab_to_srgb(colors[order]), 0.0, 1.0)
    found: list[RGB] = [(float(r), float(g), float(b)) for r, g, b in rgb]
    words = plain_names(found)
    return Palette(name, tuple(PaletteColor(w, c) for w, c in zip(words, found, strict=True)))


def _small(picture: ArrayLike) -> NDArray[np.float64]:
    """Return the picture as sRGB floats, reduced by averaging."""
    from PIL import Image

    values = np.asarray(picture)
    if values.ndim != 3 or values.shape[2] not in (3, 4) or values.size == 0:
        raise InvalidImage(
            f"A reference picture has the shape (H, W, 3), not {values.shape}: choose a coloured "
            "one."
        )
    values = values[..., :3]
    if values.dtype == np.uint16:
        values = (values >> 8).astype(np.uint8)
    elif values.dtype.kind == "f":
        values = np.nan_to_num(np.clip(values, 0.0, 1.0)) * 255.0 + 0.5
    image = Image.fromarray(np.ascontiguousarray(values.astype(np.uint8)))
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(image, np.float64) / 255.0


def _clusters(
    centres: NDArray[np.float64], pixels: NDArray[np.intp], n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Group shades, (S, 3) L*a*b*, into at most n colours: (K, 3), and pixels of each, (K,)."""
    from scipy.cluster.vq import kmeans2

    weights = np.maximum(1, np.round(np.sqrt(pixels))).astype(int)
    repeated = np.repeat(centres, weights, axis=0)
    with warnings.catch_warnings():
        # A cluster that lost all of its members is dropped below.
        warnings.simplefilter("ignore", UserWarning)
        means, _ = kmeans2(repeated, _starts(centres, weights, n), iter=30, minit="matrix")
    means = means[np.isfinite(means).all(axis=1)]
    while True:
        distance = np.linalg.norm(centres[:, None] - means[None], axis=-1)
        owner = distance.argmin(axis=1)
        shares: NDArray[Any] = np.bincount(owner, pixels.astype(np.float64), len(means))
        means, shares = means[shares > 0], shares[shares > 0]
        close = np.linalg.norm(means[:, None] - means[None], axis=-1)
        np.fill_diagonal(close, np.inf)
        if len(means) < 2 or close.min() >= _APART:
            return means, shares
        # Of the two that are nearest to each other the smaller one goes.
        pair = np.unravel_index(int(close.argmin()), close.shape)
        means = np.delete(means, min(pair, key=lambda k: shares[k]), axis=0)


def _starts(centres: NDArray[np.float64], weights: NDArray[np.int_], n: int) -> NDArray[np.float64]:
    """Choose at most n shades: the heaviest, then again and again a heavy one far from all."""
    chosen = [int(weights.argmax())]
    distance = np.full(len(centres), np.inf)
    for _ in range(min(n, len(centres)) - 1):
        distance = np.minimum(distance, np.linalg.norm(centres - centres[chosen[-1]], axis=1))
        chosen.append(int((distance * np.sqrt(weights)).argmax()))
    return centres[chosen]
