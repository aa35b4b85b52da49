"""Geodesic nearness of hints: how much of edges lies on the way from a hint to every cell.

The distance between two cells is the least integral of a cost along any path between them, where
the cost is high at edges of the picture (Yatziv and Sapiro 2006, eq. 3). Nearness saturates: it is
nearly one up to the first edge around a hint, and zero beyond it. Pockets of ground that lie one
edge from an object and two from the ground's own hint are left to what features say.
"""

from __future__ import annotations

from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_gradient_magnitude
from torch import Tensor

__all__ = ["HintPaths", "edge_cost", "geodesic_distances", "nearness_of"]

FLAT_COST = 3e-4
"""Cost of a cell without any edge; lightness has a range of one."""
SMOOTHING = 0.7
"""Standard deviation of the gradient's Gaussian, cells."""
RANGE = 0.04
"""Distance over which the exponential falls to 1 / e; half of it is where nearness ends."""

_ROUNDS = 2  # a third changes nearness by less than 0.04 on pictures
_FAR = np.float32(1e9)
_DIAGONAL = np.float32(np.sqrt(2))


def edge_cost(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cost of a path at every cell.

    Parameters
    ----------
    lightness : ndarray of float32
        (h, w), as the guide sees it, in [-1, 1].

    Returns
    -------
    ndarray of float32
        (h, w), ``FLAT_COST`` plus what the squared gradient of the lightness in [0, 1] has above
        its median, which is noise.
    """
    gradient = gaussian_gradient_magnitude((lightness + 1) / 2, SMOOTHING, mode="nearest") ** 2
    return np.asarray(FLAT_COST + np.maximum(gradient - np.median(gradient), 0), np.float32)


def nearness_of(distances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn distances into nearness: max(0, 2 exp(-d / RANGE) - 1), in [0, 1]."""
    near = 2 * np.exp(distances / np.float32(-RANGE)) - 1
    return np.asarray(np.maximum(near, 0), np.float32)


def geodesic_distances(
    cost: NDArray[np.float32], cells: NDArray[np.intp], rounds: int = _ROUNDS
) -> NDArray[np.float32]:
    """Measure the shortest paths on the grid of eight neighbours, from several cells at once.

    Raster scans (Toivanen 1996): each row is updated from the one before it, then along itself by
    a running minimum, downwards and upwards. Paths that change their vertical direction more often
    than `rounds` allow come out too long.

    Parameters
    ----------
    cost : ndarray of float32
        (h, w), > 0. A step costs its length times the mean cost of both cells.
    cells : ndarray of int
        (N, 2), row and column.
    rounds : int
        Scans down and up.

    Returns
    -------
    ndarray of float32
        (N, h, w).
    """
    height, width = cost.shape
    # Row after row with all sources of a row together: one operation serves them all.
    found = np.full((height, len(cells), width), _FAR, np.float32)
    found[cells[:, 0], np.arange(len(cells)), cells[:, 1]] = 0
    along = np.concatenate(
        [np.zeros((height, 1)), np.cumsum((cost[:, 1:] + cost[:, :-1]) / 2, 1, np.float64)], 1
    ).astype(np.float32)
    down = (cost[1:] + cost[:-1]) / 2
    falling = (cost[1:, 1:] + cost[:-1, :-1]) / 2 * _DIAGONAL
    rising = (cost[1:, :-1] + cost[:-1, 1:]) / 2 * _DIAGONAL
    for _ in range(rounds):
        for y in range(height):
            if y:
                steps = down[y - 1], falling[y - 1], rising[y - 1]
                _from_neighbour(found[y], found[y - 1], *steps)
            _along(found[y], along[y])
        for y in reversed(range(height - 1)):
            _from_neighbour(found[y], found[y + 1], down[y], rising[y], falling[y])
            _along(found[y], along[y])
    return found.transpose(1, 0, 2)


def _from_neighbour(
    row: NDArray[np.float32],
    other: NDArray[np.float32],
    straight: NDArray[np.float32],
    from_left: NDArray[np.float32],
    from_right: NDArray[np.float32],
) -> None:
    """Shorten the paths to a row (N, w) by those through the row beside it."""
    np.minimum(row, other + straight, out=row)
    np.minimum(row[:, 1:], other[:, :-1] + from_left, out=row[:, 1:])
    np.minimum(row[:, :-1], other[:, 1:] + from_right, out=row[:, :-1])


def _along(row: NDArray[np.float32], along: NDArray[np.float32]) -> None:
    """Shorten the paths to a row (N, w) by those along it; `along` is the cost from its start."""
    left = np.minimum.accumulate(row - along, axis=1)
    right = np.minimum.accumulate((row + along)[:, ::-1], axis=1)[:, ::-1]
    np.minimum(row, np.minimum(left + along, right - along), out=row)


class HintPaths:
    """Nearness of hints on one picture's map; each place is computed once.

    Parameters
    ----------
    lightness : ndarray of float32
        (h, w), as the guide sees it, in [-1, 1].
    kept_bytes : int
        How much is kept for hints that come back; what one call asks for is always kept.
    """

    def __init__(self, lightness: NDArray[np.float32], kept_bytes: int = 128 << 20) -> None:
        self.cost = edge_cost(lightness)
        self._kept: dict[tuple[int, int], Tensor] = {}
        self._room = max(1, kept_bytes // (4 * lightness.size))
        self._lock = Lock()

    def nearness(self, positions: Tensor) -> Tensor:
        """Measure how near every cell is to every hint; see `nearness_of`.

        Parameters
        ----------
        positions : Tensor
            (N, 2), row and column in cells; taken at the nearest cell.

        Returns
        -------
        Tensor
            (N, h * w) float32 in [0, 1], on the device of the positions.
        """
        height, width = self.cost.shape
        last = np.array([height - 1, width - 1])
        places = np.clip(np.rint(positions.cpu().numpy()), 0, last).astype(np.intp)
        cells = [(int(row), int(column)) for row, column in places]
        with self._lock:
            known = {cell: self._kept[cell] for cell in cells if cell in self._kept}
        new = [cell for cell in dict.fromkeys(cells) if cell not in known]
        if new:
            away = geodesic_distances(self.cost, np.array(new, np.intp))
            near = torch.from_numpy(nearness_of(away).reshape(len(new), -1))
            known |= dict(zip(new, near.to(positions.device), strict=True))
        self._remember({cell: known[cell] for cell in cells})
        if not cells:
            return torch.zeros(0, height * width, device=positions.device)
        return torch.stack([known[cell] for cell in cells])

    def _remember(self, asked: dict[tuple[int, int], Tensor]) -> None:
        with self._lock:
            for cell, near in asked.items():  # the latest last
                self._kept.pop(cell, None)
                self._kept[cell] = near
            while len(self._kept) > max(self._room, len(asked)):
                del self._kept[next(iter(self._kept))]
