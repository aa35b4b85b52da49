"""Simple methods that a model has to beat, on the same pictures and hints.

A method takes the lightness (H, W), L* in [0, 100], and the hint map (3, H, W): a*, b* in CIELAB
units and the mask. It gives the chroma (H, W, 2): a* and b*, not yet gamut-mapped. Without any
hint all of these leave the picture gray.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import MCP_Geometric

from abdiffuser_training.evaluate.subjects.propagation import dirichlet, levin_system, walker_system
from napari_abdiffuser.errors import InvalidRequest

__all__ = [
    "BASELINES",
    "Method",
    "all_gray",
    "chosen_baselines",
    "levin",
    "levin_least_squares",
    "nearest_hint",
    "nearest_hint_geodesic",
    "random_walker",
]

Method = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]


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


def nearest_hint_geodesic(
    lightness: NDArray[np.float32], hints: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Every pixel takes the colour of the hint at the least geodesic distance.

    The cost of a step is ``0.002 + |∇L|²``, L in [0, 1] after a Gaussian of one pixel (as in Yatziv
    and Sapiro 2006, but with one colour a pixel).
    """
    mask = hints[2] > 0
    if not mask.any():
        return all_gray(lightness, hints)
    slope = ndimage.gaussian_gradient_magnitude(lightness.astype(np.float64) / 100, 1)
    colors = np.unique(hints[:2, mask], axis=1).T
    distances = np.empty((len(colors), *lightness.shape))
    for distance, (a, b) in zip(distances, colors, strict=True):
        starts = np.argwhere(mask & (hints[0] == a) & (hints[1] == b))
        distance[:] = MCP_Geometric(0.002 + slope**2).find_costs(starts)[0]
    nearest: NDArray[np.float32] = colors[distances.argmin(0)].astype(np.float32)
    return nearest


def levin(lightness: NDArray[np.float32], hints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colorization by optimization (Levin, Lischinski and Weiss 2004), as it is commonly solved.

    Every pixel without a hint has the weighted mean chroma of its 3 × 3 neighbours (their eq. 1
    with nothing left), weights falling off with the difference of lightness in units of 0.6
    variances of the window (eq. 2, but narrower); hints are hard constraints. L* stands in for
    the paper's Y. Colours are convex mixtures of the hints'.
    """
    return dirichlet(levin_system(lightness, variances=0.6), hints)


def levin_least_squares(
    lightness: NDArray[np.float32], hints: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Levin 2004 to the letter: the sum of squares of eq. 1 over all pixels, weights of eq. 2.

    An edge raises the variance of its own window, so that the weight across a straight one stays
    near 0.1; and hinted pixels have an equation too, which lets colours overshoot beyond a hint.
    It bleeds far more than `levin`.
    """
    residual = levin_system(lightness, variances=2.0)
    return dirichlet(residual.T @ residual, hints)


def random_walker(
    lightness: NDArray[np.float32], hints: NDArray[np.float32], beta: float = 130.0
) -> NDArray[np.float32]:
    """Random walker (Grady 2006): the hints' colours mixed by their probabilities.

    Each probability is harmonic on the graph of pixels, and so is their mixture: one solution for
    a* and b* replaces one for every colour. `beta` says how much an edge stops the walker; it and
    the weights are those of scikit-image's ``random_walker``, whose answer this is.
    """
    return dirichlet(walker_system(lightness / 100, beta), hints)


BASELINES: dict[str, Method] = {
    "all gray": all_gray,
    "nearest hint": nearest_hint,
    "nearest, geodesic": nearest_hint_geodesic,
    "Levin 2004": levin,
    "Levin 2004 least squares": levin_least_squares,
    "random walker": random_walker,
}
"""Every baseline by the name it has in reports."""


def chosen_baselines(names: Sequence[str]) -> dict[str, Method]:
    """Baselines by name, in the order asked for.

    Raises
    ------
    InvalidRequest
        Naming those that exist, if one does not.
    """
    if unknown := sorted(set(names) - set(BASELINES)):
        raise InvalidRequest(f"No baseline {unknown}; there are: {', '.join(BASELINES)}.")
    return {name: BASELINES[name] for name in names}
