"""Sparse linear systems that spread the colours of hints over a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

__all__ = ["dirichlet", "levin_system", "walker_system"]

_NEIGHBOURS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]


def dirichlet(system: sparse.csr_array, hints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Solve the equations of the pixels without a hint; hints are hard constraints.

    Parameters
    ----------
    system : csr_array
        (H W, H W): each row is an equation with zero on its right; symmetric in its pattern,
        positive definite or diagonally dominant.
    hints : ndarray
        (3, H, W): a*, b* and mask.

    Returns
    -------
    ndarray of float32
        (H, W, 2); hinted pixels have the hints' colours, all are gray without any hint. Exact, by
        a sparse factorization: about 0.3 s at 192².
    """
    known = hints[2].ravel() > 0
    chroma = hints[:2].reshape(2, -1).T.astype(np.float64)
    if known.any() and not known.all():
        rows = sparse.csr_array(system)[~known]
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


def levin_system(lightness: NDArray[np.float32], variances: float) -> sparse.csr_array:
    """Build one minus the weighted mean of each pixel's up to eight neighbours.

    Parameters
    ----------
    lightness : ndarray
        (H, W), L* in [0, 100].
    variances : float
        Width of the weights (Levin 2004, eq. 2), in variances of the 3 × 3 window.

    Returns
    -------
    csr_array
        (H W, H W).
    """
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


def walker_system(data: NDArray[np.floating[Any]], beta: float) -> sparse.csr_array:
    """Build the Laplacian of Grady's random walker on the grid of pixels.

    Parameters
    ----------
    data : ndarray
        (H, W), in [0, 1].
    beta : float
        Weights are exp(-beta Δ² / 10 σ), σ the standard deviation of the data; as scikit-image.

    Returns
    -------
    csr_array
        (H W, H W).
    """
    number = np.arange(data.size).reshape(data.shape)
    values = data.astype(np.float64).ravel()
    ends = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
            np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
        ]
    )
    squared = (values[ends[:, 0]] - values[ends[:, 1]]) ** 2
    weight = np.exp(-beta / (10 * max(float(values.std()), 1e-12)) * squared) + 1e-10
    pairs = (np.concatenate([ends[:, 0], ends[:, 1]]), np.concatenate([ends[:, 1], ends[:, 0]]))
    near = sparse.csr_array((np.tile(weight, 2), pairs), shape=(data.size, data.size))
    return sparse.csr_array(sparse.diags_array(near.sum(axis=1)) - near)
