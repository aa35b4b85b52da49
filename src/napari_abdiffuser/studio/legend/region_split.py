"""Regions of a segmentation as classes of a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_CLASSES", "RegionPart", "RegionSplit", "merged", "split"]

MOST_CLASSES = 24
"""Classes that a legend can show; more labels than these are a segmentation's, not a legend's."""

# Few enough to be told apart, and more than maps need for their countries.
_SHARED_COLORS = (2, 8)


@dataclass(frozen=True, eq=False)
class RegionPart:
    """What becomes one region.

    Attributes
    ----------
    name : str
        Of its class.
    mask : ndarray of bool, shape (H, W), read-only
    """

    name: str
    mask: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RegionSplit:
    """All regions of a picture.

    Attributes
    ----------
    parts : tuple of RegionPart
    count : int
        How many labels there were.
    shared : bool
        Whether labels share classes, being too many for one each.
    """

    parts: tuple[RegionPart, ...]
    count: int
    shared: bool


def merged(labels: NDArray[Any], name: str) -> RegionSplit:
    """Make one region of all labels of a picture (H, W); 0 is none."""
    return RegionSplit((RegionPart(name, _frozen(labels != 0)),), 1, False)


def split(labels: NDArray[Any], name: str, n_colors: int) -> RegionSplit:
    """Make a class of every label, or let labels share classes where they are too many.

    Parameters
    ----------
    labels : ndarray of int, shape (H, W)
        0 is none.
    name : str
        Classes are called after it: 'cells 17', or 'cells 1' to 'cells 7' where they are shared.
    n_colors : int
        Classes to share, at least two and at most eight. Labels that touch do not share one where
        that is possible.

    Returns
    -------
    RegionSplit
    """
    values, numbers = np.unique(labels, return_inverse=True)
    numbers = numbers.reshape(labels.shape).astype(np.intp)
    if values.size and values[0] == 0:
        values = values[1:]
    elif values.size:
        numbers += 1  # 0 stays for what is no region
    count = len(values)
    if count <= MOST_CLASSES:
        names = [f"{name} {int(value)}" for value in values]
        table = np.arange(count + 1)
    else:
        n_colors = min(max(n_colors, _SHARED_COLORS[0]), _SHARED_COLORS[1])
        names = [f"{name} {number + 1}" for number in range(n_colors)]
        table = np.concatenate([[0], 1 + _shared(numbers, count, n_colors)])
    owner = table[numbers]
    parts = [RegionPart(n, _frozen(owner == i)) for i, n in enumerate(names, 1)]
    return RegionSplit(tuple(p for p in parts if p.mask.any()), count, count > MOST_CLASSES)


def _shared(numbers: NDArray[np.intp], count: int, n_colors: int) -> NDArray[np.intp]:
    """Give every region 1 … count a colour 0 … n_colors - 1, in turn, another than its neighbours.

    Greedy colouring: regions that touch are seldom more than palettes have colours.
    """
    beside: list[set[int]] = [set() for _ in range(count + 1)]
    for one, other in (
        (numbers[:, :-1], numbers[:, 1:]),
        (numbers[:-1], numbers[1:]),
        (numbers[:-1, :-1], numbers[1:, 1:]),
        (numbers[:-1, 1:], numbers[1:, :-1]),
    ):
        touching = (one != other) & (one > 0) & (other > 0)
        pairs = np.unique(one[touching] * (count + 1) + other[touching])
        for first, second in zip(*np.divmod(pairs, count + 1), strict=True):
            beside[first].add(int(second))
            beside[second].add(int(first))
    colors = np.full(count + 1, -1, np.intp)
    for region in range(1, count + 1):
        taken = {int(colors[other]) for other in beside[region]}
        turn = _turn(region - 1, n_colors)
        colors[region] = next((c for c in turn if c not in taken), turn[0])
    return colors[1:]


def _turn(start: int, n: int) -> Sequence[int]:
    return [(start + step) % n for step in range(n)]


def _frozen(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    mask.setflags(write=False)  # a region hint then shares it instead of copying it
    return mask
