"""What the pixel U-Net is shown: true chroma, condition, time and noise, all of one seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from abdiffuser_training.data.batch import Batch
from abdiffuser_training.engine.task import TensorBatch
from abdiffuser_training.hint_sampling.fixed import (
    centred_cells,
    hint_map,
    mean_chroma,
    uniform_cells,
)
from abdiffuser_training.seeding import Purpose, generator
from abdiffuser_training.tasks.stage_settings import PixelStage
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Pictures", "check_pixels", "draw_pixels", "simulated_hints", "turned"]

_REVEALED = 0.01  # of the pictures show their whole chroma as a hint
_MOST_UNIFORM = 64
_HINTS = ("none", "thesis", "uniform")


class Pictures(Protocol):
    """Where crops come from."""

    def batch(self, step: int, count: int, size: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Crops `rank`, `rank` + `world`, … of the `count` crops of a step."""
        ...


def check_pixels(settings: PixelStage) -> None:
    """Raise InvalidRequest for what a configuration got wrong."""
    if settings.hints not in _HINTS:
        raise InvalidRequest(f"hints is one of {', '.join(_HINTS)}, not {settings.hints!r}.")
    for name, least in (("side", 1), ("batch", 1), ("times", 0)):
        if getattr(settings, name) < least:
            raise InvalidRequest(
                f"{name} is a whole number from {least}, not {getattr(settings, name)}."
            )
    for name in ("hint_dropout", "jitter"):
        if not 0 <= getattr(settings, name) <= 1:
            raise InvalidRequest(f"{name} is a share in [0, 1], not {getattr(settings, name)}.")


def simulated_hints(
    chroma: NDArray[np.float32], kind: str, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Hints of one simulated user.

    Parameters
    ----------
    chroma : ndarray
        (S, S, 2), the truth in any unit.
    kind : str
        See `PixelStage`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        (3, S, S): the truth's mean under each patch and 0 elsewhere, and the mask, 0 or 1.
    """
    shape = (chroma.shape[0], chroma.shape[1])
    boxes = np.zeros((0, 4), np.int64)
    if kind == "thesis":
        if rng.random() < _REVEALED:
            return np.concatenate([np.moveaxis(chroma, 2, 0), np.ones((1, *shape), np.float32)])
        boxes = centred_cells(rng, shape)
    elif kind == "uniform":
        count = int(np.exp(rng.uniform(0, np.log(_MOST_UNIFORM + 1))))
        cells = [min(int(n), *shape) for n in rng.integers(2, 10, size=count)]
        boxes = np.concatenate([uniform_cells(rng, shape, 1, cell) for cell in cells])
    return hint_map(shape, boxes, mean_chroma(chroma, boxes))


def turned(chroma: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Turn, mirror and scale (0.7 … 1.2) the a*b* plane: (S, S, 2) in [-1, 1] -> the same."""
    angle, size = rng.uniform(0, 2 * math.pi), rng.uniform(0.7, 1.2)
    cosine, sine = size * math.cos(angle), size * math.sin(angle)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    matrix = np.array([[cosine, sine], [-sine * mirror, cosine * mirror]], np.float32)
    return np.asarray((chroma @ matrix).clip(-1, 1), np.float32)


def draw_pixels(crops: Batch, settings: PixelStage, step: int) -> TensorBatch:
    """Add hints, time and noise to crops; each picture has random numbers of its own.

    Parameters
    ----------
    crops : Batch
        The pictures, on the CPU.
    settings : PixelStage
        The stage's, with a seed.
    step : int
        Of the training.

    Returns
    -------
    TensorBatch
        ``chroma`` (B, 2, S, S), ``condition`` (B, 4, S, S), ``t`` (B,), ``epsilon`` like chroma.
    """
    seed = settings.seed or 0
    drawn = []
    for i, index in enumerate(crops.indices):
        rng = generator(Purpose.HINTS, seed, step, index)
        chroma = np.moveaxis(crops.chroma[i].numpy(), 0, 2)
        if rng.random() < settings.jitter:
            chroma = turned(chroma, rng)
        kind = "none" if rng.random() < settings.hint_dropout else settings.hints
        hints = simulated_hints(chroma, kind, rng)
        drawn.append((chroma, hints, *_noise(chroma.shape, settings.times, seed, step, index)))
    return _stacked(crops, drawn)


def _stacked(crops: Batch, drawn: Sequence[tuple[Any, Any, Any, Any]]) -> TensorBatch:
    """Stack chroma (S, S, 2), hints (3, S, S), noise (2, S, S) and time of each crop."""
    chroma, hints, epsilon, t = zip(*drawn, strict=True)
    shown = torch.from_numpy(np.stack(hints))
    return TensorBatch(
        {
            "chroma": torch.from_numpy(np.stack(chroma)).permute(0, 3, 1, 2).contiguous(),
            "condition": torch.cat([crops.lightness, shown], 1),
            "epsilon": torch.from_numpy(np.stack(epsilon)),
            "t": torch.tensor(t, dtype=torch.float32),
        }
    )


def _noise(
    shape: tuple[int, ...], times: int, seed: int, step: int, index: int
) -> tuple[NDArray[np.float32], float]:
    rng = generator(Purpose.NOISE, seed, step, index)
    # Entry k of the discrete table, from 0, is the time (k + 1) / T.
    t = (int(rng.integers(times)) + 1) / times if times else 1.0 - rng.random()
    return rng.standard_normal((shape[2], *shape[:2]), dtype=np.float32), t
