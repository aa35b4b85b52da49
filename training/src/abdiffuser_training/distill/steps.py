"""Progressive distillation: which steps become one, and what that one step must say.

Salimans & Ho 2022, alg. 2: a student does in one step of DDIM what its teacher does in two, and is
the next student's teacher. Times need not be evenly spaced here: a student has every second time of
its teacher, counted from the clean end; where their number is odd, the noisiest step is left as it
is. So 1000 → 500 → 250 → 125 → 63 → 32 → 16 → 8 → 4 uses the thesis' own times and no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.diffusion.sampler import AlphaBar, Denoise

__all__ = ["grid_chain", "halved", "step_pairs", "two_steps"]


def halved(times: Sequence[float]) -> tuple[float, ...]:
    """Give every second of n + 1 falling times, the first and the last always: ceil(n / 2) steps.

    With an odd n the first step, from ``t = 1``, stays a single one: there the state is all but
    noise and a step changes least.
    """
    kept = tuple(times[::-1][::2][::-1])
    return kept if kept[0] == times[0] else (times[0], *kept)


def grid_chain(times: Sequence[float], steps: Sequence[int]) -> list[tuple[float, ...]]:
    """Give the times of each student in turn.

    Parameters
    ----------
    times : sequence of float
        The first teacher's, falling from 1 to 0.
    steps : sequence of int
        Numbers of steps of the students that are kept; those between are distilled too.

    Returns
    -------
    list of tuple of float
        One for each student, longest first, down to the last of `steps`.

    Raises
    ------
    InvalidRequest
        If halving does not lead to one of `steps`.
    """
    grids = []
    grid, wanted = tuple(times), sorted(set(steps), reverse=True)
    while wanted and len(grid) > 2:
        grid = halved(grid)
        grids.append(grid)
        if len(grid) - 1 == wanted[0]:
            wanted.pop(0)
    if wanted or not grids:
        counts = [len(g) - 1 for g in grids]
        raise InvalidRequest(
            f"Halving {len(times) - 1} steps gives {counts or 'nothing'}, but not "
            f"{wanted or 'no steps at all'}; choose among those."
        )
    return grids


def step_pairs(teacher: Sequence[float], student: Sequence[float]) -> Tensor:
    """Give the times that each step of a student begins at, passes and ends at.

    Parameters
    ----------
    teacher, student : sequence of float
        `student` is ``halved(teacher)``.

    Returns
    -------
    Tensor
        (n, 3) float64 for the n steps of the student. Where it does a single step of the teacher's
        the second time is the third.
    """
    place = {t: i for i, t in enumerate(teacher)}
    rows = [(a, teacher[place[a] + 1], b) for a, b in pairwise(student)]
    return torch.tensor(rows, dtype=torch.float64)


def two_steps(denoise: Denoise, z: Tensor, times: Tensor, schedule: AlphaBar) -> Tensor:
    r"""Clean data that leads in one step of DDIM to where two steps of the teacher's lead.

    With :math:`\lambda = \alpha / \sigma` a step of DDIM from t to s is
    :math:`z_s / \sigma_s = z_t / \sigma_t + (\lambda_s - \lambda_t)\,\hat x(z_t)`. Two of them are
    one with the mean of both predictions, weighted by their steps in λ. This is Salimans & Ho's
    target (alg. 2) without its quotient of small differences; it lies within the data's range
    whenever the teacher's predictions do.

    Parameters
    ----------
    denoise : callable
        The teacher, ``denoise(z, t) -> x0``.
    z : Tensor
        (B, ...) states at the first times.
    times : Tensor
        (B, 3) float64 from `step_pairs`.
    schedule : AlphaBar
        The teacher's.

    Returns
    -------
    Tensor
        (B, ...) the target x̃.
    """
    alpha_bar = schedule.alpha_bar(times).double()
    signal, noise = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    # Time 0 is clean data itself, as in the samplers, not alpha_bar's margin.
    steepness = torch.where(times > 0, signal / noise, torch.inf)
    single = times[:, 1] == times[:, 2]
    share = (steepness[:, 1] - steepness[:, 0]) / (steepness[:, 2] - steepness[:, 0])
    share = torch.where(single, 1.0, share)
    shape = (-1,) + (1,) * (z.ndim - 1)

    def wide(values: Tensor) -> Tensor:
        return values.to(z.dtype).reshape(shape)

    first = denoise(z, times[:, 0].float())
    turned = noise[:, 1] / noise[:, 0]
    middle = wide(signal[:, 1] - turned * signal[:, 0]) * first + wide(turned) * z
    second = denoise(middle, times[:, 1].float())
    weight = wide(share)
    return weight * first + (1 - weight) * second
