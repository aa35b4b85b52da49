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

__all__ = [
    "BASELINES",
    "Method",
    "all_gray",
    "levin",
    "levin_least_squares",
    "nearest_hint",
    "random_walker",
]

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
    """Colorization by optimization (Levin, Lischinski and Weiss 2004), as it is commonly solved.

    Every pixel without a hint has the weighted mean chroma of its 3 × 3 neighbours (their eq. 1
    with nothing left), weights falling off with the difference of lightness in units of 0.6
    variances of the window (eq. 2, but narrower); hints are hard constraints. L* stands in for
    the paper's Y. Colours are convex mixtures of the hints'. Solved exactly by a sparse
    factorization, about 0.3 s at 192².

    Parameters
    ----------
    lightness, hints : ndarray
        As for every method.

    Returns
    -------
    ndarray
        (H, W, 2); hinted pixels have the hints' colours.
    """
    return _solved(_levin_residual(lightness, variances=0.6), hints)


def levin_least_squares(
    lightness: NDArray[np.float32], hints: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Levin 2004 to the letter: the sum of squares of eq. 1 over all pixels, weights of eq. 2.

    An edge raises the variance of its own window, so that the weight across a straight one stays
    near 0.1; and hinted pixels have an equation too, which lets colours overshoot beyond a hint.
    It bleeds far more than `levin`.

    Parameters
    ----------
    lightness, hints : ndarray
        As for every method.

    Returns
    -------
    ndarray
        (H, W, 2); hinted pixels have the hints' colours.
    """
    residual = _levin_residual(lightness, variances=2.0)
    return _solved(sparse.csr_array(residual.T @ residual), hints)


def _solved(system: sparse.csr_array, hints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Solve the rows of the pixels without a hint; (H W, H W) -> (H, W, 2)."""
    known = hints[2].ravel() > 0
    chroma = hints[:2].reshape(2, -1).T.astype(np.float64)
    if known.any() and not known.all():
        rows = system[~known]
        # The pattern is symmetric, and the matrix positive definite or diagonally dominant: an
        # ordering for symmetric matrices without pivoting is stable and several times faster.
        factors = splu(
            rows[:, ~known].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        chroma[~known] = factors.solve(-(rows[:, known] @ chroma[known]))
    return chroma.reshape(*hints.shape[1:], 2).astype(np.float32)


def _levin_residual(lightness: NDArray[np.float32], variances: float) -> sparse.csr_array:
    """One minus the weighted mean of each pixel's up to eight neighbours: (H W, H W)."""
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
    spread = np.maximum(variances * variance, np.nanmin(squared, axis=0) / -np.log(0.01))
    weight = np.exp(-squared / np.maximum(spread, 2e-6))
    # Never quite zero: a region without a hint stays tied to the rest and the system regular.
    weight = np.where(np.isnan(squared), 0.0, np.maximum(weight, 1e-9))
    weight /= weight.sum(axis=0)
    columns = around(number)
    inside = columns >= 0
    rows = np.broadcast_to(number[1:-1, 1:-1], columns.shape)
    size = height * width
    mean = sparse.csr_array((weight[inside], (rows[inside], columns[inside])), shape=(size, size))
    return sparse.csr_array(sparse.eye_array(size, format="csr") - mean)


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
    "Levin 2004 least squares": levin_least_squares,
    "random walker": random_walker,
}
"""Every baseline by the name it has in reports."""
