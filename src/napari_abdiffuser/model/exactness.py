"""Colours to spread so that hints come out as they were asked for.

Where hints are mixed, none has its own colour at its own place: it would show as a spot there, and
the object around it would be paler than asked. A kriging's predictions meet its data; with the
guide's claims in place of covariances, that is a system of equations for the colours to spread.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_abdiffuser.model.code import Attention, Code, claims_at

__all__ = ["exact_colours"]

# Of the ridge. At 0.1 hints are met a little better, and at 0.02 colours of hints that contradict
# each other in one object grow beyond what anyone asked for (docs/experiments.md).
_PENALTY = 0.3


def exact_colours(
    code: Code, attention: Attention, places: Tensor, colours: Tensor, auto: Tensor
) -> Tensor:
    """Change the colours of hints until what is spread of all tokens has them at their places.

    With claims w, gains g, unclaimed shares u and automatic colours a, the spread colour at hint i
    is ``g_i sum_j w_ij c_j / g_j + u_i a_i``. The least changes d of the hints' colours are sought
    with which it is their own: ``(W^T W + mu) d = W^T left``, W the hints' part of the sum.

    Parameters
    ----------
    code : Code
        One picture.
    attention : Attention
        Of T tokens.
    places : Tensor
        (1, N, 2) in cells, of the last N tokens: hints.
    colours : Tensor
        (1, T, C), ab / 110.
    auto : Tensor
        (1, C, h, w), ab / 110, of what nobody claims.

    Returns
    -------
    Tensor
        (1, T, C): the colours, the last N of them changed.
    """
    count = places.shape[1]
    if not count:
        return colours
    claims, free = claims_at(code, attention, places)
    claims = claims * code.at(code.gain, places)[0].T / attention.gains[0]
    others, hints = colours[0, :-count], colours[0, -count:]
    left = hints - claims @ colours[0] - free * code.at(auto, places)[0].T
    change = _least_change(claims[:, -count:], left)
    return torch.cat([others, hints + change])[None]


def _least_change(claims: Tensor, left: Tensor) -> Tensor:
    """Solve by ridge regression; not every device solves equations."""
    w, rest = claims.cpu().double(), left.cpu().double()
    square = w.T @ w + _PENALTY * torch.eye(len(w), dtype=w.dtype)
    change: Tensor = torch.linalg.solve(square, w.T @ rest)
    return change.to(left)
