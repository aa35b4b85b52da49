"""Pictures filled by cells: grains of a solid, pores of a foam, scales of a skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from abdiffuser_training.synth.drawing.canvas import Canvas, Floats


@dataclass(frozen=True)
class Cells:
    """A Voronoi division of a canvas.

    Attributes
    ----------
    owner : NDArray[np.int32]
        (H, W) number of the cell, 0 … n - 1.
    gap : NDArray[np.float32]
        (H, W) about the distance to the cell's border in pixels.
    n : int
        Number of cells.
    """

    owner: NDArray[np.int32]
    gap: Floats
    n: int


def voronoi(points: Floats, size: tuple[int, int], warp: tuple[Floats, Floats]) -> Cells:
    """Divide a canvas among points.

    Parameters
    ----------
    points : NDArray[np.float32]
        (n, 2) rows and columns of the cells' seeds.
    size : tuple[int, int]
        (H, W) of the canvas.
    warp : tuple[NDArray[np.float32], NDArray[np.float32]]
        (H, W) shifts of the pixels in pixels: they make borders crooked.

    Returns
    -------
    Cells
        The division.
    """
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    where = np.stack([(y + warp[0]).ravel(), (x + warp[1]).ravel()], 1)
    distance, owner = cKDTree(points).query(where, k=2)
    a, b = owner[:, 0], owner[:, 1]
    apart = np.linalg.norm(points[a] - points[b], axis=1) + 1e-6
    gap = (distance[:, 1] ** 2 - distance[:, 0] ** 2) / (2 * apart)
    return Cells(
        a.reshape(size).astype(np.int32), gap.reshape(size).astype(np.float32), len(points)
    )


def lay_cells(
    canvas: Canvas,
    cells: Cells,
    kind: str,
    wall: float,
    relief: tuple[float, float],
    tilts: Floats,
    tones: Floats,
    wall_tone: float,
) -> None:
    """Turn cells into relief on a canvas that has nothing else yet.

    Parameters
    ----------
    canvas : Canvas
        Receives height, slopes, yield and one instance a cell.
    cells : Cells
        The division.
    kind : str
        Class of the cells; the walls stay ground.
    wall : float
        Half width of the walls in pixels.
    relief : tuple[float, float]
        Height of the cells over their walls (negative: pores) and the distance, in pixels, over
        which it is reached.
    tilts : NDArray[np.float32]
        (n, 2) slopes of the cells along rows and columns.
    tones : NDArray[np.float32]
        (n,) yields of the cells.
    wall_tone : float
        Yield of the walls.
    """
    height, soft = relief
    crest = np.sqrt(np.maximum(1 - (cells.gap / np.float32(max(wall, 1e-3))) ** 2, 0))
    inward = np.maximum(cells.gap - np.float32(wall), 0)
    fall = np.exp(-inward / np.float32(soft))
    inside = cells.gap > wall
    gy, gx = np.gradient(cells.gap)
    # Walls are round on top: their slope grows from the middle line to the edge of the cells.
    round_ = -cells.gap / np.float32(max(wall, 1e-3)) / np.maximum(crest, 0.15)
    steep = np.where(inside, np.float32(height / soft) * fall, round_)
    canvas.height += np.float32(height) * (1 - fall) + np.float32(wall) * crest
    canvas.slope_y += steep * gy + np.where(inside, tilts[cells.owner, 0], 0)
    canvas.slope_x += steep * gx + np.where(inside, tilts[cells.owner, 1], 0)
    canvas.albedo *= np.where(inside, tones[cells.owner], np.float32(wall_tone))
    first = canvas.register(kind, cells.n)
    canvas.instances = np.where(inside, first + cells.owner, canvas.instances).astype(np.int32)
