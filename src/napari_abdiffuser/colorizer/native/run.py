"""One painting run: batches, progress, cancelling and provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.hints.tokens import CHROMA_SCALE
from napari_abdiffuser.colorizer.memory import halving
from napari_abdiffuser.colorizer.native.canvas import Canvas
from napari_abdiffuser.colorizer.native.result import ChromaSource, Result
from napari_abdiffuser.colorizer.requests import PaintRequest
from napari_abdiffuser.errors import Cancelled
from napari_abdiffuser.imaging.hints import Hints

__all__ = ["Run", "Sample", "mixed_seed"]


class Sample(Protocol):
    """Makes coarse maps of a batch of seeds."""

    def __call__(
        self,
        seeds: list[int],
        steps: int,
        *,
        progress: Callable[[int, int], None],
        cancel: Callable[[], bool] | None,
    ) -> Tensor:
        """Return (n, 2, h, w), ab / 110, one for each seed."""
        ...


class Run:
    """One request, from coarse maps to a `Result`.

    Parameters
    ----------
    picture : Canvas
        What is painted.
    cells : (int, int)
        (h, w) of the coarse maps.
    request : PaintRequest
        What was asked for.
    rows : slice, optional
        Only these rows change.
    """

    def __init__(
        self,
        picture: Canvas,
        cells: tuple[int, int],
        request: PaintRequest,
        rows: slice | None = None,
    ) -> None:
        self._picture = picture
        self._cells = cells
        self._request = request
        self._rows = slice(0, picture.shape[0]) if rows is None else rows
        self._done = 0
        # The denoising steps, once for every batch of outputs, and the blocks rendered.
        blocks = picture.painter.count_of(self._rows)
        self._total = blocks + (request.steps if request.n_outputs else 0)
        self._advance(0)

    def samples(self, sample: Sample) -> list[Tensor]:
        """Make maps of all variations, in batches that memory suffices for."""
        request = self._request
        count = request.n_outputs
        seeds = [mixed_seed(request.seed, i) for i in range(count)]
        steps_done = 0

        def step(first: int, size: int, done: int, total: int) -> None:
            # Batches share the steps between them, so the total stays what was announced.
            nonlocal steps_done
            position = (first * total + size * done) * request.steps // (total * count)
            # A batch that is tried again, halved, does not go back.
            self._advance(max(0, position - steps_done))
            steps_done = max(steps_done, position)

        out = []
        for first, batch, attempt in halving(seeds, self._batch_size()):
            with attempt:
                progress = partial(step, first, len(batch))
                out.append(sample(batch, request.steps, progress=progress, cancel=request.cancel))
        return out

    def result(
        self,
        best: Tensor,
        samples: list[Tensor],
        kept: tuple[NDArray[np.bool_], NDArray[np.uint8]] | None = None,
        hints: Hints | None = None,
        **provenance: Any,
    ) -> Result:
        """Render maps.

        Parameters
        ----------
        best : Tensor
            (1, 2, h, w), ab / 110.
        samples : list of Tensor
            (n, 2, h, w) each.
        kept : tuple of ndarrays, optional
            Where an earlier colouring stays to the byte, and that colouring.
        hints : Hints, optional
            Whose own pixels are put in, if not those of the request.
        **provenance
            More to tell.
        """
        request, picture = self._request, self._picture
        hints = request.hints if hints is None else hints
        maps = (torch.cat([best, *samples]) * CHROMA_SCALE).cpu().numpy()
        pictures = picture.painter.paint(maps, hints, lambda: self._advance(1), self._rows)
        if kept is not None:
            where, before = kept
            whole = np.repeat(before[None], len(maps), axis=0)
            inside = whole[:, self._rows]
            np.copyto(inside, pictures, where=~where[None, self._rows, :, None])
            pictures = whole
        source = ChromaSource(maps[1:].copy(), hints, picture.painter.surface, kept)
        return Result(
            best=pictures[0],
            rgb=pictures[1:],
            provenance={**self._provenance(), **provenance},
            _source=source if len(maps) > 1 else None,
        )

    def _batch_size(self) -> int:
        """Count outputs at a time: maps and the sweeps' copies stay within a few hundred MB."""
        h, w = self._cells
        return max(1, min(64, (1 << 24) // (h * w)))

    def _advance(self, by: int) -> None:
        if self._request.cancel is not None and self._request.cancel():
            raise Cancelled("The colouring was cancelled; nothing was produced.")
        self._done += by
        if self._request.progress is not None:
            self._request.progress(self._done, self._total)

    def _provenance(self) -> dict[str, Any]:
        request, picture = self._request, self._picture
        return {
            **picture.info.describe(),
            "seed": request.seed,
            "steps": request.steps,
            "n_outputs": request.n_outputs,
            "background": str(request.background),
            "hints": request.hints.to_dict(),
            "input": dict(picture.lightness.report),
        }


def mixed_seed(seed: int, index: int) -> int:
    """Make a seed of its own for every output of every run, the same on every machine."""
    digest = hashlib.sha256(f"{seed}/{index}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
