"""How colours go with lightness all over a picture, told by its hints.

Whoever colours a micrograph tints shadows and highlights of all objects in one way, and no two do
it alike: lightness alone does not tell, but some hints do. So what the guide spreads are the hints'
colours less a trend, and the trend of every place is added again: regression kriging, with the
guide's claims as the kriging's weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_abdiffuser.model.code import Attention, Code, claims_at

__all__ = ["Trend", "covariates", "fit_trend"]

# Of the ridge, for a single hint: fewer hints lie further apart and predict each other worse, so
# what is left of them says less about a trend (docs/experiments.md).
_PENALTY = 20.0
_ROWS_AT_MOST = 256
_LEAST = 1e-9


@dataclass(frozen=True)
class Trend:
    """A regression through hints of certain places, linear in their colours.

    Attributes
    ----------
    operator : Tensor
        (K, M): slopes for what is left of M hints.
    rows : Tensor
        (M,) which of the N hints these are.
    claims : Tensor
        (M, N) what the others contribute to each one's colour.
    rest : Tensor
        (M, 2), ab / 110: what the automatic colour contributes.
    """

    operator: Tensor
    rows: Tensor
    claims: Tensor
    rest: Tensor

    def slopes(self, colours: Tensor) -> Tensor:
        """Slopes (K, 2) for the hints' colours (1, N, 2), ab / 110."""
        left = colours[0, self.rows] - self.claims @ colours[0] - self.rest
        return self.operator @ left


def covariates(code: Code, lightness: Tensor) -> Tensor:
    """Give what colours may go with: (1, 3, h, w).

    Parameters
    ----------
    code : Code
        One picture.
    lightness : Tensor
        (1, 1, h, w) in [-1, 1].

    Returns
    -------
    Tensor
        Lightness, its square, and the gain.
    """
    return torch.cat([lightness, lightness.square(), code.gain], 1)


def fit_trend(code: Code, attention: Attention, positions: Tensor, values: Tensor) -> Trend:
    """Fit the trend that explains best what hints cannot tell of each other.

    Hint i is predicted from all others: p_i = g_i sum_j w_ij c_j / g_j + u_i a_i, with the claims w
    and the unclaimed share u at its place as they are without its own, gains g and the automatic
    colour a. Of what is left, c - p, ridge regression explains what it can by what is left of the
    covariates, spread likewise.

    Parameters
    ----------
    code : Code
        One picture.
    attention : Attention
        From `Guide.attend` or `attend_one`, of these hints.
    positions : Tensor
        (1, N, 2) in cells.
    values : Tensor
        (1, N, K), the mean of each covariate under each hint.

    Returns
    -------
    Trend
        Zero for a single hint. Of more than 256 hints an even choice is asked; all answer.
    """
    count = positions.shape[1]
    rows = torch.linspace(0, max(count - 1, 0), min(count, _ROWS_AT_MOST), device=positions.device)
    rows = rows.round().long()
    places = positions[:, rows]
    claims, free = claims_at(code, attention, places)
    claims = claims.clone()
    claims[torch.arange(len(rows), device=rows.device), rows] = 0
    total = (claims.sum(1, keepdim=True) + free).clamp(min=_LEAST)
    claims = claims / total
    free = 1 - claims.sum(1, keepdim=True)  # all, where a hint's own claim leaves nothing
    gains = attention.gains[0]
    claims = claims * gains[rows, None] / gains
    # Spread as colours are; what nobody claims has no trend.
    left = values[0, rows] * (1 - free) - claims @ values[0]
    return Trend(
        operator=_ridge(left, _PENALTY / max(count, 1)),
        rows=rows,
        claims=claims,
        rest=free * code.at(code.auto, places)[0].T,
    )


def _ridge(left: Tensor, penalty: float) -> Tensor:
    """(X^T X + penalty)^-1 X^T of X (M, K): (K, M)."""
    x = left.cpu().double()  # few numbers, and not every device solves equations
    square = x.T @ x + penalty * torch.eye(x.shape[1], dtype=x.dtype)
    operator: Tensor = torch.linalg.solve(square, x.T)
    return operator.float().to(left.device)
