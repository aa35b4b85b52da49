"""How colours go with lightness all over a picture, told by its hints.

Whoever colours a micrograph tints shadows and highlights of all objects in one way, and no two do
it alike: lightness alone does not tell, but some hints do. So what the guide spreads are the hints'
colours less a trend, and the trend of every place is added again: regression kriging, with the
guide's claims as the kriging's weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.model.guide.features import Attention, GuideFeatures, claims_at

__all__ = ["covariates", "fit_trend"]

# Of the ridge, times the mean square of what hints cannot tell of each other: the variance of the
# data over that of slopes as pictures have them (docs/experiments.md).
_PENALTY = 10.0
_DOUBT = 2.0  # a trend must explain more than so many times what one explains by chance
_ROWS_AT_MOST = 256
_MIN = 1e-9


def covariates(code: GuideFeatures, lightness: Tensor) -> Tensor:
    """Give what colours may go with: (1, 3, h, w).

    Parameters
    ----------
    code : GuideFeatures
        One picture.
    lightness : Tensor
        (1, 1, h, w) in [-1, 1].

    Returns
    -------
    Tensor
        Lightness, its square, and the gain.
    """
    return torch.cat([lightness, lightness.square(), code.gain], 1)


def fit_trend(
    code: GuideFeatures,
    attention: Attention,
    positions: Tensor,
    sources: Sequence[int],
    values: Tensor,
    colors: Tensor,
) -> Tensor:
    """Fit the trend that explains best what hints cannot tell of each other.

    A hint at place i is predicted from all others: p_i = g_i sum_j w_ij c_j / g_j + u_i a_i, with
    the claims w and the unclaimed share u as they are there, less its own and made to sum to one
    again, gains g and the automatic colour a. Of what is left, c - p, ridge regression explains
    what it can by what is left of the covariates, spread likewise. The slopes are shrunk by what a
    fit to chance explains (James and Stein 1961), to nothing if that is as much: objects that have
    colours of their own have no trend.

    Parameters
    ----------
    code : GuideFeatures
        One picture.
    attention : Attention
        From `Guide.attend` or `attend_one`, of these N tokens.
    positions : Tensor
        (1, N, 2) in cells.
    sources : sequence of int
        Of the N tokens, the number of each one's hint: tokens of one hint do not tell of each
        other.
    values : Tensor
        (1, N, K), the mean of each covariate under each token's hint.
    colors : Tensor
        (1, N, 2), ab / 110.

    Returns
    -------
    Tensor
        (K, 2), slopes; zero of so few hints that these cannot tell a trend from chance. Of more
        than 256 hints an even choice is asked; all answer.
    """
    numbers = np.asarray(sources, np.int64)
    chosen = _one_each(numbers)
    own = torch.from_numpy(numbers[chosen, None] == numbers).to(positions.device)
    rows = torch.from_numpy(chosen).to(positions.device)
    places, gains = positions[:, rows], attention.gains[0]
    weights, free = claims_at(code, attention, places)
    weights = weights.masked_fill(own, 0.0)
    total = (weights.sum(1, keepdim=True) + free).clamp(min=_MIN)
    weights = weights / total
    free = 1 - weights.sum(1, keepdim=True)  # all, where a hint's own claim leaves nothing
    weights = weights * gains[rows, None] / gains
    auto = code.at(code.auto, places)[0].T
    left = colors[0, rows] - weights @ colors[0] - free * auto
    # Spread as colours are; what nobody claims has no trend.
    return _slopes(values[0, rows] * (1 - free) - weights @ values[0], left)


def _one_each(sources: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose the first token of each hint; of many hints, evenly."""
    rows = np.sort(np.unique(sources, return_index=True)[1])
    chosen = np.linspace(0, max(len(rows) - 1, 0), min(len(rows), _ROWS_AT_MOST))
    return rows[chosen.round().astype(np.int64)]


def _slopes(x: Tensor, left: Tensor) -> Tensor:
    """Shrunken ridge regression of (M, 2) on (M, K): (K, 2)."""
    device, (count, known) = left.device, x.shape
    if count <= known + 1:
        return left.new_zeros(known, 2)
    x, left = x.cpu().double(), left.cpu().double()  # not every device solves equations
    whole = left.square().sum()
    penalty = _PENALTY * whole / count + _MIN
    square = x.T @ x + penalty * torch.eye(known, dtype=x.dtype)
    slopes = torch.linalg.solve(square, x.T @ left)
    unexplained = (left - x @ slopes).square().sum()
    by_chance = known * unexplained / (count - known)
    explained = (whole - unexplained).clamp(min=_MIN**2)
    shrunk: Tensor = slopes * (1 - _DOUBT * by_chance / explained).clamp(min=0)
    return shrunk.float().to(device)
