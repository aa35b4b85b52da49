"""The z-buffer in which objects are laid one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
AnyFloats = NDArray[np.floating[Any]]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Surface:
    """The upper side of one object: a list of pixels with what the microscope needs of each.

    Attributes
    ----------
    rows, cols : NDArray[np.intp]
        (n,) canvas pixels that the object covers; may lie outside the canvas.
    height : NDArray[np.float32]
        (n,) height above the object's own zero in pixels.
    slope_y, slope_x : NDArray[np.float32]
        (n,) derivatives of the height; analytic, as differences fail at silhouettes.
    u, v : NDArray[np.float32]
        (n,) coordinates on the surface in pixels, along and across its axis: where textures stick.
    angle : float
        Direction of the axis in radians, from the columns towards the rows.
    albedo : NDArray[np.float32] | float
        Secondary-electron yield at normal incidence, 1 is the average.
    """

    rows: Ints
    cols: Ints
    height: Floats
    slope_y: Floats
    slope_x: Floats
    u: Floats
    v: Floats
    angle: float = 0.0
    albedo: Floats | float = 1.0


def surface_of(
    rows: Ints,
    cols: Ints,
    height: AnyFloats,
    slopes: tuple[AnyFloats, AnyFloats],
    u: AnyFloats,
    v: AnyFloats,
    angle: float = 0.0,
) -> Surface:
    """Make a surface out of arrays of any float type; slopes along rows come first."""
    sy, sx = (np.asarray(slope, np.float32) for slope in slopes)
    h, u32, v32 = (np.asarray(field, np.float32) for field in (height, u, v))
    return Surface(rows, cols, h, sy, sx, u32, v32, float(angle))


class Canvas:
    """Height, slopes, yield and labels of everything that was laid so far.

    Parameters
    ----------
    size : tuple[int, int]
        (H, W) in pixels.
    floor : float
        Height of the empty canvas.
    """

    def __init__(self, size: tuple[int, int], floor: float = 0.0) -> None:
        self.size = size
        self.height: Floats = np.full(size, floor, np.float32)
        self.slope_y: Floats = np.zeros(size, np.float32)
        self.slope_x: Floats = np.zeros(size, np.float32)
        self.albedo: Floats = np.ones(size, np.float32)
        self.instances: NDArray[np.int32] = np.zeros(size, np.int32)
        self.class_names: list[str] = ["ground"]
        self.class_of: list[int] = [0]

    def _inside(self, rows: Ints, cols: Ints) -> Ints:
        h, w = self.size
        if rows.size and rows.min() >= 0 <= cols.min() and rows.max() < h and cols.max() < w:
            return np.arange(rows.size)
        return np.flatnonzero((rows >= 0) & (rows < h) & (cols >= 0) & (cols < w))

    def support(self, surface: Surface, quantile: float = 0.5) -> float:
        """Height of what lies under a surface: a quantile over its footprint, in pixels."""
        keep = self._inside(surface.rows, surface.cols)[::7]
        under = self.height[surface.rows[keep], surface.cols[keep]]
        return float(np.partition(under, k)[k]) if (k := int(quantile * under.size)) else 0.0

    def register(self, kind: str, n: int = 1) -> int:
        """Reserve n instance numbers of a class and give the first one back."""
        if kind not in self.class_names:
            self.class_names.append(kind)
        self.class_of += [self.class_names.index(kind)] * n
        return len(self.class_of) - n

    def lay(self, surface: Surface, number: int, base: float | Floats = 0.0) -> None:
        """Lay a surface; pixels where it is the highest become its own.

        Parameters
        ----------
        surface : Surface
            The object or a part of it.
        number : int
            Its instance number, from `register`.
        base : float | NDArray[np.float32]
            Height of the object's zero in pixels, one number or (n,).
        """
        keep = self._inside(surface.rows, surface.cols)
        rows, cols = surface.rows[keep], surface.cols[keep]
        height = surface.height[keep] + (base if isinstance(base, float) else base[keep])
        seen = np.flatnonzero(height > self.height[rows, cols])
        rows, cols, keep = rows[seen], cols[seen], keep[seen]
        self.height[rows, cols] = height[seen]
        self.slope_y[rows, cols] = surface.slope_y[keep]
        self.slope_x[rows, cols] = surface.slope_x[keep]
        albedo = surface.albedo
        self.albedo[rows, cols] = albedo if isinstance(albedo, float) else albedo[keep]
        self.instances[rows, cols] = number

    def labels(self, step: int = 1) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Instance map renumbered without gaps and class map, of every step-th pixel."""
        instances = self.instances[::step, ::step]
        classes = np.asarray(self.class_of, np.int32)[instances]
        present = np.bincount(instances.ravel(), minlength=len(self.class_of)) > 0
        present[0] = False
        number = np.where(present, np.cumsum(present), 0).astype(np.int32)
        return number[instances], classes


def join(parts: list[tuple[Surface, float]]) -> Surface:
    """Join parts, each at its own height, to the one surface that is seen from above.

    Parameters
    ----------
    parts : list[tuple[Surface, float]]
        The parts and the heights of their zeros in pixels.

    Returns
    -------
    Surface
        Their upper envelope; texture coordinates are plain pixels.
    """
    y0 = min(int(part.rows.min(initial=1 << 30)) for part, _ in parts)
    x0 = min(int(part.cols.min(initial=1 << 30)) for part, _ in parts)
    y1 = max(int(part.rows.max(initial=y0)) for part, _ in parts)
    x1 = max(int(part.cols.max(initial=x0)) for part, _ in parts)
    sheet = Canvas((y1 - y0 + 1, x1 - x0 + 1), -np.inf)
    for part, lift in parts:
        sheet.lay(
            Surface(
                part.rows - y0,
                part.cols - x0,
                part.height,
                part.slope_y,
                part.slope_x,
                part.u,
                part.v,
                0.0,
                part.albedo,
            ),
            1,
            lift,
        )
    rows, cols = np.nonzero(sheet.instances)
    return Surface(
        rows + y0,
        cols + x0,
        sheet.height[rows, cols],
        sheet.slope_y[rows, cols],
        sheet.slope_x[rows, cols],
        cols.astype(np.float32),
        rows.astype(np.float32),
        0.0,
        sheet.albedo[rows, cols],
    )
