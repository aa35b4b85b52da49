"""Rendering of coarse maps at native resolution, block by block and in parallel."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray

from napari_abdiffuser.colorizer.native.surface import Surface, mixed
from napari_abdiffuser.imaging.colorspace import srgb_to_lab
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.planes import map_block, render_block
from napari_abdiffuser.model.upsample import UpsamplingGrid

__all__ = ["KEPT_PIXELS", "NativePainter", "OwnPixels"]


_BLOCK_PIXELS = 1 << 16  # larger ones leave the cache, of smaller ones borders cost too much
KEPT_PIXELS = 16 << 20
"""Up to this size the upsampler's weights are kept for the next painting: 8 bytes a pixel."""

_Work = Callable[["_Block"], None]


class OwnPixels:
    """What of a picture is not left to the model.

    Parameters
    ----------
    hints : Hints
        Drawn on a picture of the surface's shape; later ones lie over earlier ones, points over
        regions.
    surface : Surface
        The picture; its excluded pixels are gray, over all hints.
    """

    def __init__(self, hints: Hints, surface: Surface) -> None:
        self._excluded = surface.excluded
        colors = [region.color for region in hints.regions]
        colors += [point.color for point in hints.points]
        lab = srgb_to_lab(np.array(colors, np.float32).reshape(-1, 3))
        paints = np.asarray(lab, np.float32)[:, 1:]
        masks = [region.mask for region in hints.regions]
        self._regions = list(zip(masks, paints, strict=False))
        self._patches = [
            (*point.patch(surface.shape), ab)
            for point, ab in zip(hints.points, paints[len(masks) :], strict=True)
        ]

    def put(
        self, chroma: NDArray[np.float32], rows: slice
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Put them into a block (2, m, W) of some rows, in place; give its planes back."""
        for mask, ab in self._regions:
            part = mask[rows]
            if part.any():
                chroma[:, part] = ab[:, None]
        for down, across, ab in self._patches:
            if down.start < rows.stop and down.stop > rows.start:
                first = max(down.start, rows.start) - rows.start
                last = min(down.stop, rows.stop) - rows.start
                chroma[:, first:last, across] = ab[:, None, None]
        if self._excluded is not None:
            chroma[:, self._excluded[rows]] = 0
        return chroma[0], chroma[1]


@dataclass(frozen=True)
class _Block:
    rows: slice
    weights: NDArray[np.uint8]
    down: UpsamplingGrid
    across: UpsamplingGrid

    def mixed(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        return mixed(self.weights, maps, self.down, self.across)


class NativePainter:
    """Upsamples, puts the hints' own pixels in, and renders; safe to share among threads.

    Parameters
    ----------
    surface : Surface
        The picture.
    """

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._grids: dict[int, UpsamplingGrid] = {}
        self._smaller: dict[int, NativePainter] = {}
        self._lock = Lock()

    @property
    def count(self) -> int:
        """Number of blocks, which is what `paint` reports progress in."""
        return self.count_of(slice(0, self.surface.shape[0]))

    def count_of(self, rows: slice) -> int:
        """Count the blocks that some rows lie in."""
        return len(self._spans(rows))

    @property
    def kept_bytes(self) -> int:
        """Memory of the weights that are kept."""
        with self._lock:
            return sum(plane.nbytes for plane in self._kept.values())

    def prepare(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Compute the weights that are kept, so that the first painting is as fast as the next."""
        if self._keeps():
            for rows in self._spans(slice(0, self.surface.shape[0])):
                if cancelled():
                    return
                self._weights(rows)

    def smaller(self, most: int) -> NativePainter:
        """Return the painter of the picture averaged to this longer side, or itself if smaller."""
        if max(self.surface.shape) <= most:
            return self
        with self._lock:
            found = self._smaller.get(most)
        if found is None:
            found = NativePainter(self.surface.shrunk(most))
            with self._lock:
                self._smaller = {most: found}  # one at a time: a preview has one size
        return found

    def paint(
        self,
        maps: NDArray[np.float32],
        hints: Hints,
        done: Callable[[], None] = lambda: None,
        rows: slice | None = None,
    ) -> NDArray[np.uint8]:
        """Render colourings.

        Parameters
        ----------
        maps : ndarray
            (n, 2, h, w), a* and b*.
        hints : Hints
            Their own pixels get exactly their colours.
        done : callable
            Called after every block; may raise to stop.
        rows : slice, optional
            Only these rows of the picture.

        Returns
        -------
        ndarray
            (n, H, W, 3) uint8; as many rows as were asked for.
        """
        rows = slice(0, self.surface.shape[0]) if rows is None else rows
        own = OwnPixels(hints, self.surface)
        out = np.empty((len(maps), rows.stop - rows.start, self.surface.shape[1], 3), np.uint8)

        def work(block: _Block) -> None:
            light = self.surface.display[block.rows]
            target = slice(block.rows.start - rows.start, block.rows.stop - rows.start)
            for one, picture in zip(maps, out, strict=True):
                a, b = own.put(block.mixed(one), block.rows)
                render_block(light, a, b, picture[target])

        self._run(work, rows, done)
        return out

    def chroma(self, maps: NDArray[np.float32], hints: Hints) -> NDArray[np.float32]:
        """Return a*b* as displayed of the same colourings: (n, H, W, 2) float32."""
        own = OwnPixels(hints, self.surface)
        out = np.empty((len(maps), *self.surface.shape, 2), np.float32)

        def work(block: _Block) -> None:
            light = self.surface.display[block.rows]
            for one, chroma in zip(maps, out, strict=True):
                mapped = map_block(light, *own.put(block.mixed(one), block.rows))
                chroma[block.rows, :, 0], chroma[block.rows, :, 1] = mapped

        self._run(work, slice(0, self.surface.shape[0]), lambda: None)
        return out

    def planes(
        self, maps: NDArray[np.float32], use: Callable[[slice, NDArray[np.float32]], None]
    ) -> None:
        """Bring maps of any channels (C, h, w) to native resolution.

        ``use(rows, block)`` is called for every block, (C, m, W), from several threads.
        """
        self._run(
            lambda block: use(block.rows, block.mixed(maps)),
            slice(0, self.surface.shape[0]),
            lambda: None,
        )

    def _keeps(self) -> bool:
        return self.surface.display.size <= KEPT_PIXELS

    def _spans(self, rows: slice) -> list[slice]:
        """Return blocks that have some of these rows; the same blocks whatever is asked for."""
        height, width = self.surface.shape
        step = max(1, _BLOCK_PIXELS // width)
        first = rows.start // step * step
        return [slice(at, min(height, at + step)) for at in range(first, rows.stop, step)]

    def _weights(self, rows: slice) -> NDArray[np.uint8]:
        with self._lock:
            kept = self._kept.get(rows.start)
        if kept is None:
            kept = self.surface.weights(rows)
            if self._keeps():
                with self._lock:
                    self._kept[rows.start] = kept
        return kept

    @cached_property
    def _across(self) -> UpsamplingGrid:
        return self.surface.across()

    def _down(self, rows: slice) -> UpsamplingGrid:
        """Locate where the rows of a block lie, which is always the same."""
        with self._lock:
            kept = self._grids.get(rows.start)
        if kept is None:
            kept = self.surface.down(rows)
            if self._keeps():
                with self._lock:
                    self._grids[rows.start] = kept
        return kept

    def _block(self, rows: slice, within: slice) -> _Block:
        weights = self._weights(rows)
        part = slice(max(rows.start, within.start), min(rows.stop, within.stop))
        if part == rows:
            return _Block(rows, weights, self._down(rows), self._across)
        weights = weights[:, part.start - rows.start : part.stop - rows.start]
        return _Block(part, weights, self.surface.down(part), self._across)

    def _run(self, work: _Work, rows: slice, done: Callable[[], None]) -> None:
        """Call `work` on every block; numpy lets go of the interpreter lock within one."""
        spans = self._spans(rows)
        workers = min(4, torch.get_num_threads(), len(spans))
        if workers < 2:
            for span in spans:
                work(self._block(span, rows))
                done()
            return
        pool = _pool(workers, os.getpid())
        waiting: deque[Future[None]] = deque()
        try:
            for span in spans:
                waiting.append(pool.submit(work, self._block(span, rows)))
                if len(waiting) > 2 * workers:  # weights that are not kept are not hoarded
                    _next(waiting)
                    done()
            while waiting:
                _next(waiting)
                done()
        finally:  # Ctrl-C too: nobody waits for what is not begun, and what is begun ends
            for future in waiting:
                future.cancel()
            wait(waiting)


def _next(waiting: deque[Future[None]]) -> None:
    waiting[0].result()
    waiting.popleft()


@lru_cache(maxsize=8)
def _pool(workers: int, process: int) -> ThreadPoolExecutor:
    """Return threads that are kept: starting new ones takes as long as rendering some blocks.

    A process that was forked has none of its parent's, so each has a pool of its own.
    """
    return ThreadPoolExecutor(workers, thread_name_prefix="abdiffuser-render")
