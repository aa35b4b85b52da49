"""A pixel model as protocols see it: asked at the picture's own size, as the source asks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_abdiffuser.colorizer.devices import choose_device
from napari_abdiffuser.model.pixel.networks import pixel_condition
from napari_abdiffuser.weights import ModelFile
from napari_abdiffuser.weights.networks import pixel_networks

__all__ = ["PixelModel"]

_PIXELS_AT_ONCE = 16 * 64 * 64
_CHROMA_SCALE = 110.0


class PixelModel:
    """A pixel model; see `abdiffuser_training.evaluate.models.Model`.

    Hints go in as the map that a protocol gives, exactly, and nothing is put back afterwards.
    `best` is the mean colouring (`PixelNetworks.best`), samples are the model's own: all 1000
    ancestral steps for the source's, the steps it was distilled to for a student's.

    Parameters
    ----------
    file : ModelFile
        Where it is.
    tensors, metadata : mapping
        What `napari_abdiffuser.weights.read` gave.
    device : str
        See `napari_abdiffuser.Colorizer.load`.
    seed : int
        Of the samples.
    """

    def __init__(
        self,
        file: ModelFile,
        tensors: Mapping[str, Tensor],
        metadata: Mapping[str, Any],
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        self._device = choose_device(device).device
        self._networks = pixel_networks(tensors, metadata, file.path).to(self._device)
        self._sha256 = file.sha256
        self._seed = seed

    @property
    def sha256(self) -> str:
        """Hash of the model's file."""
        return self._sha256

    @property
    def backgrounds(self) -> tuple[str, ...]:
        """A pixel model does not know what a hint claims."""
        return ("auto",)

    def best(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        background: str | None = None,
    ) -> NDArray[np.float32]:
        """Chroma (H, W, 2) of the mean colouring, whatever the background."""
        with torch.inference_mode():
            best = self._networks.best(self._condition(lightness, hint_map))
        chroma: NDArray[np.float32] = _chroma(best)[0]
        return chroma

    def samples(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        n: int,
        steps: int | None = None,
        seed: int | None = None,
    ) -> NDArray[np.float32]:
        """Chroma (n, H, W, 2) of samples; see `PixelNetworks.sample` for other steps."""
        condition = self._condition(lightness, hint_map)
        seeds = [_mixed(self._seed if seed is None else seed, i) for i in range(n)]
        at_once = max(1, _PIXELS_AT_ONCE // lightness.size)
        parts = [np.empty((0, *lightness.shape, 2), np.float32)]
        with torch.inference_mode():
            for start in range(0, n, at_once):
                some = seeds[start : start + at_once]
                generators = [torch.Generator().manual_seed(s) for s in some]
                parts.append(_chroma(self._networks.sample(condition, generators, steps=steps)))
        return np.concatenate(parts)

    def _condition(self, lightness: NDArray[np.float32], hint_map: NDArray[np.float32]) -> Tensor:
        light = torch.from_numpy(lightness / np.float32(50) - 1)[None, None]
        hints = torch.from_numpy(hint_map.astype(np.float32)[None])
        hints = hints / hints.new_tensor([_CHROMA_SCALE, _CHROMA_SCALE, 1.0])[:, None, None]
        return pixel_condition(light, hints).to(self._device)


def _chroma(drawn: Tensor) -> NDArray[np.float32]:
    chroma = (_CHROMA_SCALE * drawn).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return np.asarray(chroma, np.float32)


def _mixed(seed: int, index: int) -> int:
    return int(np.random.SeedSequence((seed, index)).generate_state(1, np.uint64)[0] >> 1)
