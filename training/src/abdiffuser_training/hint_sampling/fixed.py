"""Fixed hint sets: the same patches for every method, whatever is measured beside them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidRequest

__all__ = [
    "ICOLORIT_COUNTS",
    "centred_cells",
    "hint_map",
    "icolorit_cells",
    "mean_chroma",
    "uniform_cells",
]

ICOLORIT_COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200)
"""Hints a picture in the protocols of iColoriT (Yun et al. 2023) and Zhang et al. 2017."""


def uniform_cells(
    rng: np.random.Generator, shape: tuple[int, int], n: int, cell: int
) -> NDArray[np.int64]:
    """Square patches at uniform places, wholly within the picture.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness. Fewer patches from a generator of the same state are the first
        ones of more: curves over the number of hints are drawn over growing sets.
    shape : tuple of int
        Height and width of the picture.
    n : int
        Number of patches; they may overlap.
    cell : int
        Side of a patch, pixels; at most the picture's.

    Returns
    -------
    ndarray
        (n, 4): top, left, bottom, right; bottom and right are exclusive.

    Raises
    ------
    InvalidRequest
        If a patch is larger than the picture.
    """
    if cell < 1 or cell > min(shape):
        raise InvalidRequest(f"A patch of {cell} pixels does not fit {shape}; choose another size.")
    corner = rng.integers([shape[0] - cell + 1, shape[1] - cell + 1], size=(n, 2))
    return np.concatenate([corner, corner + cell], axis=1)


def centred_cells(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Patches as the thesis simulates users in training, after Zhang et al. 2017.

    Their number is geometric with p = 1/8 and starts at zero, their centres are normal about the
    picture's with a standard deviation of a quarter of each side, their side is 1 … 9 pixels.
    The thesis also reveals the whole picture in one of a hundred cases; a measure leaves that out.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    shape : tuple of int
        Height and width of the picture.

    Returns
    -------
    ndarray
        (N, 4) as from `uniform_cells`; moved into the picture where they would leave it.
    """
    n = int(rng.geometric(1 / 8)) - 1
    side = np.minimum(rng.integers(1, 10, size=n), min(shape))[:, None]
    extent = np.array(shape)
    centre = rng.normal(extent / 2, extent / 4, size=(n, 2))
    corner = np.clip(np.round(centre - side / 2).astype(np.int64), 0, extent - side)
    return np.concatenate([corner, corner + side], axis=1)


def icolorit_cells(
    pictures: int, size: int, cell: int = 2, seed: int = 1234
) -> list[dict[int, NDArray[np.int64]]]:
    """Patches of iColoriT's fixed hint sets: cells of a grid, drawn with replacement.

    One generator of the standard library runs over the numbers of hints and, within each, over
    the pictures in the order of their names, so a set depends on how many pictures there are.

    Parameters
    ----------
    pictures : int
        How many, sorted by name.
    size, cell : int
        Side of the pictures and of the cells, pixels; 224 and 2 there.
    seed : int
        1234 there.

    Returns
    -------
    list of dict
        For every picture, by number of hints, (N, 4) as from `uniform_cells`.
    """
    if size % cell:
        raise InvalidRequest(f"Pictures of {size} have no grid of {cell}; choose a multiple.")
    source, cells = random.Random(seed), size // cell
    sets: list[dict[int, NDArray[np.int64]]] = [{} for _ in range(pictures)]
    for count in ICOLORIT_COUNTS:
        for one in sets:
            drawn = [source.randint(0, cells - 1) * cell for _ in range(2 * count)]
            corner = np.array(drawn, np.int64).reshape(count, 2)
            one[count] = np.concatenate([corner, corner + cell], axis=1)
    return sets


def mean_chroma(chroma: NDArray[np.float32], boxes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean a* and b* (N, 2) of the truth (H, W, 2) under each of N patches."""
    means = [
        chroma[top:bottom, left:right].mean(axis=(0, 1), dtype=np.float64)
        for top, left, bottom, right in boxes
    ]
    return np.array(means, np.float32).reshape(-1, 2)


def hint_map(
    shape: tuple[int, int],
    boxes: NDArray[np.int64],
    colors: NDArray[np.float32] | Sequence[tuple[float, float]],
) -> NDArray[np.float32]:
    """Paint patches into the map that methods take: later ones over earlier ones.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the picture.
    boxes : ndarray
        (N, 4): top, left, bottom, right.
    colors : (N, 2)
        a* and b* of each patch.

    Returns
    -------
    ndarray
        (3, H, W) float32: a*, b* and the mask; zero where there is no hint.
    """
    painted = np.zeros((3, *shape), np.float32)
    for (top, left, bottom, right), (a, b) in zip(boxes, colors, strict=True):
        painted[:, top:bottom, left:right] = np.array([a, b, 1], np.float32)[:, None, None]
    return painted
