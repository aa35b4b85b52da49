"""From coarse colour maps to pictures at native resolution, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.tokens import CHROMA_SCALE
from napari_abdiffuser.imaging.colorspace import gamut_map, render, srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.model.upsample import Upsampler, UpsamplingGrid

__all__ = ["NativePainter"]

_BLOCK_PIXELS = 1 << 17
_KEPT_PIXELS = 3 << 20  # up to this size the upsampler's weights are kept for the next painting


@dataclass(frozen=True)
class _Block:
    rows: slice
    down: UpsamplingGrid
    across: UpsamplingGrid


class NativePainter:
    """Upsamples, puts the hints' own pixels in, and renders.

    Parameters
    ----------
    upsampler : Upsampler
        The learned weights.
    display, seen : ndarray
        (H, W) L* of the output, and as the network sees it.
    coarse : Tensor
        (1, h, w) `seen` averaged over the cells, in [-1, 1].
    device : torch.device
        Where to upsample.
    """

    def __init__(
        self,
        upsampler: Upsampler,
        display: NDArray[np.float32],
        seen: NDArray[np.float32],
        coarse: Tensor,
        device: torch.device,
    ) -> None:
        self._upsampler = upsampler
        self._display = display
        self._seen = seen
        self._coarse = coarse
        self._device = device
        self._kept: dict[int, Tensor] = {}
        self._lock = Lock()

    @property
    def count(self) -> int:
        """Number of blocks, which is what `paint` reports progress in."""
        return -(-int(self._display.shape[0]) // self._height())

    def paint(self, maps: Tensor, hints: Hints, done: Callable[[], None]) -> NDArray[np.uint8]:
        """Render colourings.

        Parameters
        ----------
        maps : Tensor
            (n, 2, h, w), ab / 110.
        hints : Hints
            Their own pixels get exactly their colours.
        done : callable
            Called after every block; may raise to stop.

        Returns
        -------
        ndarray
            (n, H, W, 3) uint8.
        """
        out = np.empty((len(maps), *self._display.shape, 3), np.uint8)
        for block, chroma in self._blocks(maps, hints):
            out[:, block.rows] = render(self._display[block.rows], chroma)[0]
            done()
        return out

    def chroma(self, maps: Tensor, hints: Hints) -> NDArray[np.float32]:
        """a*b* as displayed of the same colourings: (n, H, W, 2) float32."""
        out = np.empty((len(maps), *self._display.shape, 2), np.float32)
        for block, chroma in self._blocks(maps, hints):
            out[:, block.rows] = gamut_map(self._display[block.rows], chroma)
        return out

    def _height(self) -> int:
        return max(1, _BLOCK_PIXELS // int(self._display.shape[1]))

    def _blocks(self, maps: Tensor, hints: Hints) -> Iterator[tuple[_Block, NDArray[np.float32]]]:
        rows, columns = self._display.shape
        h, w = self._coarse.shape[1:]
        # Only the few rows of cells that a block touches are gathered from.
        flat = maps.flatten(0, 1)[None] * CHROMA_SCALE
        across = UpsamplingGrid.along(columns, w)
        for start in range(0, rows, self._height()):
            stop = min(rows, start + self._height())
            down = UpsamplingGrid.along(rows, h, start, stop)
            block = _Block(slice(start, stop), down, across)
            with torch.inference_mode():
                weights = self._weights(block)
                mixed = self._upsampler.apply_weights(weights, flat, down, across)
                mixed = mixed.unflatten(1, (-1, 2))[0].permute(0, 2, 3, 1)
                chroma = mixed.contiguous().cpu().numpy()
            self._put_hints(chroma, hints, block.rows)
            yield block, chroma

    def _weights(self, block: _Block) -> Tensor:
        with self._lock:
            kept = self._kept.get(block.rows.start)
        if kept is not None:
            return kept
        fine = torch.from_numpy(self._seen[block.rows] / np.float32(50) - 1)[None]
        weights = self._upsampler.weights(
            fine.to(self._device), self._coarse, block.down, block.across
        )
        if self._display.size <= _KEPT_PIXELS:
            with self._lock:
                self._kept[block.rows.start] = weights
        return weights

    def _put_hints(self, chroma: NDArray[np.float32], hints: Hints, rows: slice) -> None:
        for region in hints.regions:
            chroma[:, region.mask[rows]] = _ab(region.color)
        for point in hints.points:
            down, across = point.patch((self._display.shape[0], self._display.shape[1]))
            first, last = max(down.start, rows.start), min(down.stop, rows.stop)
            if first < last:
                chroma[:, first - rows.start : last - rows.start, across] = _ab(point.color)


def _ab(color: tuple[float, float, float]) -> NDArray[np.float32]:
    return np.asarray(srgb_to_lab(np.array(color, np.float32)), np.float32)[1:]
