"""A picture that was encoded once, to be painted any number of times."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.memory import halving, is_out_of_memory
from napari_abdiffuser.colorizer.native import NativePainter
from napari_abdiffuser.colorizer.painting import Encoded, most_probable, sample_maps
from napari_abdiffuser.colorizer.requests import Request
from napari_abdiffuser.colorizer.result import Result
from napari_abdiffuser.colorizer.tokens import HintTokens, hint_tokens
from napari_abdiffuser.errors import Cancelled, OutOfMemory
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.lightness import Lightness

if TYPE_CHECKING:
    from napari_abdiffuser.colorizer.colorizer import Colorizer

__all__ = ["OpenPicture"]


@dataclass(frozen=True)
class OpenPicture:
    """A picture as a colorizer sees it; made by `Colorizer.open`. Safe to share among threads.

    Attributes
    ----------
    colorizer : Colorizer
        The model.
    lightness : Lightness
        Of the picture.
    """

    colorizer: Colorizer
    lightness: Lightness
    _encoded: Encoded
    _painter: NativePainter

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        height, width = self.lightness.display.shape
        return height, width

    def paint(
        self,
        hints: Hints | None = None,
        n_outputs: int = 1,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Result:
        """Colorize the picture; see `Colorizer.__call__`, whose parameters these are."""
        steps = self.colorizer.default_steps if steps is None else steps
        request = Request(hints, n_outputs, steps, seed, background, progress, cancel, self.shape)
        try:
            with torch.inference_mode():
                return _Run(self, request).result()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory(
                f"Memory does not suffice for {request.n_outputs} outputs of this picture: ask "
                "for fewer, close other programs, or choose device='cpu'."
            ) from error

    def tokens(self, hints: Hints) -> HintTokens:
        """Hints for the guide, on its device."""
        made = hint_tokens(hints, self.lightness.display, self._encoded.code.shape)
        device = self.colorizer.placement.device
        return HintTokens(
            made.positions.to(device), made.colours.to(device), made.hint_map.to(device)
        )


class _Run:
    """One call of `paint`."""

    def __init__(self, picture: OpenPicture, request: Request) -> None:
        self._picture = picture
        self._request = request
        self._done = 0
        # The denoising steps, once for every batch of outputs, and the blocks rendered.
        self._total = picture._painter.count + (request.steps if request.n_outputs else 0)

    def result(self) -> Result:
        request, picture = self._request, self._picture
        self._advance(0)
        tokens = picture.tokens(request.hints)
        networks = picture.colorizer.networks
        best = most_probable(networks, picture._encoded, tokens, gray=request.gray)
        maps = torch.cat([best, *self._samples(tokens)])
        painter = picture._painter
        pictures = painter.paint(maps, request.hints, lambda: self._advance(1))
        samples = maps[1:]
        return Result(
            best=pictures[0],
            rgb=pictures[1:],
            provenance=self._provenance(),
            _make_chroma=lambda: painter.chroma(samples, request.hints),
        )

    def _samples(self, tokens: HintTokens) -> list[Tensor]:
        request, picture = self._request, self._picture
        count = request.n_outputs
        seeds = [_mixed(request.seed, i) for i in range(count)]
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
                out.append(
                    sample_maps(
                        picture.colorizer.networks,
                        picture._encoded,
                        tokens,
                        batch,
                        request.steps,
                        gray=request.gray,
                        progress=partial(step, first, len(batch)),
                        cancel=request.cancel,
                    )
                )
        return out

    def _batch_size(self) -> int:
        """Count outputs at a time: maps and the sweeps' copies stay within a few hundred MB."""
        h, w = self._picture._encoded.code.shape
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
            **picture.colorizer.describe(),
            "seed": request.seed,
            "steps": request.steps,
            "n_outputs": request.n_outputs,
            "background": "gray" if request.gray else "auto",
            "hints": request.hints.to_dict(),
            "input": dict(picture.lightness.report),
        }


def _mixed(seed: int, index: int) -> int:
    """Make a seed of its own for every output of every run, the same on every machine."""
    digest = hashlib.sha256(f"{seed}/{index}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def averaged(values: NDArray[np.float32], shape: tuple[int, int]) -> Tensor:
    """Area average of (H, W) L* to `shape`, as (1, 1, h, w) in [-1, 1]."""
    tensor = torch.from_numpy(np.ascontiguousarray(values))[None, None]
    return torch.nn.functional.adaptive_avg_pool2d(tensor, shape) / 50 - 1
