"""Native lightness and upsampler, which bring coarse maps to native resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.model.upsample import AROUND, Upsampler, UpsamplingGrid, compact_weights

__all__ = ["Surface", "mixed", "resampled"]


@dataclass(frozen=True)
class Surface:
    """Native lightness, and the upsampler that looks at it; small, shared and picklable.

    Attributes
    ----------
    upsampler : Upsampler
        The learned weights; a few thousand numbers.
    display, seen : ndarray of float32, shape (H, W)
        L* of the output, and as the network sees it.
    coarse : Tensor
        (h, w) `seen` averaged over the cells, in [-1, 1].
    excluded : ndarray of bool, shape (H, W), or None
        Pixels that stay gray whatever is painted.
    """

    upsampler: Upsampler
    display: NDArray[np.float32]
    seen: NDArray[np.float32]
    coarse: Tensor
    excluded: NDArray[np.bool_] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return int(self.display.shape[0]), int(self.display.shape[1])

    @property
    def cells(self) -> tuple[int, int]:
        """(h, w) of coarse maps."""
        return int(self.coarse.shape[0]), int(self.coarse.shape[1])

    def down(self, rows: slice) -> UpsamplingGrid:
        """Locate where some rows of pixels lie over the cells."""
        return UpsamplingGrid.along(self.shape[0], self.cells[0], rows.start, rows.stop)

    def across(self) -> UpsamplingGrid:
        """Locate where the columns lie over the cells."""
        return UpsamplingGrid.along(self.shape[1], self.cells[1])

    def weights(self, rows: slice) -> NDArray[np.uint8]:
        """Return weights of the cells around every pixel of some rows: `compact_weights`."""
        device = self.coarse.device
        fine = torch.from_numpy(self.seen[rows] / np.float32(50) - 1).to(device)
        with torch.inference_mode():
            made = compact_weights(
                self.upsampler, fine, self.coarse, self.down(rows), self.across()
            )
        return made.cpu().numpy()

    def shrunk(self, most: int) -> Surface:
        """Average to a longer side of `most`."""
        height, width = self.shape
        factor = most / max(height, width)
        shape = (max(1, round(height * factor)), max(1, round(width * factor)))
        excluded = None
        if self.excluded is not None:
            excluded = _averaged(self.excluded.astype(np.float32), shape) >= 0.5
        return Surface(
            self.upsampler,
            _averaged(self.display, shape),
            _averaged(self.seen, shape),
            self.coarse,
            excluded,
        )


def _averaged(values: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    tensor = torch.from_numpy(np.ascontiguousarray(values))[None, None]
    made: NDArray[np.float32] = F.adaptive_avg_pool2d(tensor, shape)[0, 0].numpy()
    return made


def resampled(values: NDArray[np.float32], shape: tuple[int, int]) -> Tensor:
    """Resample (H, W) L* to (1, 1, h, w) in [-1, 1]: area averages, or bicubic if enlarged."""
    if shape[0] <= values.shape[0] and shape[1] <= values.shape[1]:
        return torch.from_numpy(_averaged(values, shape))[None, None] / 50 - 1
    tensor = torch.from_numpy(np.ascontiguousarray(values))[None, None] / 50 - 1
    made: Tensor = F.interpolate(tensor, shape, mode="bicubic", antialias=True)
    return made.clamp(-1, 1)


def mixed(
    weights: NDArray[np.uint8],
    maps: NDArray[np.float32],
    down: UpsamplingGrid,
    across: UpsamplingGrid,
) -> NDArray[np.float32]:
    """Bring coarse maps to a block of pixels.

    Parameters
    ----------
    weights : ndarray, shape (8, m, n)
        From `Surface.weights`.
    maps : ndarray, shape (C, h, w)
        Any channels.
    down, across : UpsamplingGrid
        Where the m rows and n columns lie.

    Returns
    -------
    ndarray of float32, shape (C, m, n)
        Convex mixes of the nine cells around every pixel.
    """
    rows = down.index.numpy()
    first, last = int(rows.min()), int(rows.max()) + 1
    near = maps[:, first:last]
    columns = [np.take(near, index, axis=2) for index in across.index.numpy()]
    middle = np.arange(int(rows[1].min()), int(rows[1].max()) + 1)
    here = columns[1][:, middle - first]
    pixels = rows[1] - middle[0]
    out: NDArray[np.float32] = np.take(here, pixels, axis=1)
    spread = np.empty_like(out)
    weight = np.empty(out.shape[1:], np.float32)
    # Differences to the cell itself, made once for all pixels of a cell's row: a constant colour
    # then stays as it is, to the last digit.
    for plane, (dy, dx) in zip(weights, AROUND, strict=True):
        beside = (middle + dy).clip(0, maps.shape[1] - 1) - first
        difference = (columns[1 + dx][:, beside] - here) * np.float32(1 / 255)
        np.take(difference, pixels, axis=1, out=spread, mode="clip")
        np.copyto(weight, plane)
        spread *= weight
        out += spread
    return out
