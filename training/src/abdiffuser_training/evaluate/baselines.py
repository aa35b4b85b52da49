"""Simple methods that a model has to beat, on the same pictures and hints.

A method takes the lightness (H, W), L* in [0, 100], and the hint map (3, H, W): a*, b* in CIELAB
units and the mask. It gives the chroma (H, W, 2): a* and b*, not yet gamut-mapped. Without any
hint all of these leave the picture gray.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.linalg import splu
from skimage.segmentation import random_walker as _walk

__all__ = ["BASELINES", "Method", "all_gray", "levin", "nearest_hint", "random_walker"]

Method = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]

_NEIGHBOURS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]


def all_gray(lightness: NDArray[np.float32], hints: NDArray[np.float32]) -> NDArray[np.float32]:
    """No colour anywhere, whatever the hints say."""
    return np.zeros((*lightness.shape, 2), np.float32)


def nearest_hint(lightness: NDArray[np.float32], hints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every pixel takes the colour of the hint pixel nearest to it."""
    mask = hints[2] > 0
    if not mask.any():
        return all_gray(lightness, hints)
    row, column = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    return np.moveaxis(hints[:2, row, column], 0, -1)


def levin(lightness: NDArray[np.float32], hints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colorization by optimization (Levin, Lischinski and Weiss 2004).

    A pixel's chroma is the weighted mean of its neighbours' (their eq. 1 set to zero), weights
    fall off with the difference of lightness in units of the local variance (eq. 2), hints are
    given. L* stands in for the paper's Y. Solved exactly by a sparse factorization, about half a
    second at 192².

    Parameters
    ----------
    lightness, hints : ndarray
        As for every method.

    Returns
    -------
    ndarray
        (H, W, 2); hinted pixels have the hints' colours.
    """
    known = hints[2].ravel() > 0
    if not known.any():
        return all_gray(lightness, hints)
    chroma = hints[:2].reshape(2, -1).T.astype(np.float64)
    if not known.all():
        rows = (sparse.eye_array(known.size, format="csr") - _levin_weights(lightness))[~known]
        # The pattern is symmetric and no row's diagonal is smaller than the rest of it together:
        # an ordering for symmetric matrices without pivoting is stable and several times faster.
        factors = splu(
            rows[:, ~known].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        chroma[~known] = factors.solve(-(rows[:, known] @ chroma[known]))
    return chroma.reshape(*lightness.shape, 2).astype(np.float32)


def _levin_weights(lightness: NDArray[np.float32]) -> sparse.csr_array:
    """Weights of each pixel's up to eight neighbours, summing to one: (H W, H W)."""
    height, width = lightness.shape
    padded = np.pad(lightness.astype(np.float64) / 100, 1, constant_values=np.nan)
    number = np.pad(np.arange(height * width).reshape(height, width), 1, constant_values=-1)

    def around(array: NDArray[Any]) -> NDArray[Any]:
        views = [array[1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in _NEIGHBOURS]
        return np.stack(views)

    centre = padded[1:-1, 1:-1]
    values = around(padded)
    squared = (values - centre) ** 2
    variance = np.nanvar(np.concatenate([values, centre[None]]), axis=0)
    # Where the variance says that even the most similar neighbour is a stranger it is widened
    # until that neighbour's weight is 0.01; flat places get 8-bit rounding as their variance.
    width_squared = np.maximum(0.6 * variance, np.nanmin(squared, axis=0) / -np.log(0.01))
    weight = np.exp(-squared / np.maximum(width_squared, 2e-6))
    # Never quite zero: a region without a hint stays tied to the rest and the system regular.
    weight = np.where(np.isnan(squared), 0.0, np.maximum(weight, 1e-9))
    weight /= weight.sum(axis=0)
    columns = around(number)
    inside = columns >= 0
    rows = np.broadcast_to(number[1:-1, 1:-1], columns.shape)
    size = height * width
    return sparse.csr_array((weight[inside], (rows[inside], columns[inside])), shape=(size, size))


def random_walker(
    lightness: NDArray[np.float32], hints: NDArray[np.float32], beta: float = 130.0
) -> NDArray[np.float32]:
    """Random walker (Grady 2006, scikit-image): hints' colours mixed by their probabilities.

    Parameters
    ----------
    lightness, hints : ndarray
        As for every method. Every distinct colour is a label, so time and memory grow with the
        number of hints: about a second for 50 at 192².
    beta : float
        How much an edge stops the walker; scikit-image's default.

    Returns
    -------
    ndarray
        (H, W, 2).
    """
    mask = hints[2] > 0
    if not mask.any():
        return all_gray(lightness, hints)
    colours, label = np.unique(hints[:2, mask], axis=1, return_inverse=True)
    if len(colours[0]) == 1 or mask.all():
        return nearest_hint(lightness, hints)
    labels = np.zeros(mask.shape, np.int32)
    labels[mask] = label.ravel() + 1
    # One factorization serves all labels; conjugate gradients start anew for each.
    share = _walk(lightness / 100, labels, beta=beta, mode="bf", return_full_prob=True)
    chroma: NDArray[np.float32] = np.einsum("chw,kc->hwk", share, colours).astype(np.float32)
    return chroma


BASELINES: dict[str, Method] = {
    "all gray": all_gray,
    "nearest hint": nearest_hint,
    "Levin 2004": levin,
    "random walker": random_walker,
}
"""Every baseline by the name it has in reports."""
