"""The z-buffer in which objects are laid one after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Patch:
    """One object's visible surface as a piece of height field.

    Attributes
    ----------
    row, col : int
        Canvas position of the piece's first pixel; may lie outside the canvas.
    height : NDArray[np.float32]
        (h, w) height above the object's own zero in pixels, ``-inf`` where it is not.
    slope_y, slope_x : NDArray[np.float32]
        (h, w) derivatives of the height; analytic, as differences fail at silhouettes.
    albedo : NDArray[np.float32] | float
        Secondary-electron yield at normal incidence, 1 is the average.
    """

    row: int
    col: int
    height: Floats
    slope_y: Floats
    slope_x: Floats
    albedo: Floats | float = 1.0


class Canvas:
    """Height, slopes, yield and labels of everything that was laid so far.

    Parameters
    ----------
    size : tuple[int, int]
        (H, W) in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.height: Floats = np.zeros(size, np.float32)
        self.slope_y: Floats = np.zeros(size, np.float32)
        self.slope_x: Floats = np.zeros(size, np.float32)
        self.albedo: Floats = np.ones(size, np.float32)
        self.instances: NDArray[np.int32] = np.zeros(size, np.int32)
        self.class_names: list[str] = ["ground"]
        self.class_of: list[int] = [0]

    def window(self, patch: Patch) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Slices of the canvas and of the patch where the two overlap."""
        h, w = patch.height.shape
        y0, x0 = max(patch.row, 0), max(patch.col, 0)
        y1, x1 = min(patch.row + h, self.size[0]), min(patch.col + w, self.size[1])
        y1, x1 = max(y1, y0), max(x1, x0)
        there = (slice(y0, y1), slice(x0, x1))
        here = (slice(y0 - patch.row, y1 - patch.row), slice(x0 - patch.col, x1 - patch.col))
        return there, here

    def support(self, patch: Patch, quantile: float = 0.5) -> float:
        """Height of what lies under the patch: a quantile over its footprint, in pixels."""
        there, here = self.window(patch)
        under = self.height[there][np.isfinite(patch.height[here])]
        return float(np.quantile(under, quantile)) if under.size else 0.0

    def lay(self, patch: Patch, kind: str, base: float | Floats = 0.0) -> int:
        """Lay an object; pixels where it is the highest become its own.

        Parameters
        ----------
        patch : Patch
            The object.
        kind : str
            Name of its class.
        base : float | NDArray[np.float32]
            Height of the object's zero, one number or (h, w).

        Returns
        -------
        int
            The instance number, also when nothing of it is visible.
        """
        there, here = self.window(patch)
        if kind not in self.class_names:
            self.class_names.append(kind)
        self.class_of.append(self.class_names.index(kind))
        number = len(self.class_of) - 1
        lift = base if isinstance(base, float) else np.asarray(base, np.float32)[here]
        height = patch.height[here] + lift
        seen = height > self.height[there]
        self.height[there][seen] = height[seen]
        self.slope_y[there][seen] = patch.slope_y[here][seen]
        self.slope_x[there][seen] = patch.slope_x[here][seen]
        albedo = np.broadcast_to(np.asarray(patch.albedo, np.float32), patch.height.shape)
        self.albedo[there][seen] = albedo[here][seen]
        self.instances[there][seen] = number
        return number

    def labels(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Instance map renumbered without gaps, and the class map."""
        classes = np.asarray(self.class_of, np.int32)[self.instances]
        present = np.bincount(self.instances.ravel(), minlength=len(self.class_of)) > 0
        present[0] = False
        number = np.where(present, np.cumsum(present), 0).astype(np.int32)
        return number[self.instances], classes
