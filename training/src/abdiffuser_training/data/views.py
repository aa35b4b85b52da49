"""Lightness and chroma of crops, and lightness as the network sees it; whole batches in torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_abdiffuser.imaging.colorspace import lightness_of_gray8, srgb_to_lab

__all__ = ["Jitter", "draw_jitter", "network_views", "to_lab"]

_TAIL = 0.35  # per cent, as the plugin has it
_MOST_NOISE = 0.06


@dataclass(frozen=True)
class Jitter:
    """How the contrast of a crop is changed.

    Attributes
    ----------
    tail : float
        Share of the pixels that become black, and white, per cent.
    gamma : float
        Exponent.
    noise : float
        Standard deviation of white noise, of the range 0 … 1.
    seed : int
        Of the noise.
    """

    tail: float = _TAIL
    gamma: float = 1.0
    noise: float = 0.0
    seed: int = 0


def draw_jitter(rng: np.random.Generator) -> Jitter:
    """Draw a change of contrast: tails of 0 … 1 %, gamma, in 30 % of the crops noise."""
    tail, gamma = rng.uniform(0, 1.0), np.exp(rng.normal(0, 0.25))
    noise = rng.uniform(0, _MOST_NOISE) if rng.random() < 0.3 else 0.0
    return Jitter(float(tail), float(gamma), float(noise), int(rng.integers(2**31)))


def to_lab(pixels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Convert crops to CIELAB, on their device.

    Parameters
    ----------
    pixels : sequence of Tensor of uint8
        B crops, (3, S, S) sRGB or (1, S, S) gray.

    Returns
    -------
    lightness : Tensor
        (B, S, S) float32 L*, [0, 100].
    chroma : Tensor
        (B, 2, S, S) float32 a* and b*.
    """
    size, device = pixels[0].shape[-1], pixels[0].device
    lightness = torch.empty(len(pixels), size, size, device=device)
    chroma = torch.zeros(len(pixels), 2, size, size, device=device)
    gray = [i for i, crop in enumerate(pixels) if len(crop) == 1]
    if gray:
        lightness[gray] = lightness_of_gray8(torch.cat([pixels[i] for i in gray]))
    colored = [i for i, crop in enumerate(pixels) if len(crop) == 3]
    # One crop at a time where planes then stay in the processor's cache.
    each = 1 if device.type == "cpu" else max(1, len(colored))
    for start in range(0, len(colored), each):
        rows = colored[start : start + each]
        rgb = torch.stack([pixels[i] for i in rows]).permute(0, 2, 3, 1).float() / 255
        lab = srgb_to_lab(rgb)
        lightness[rows] = lab[..., 0].clamp(0, 100)
        chroma[rows] = lab[..., 1:].permute(0, 3, 1, 2)
    return lightness, chroma


def network_views(lightness: Tensor, jitters: Sequence[Jitter]) -> Tensor:
    """Percentile contrast as the plugin applies it, jittered.

    Parameters
    ----------
    lightness : Tensor
        (B, S, S) L* in [0, 100].
    jitters : sequence of Jitter
        One a crop; ``Jitter()`` is what the plugin does.

    Returns
    -------
    Tensor
        (B, S, S) float32 in [-1, 1].
    """
    low, high = _percentiles(lightness[:, ::2, ::2].flatten(1), [j.tail / 100 for j in jitters])
    shape = (-1, 1, 1)
    gamma = torch.tensor([j.gamma for j in jitters], device=lightness.device)
    view = (lightness - low.view(shape)) / (high - low).clamp(min=1e-3).view(shape)
    view = view.clamp(0, 1) ** gamma.view(shape)
    for i, jitter in enumerate(jitters):
        if jitter.noise:
            rng = np.random.default_rng(jitter.seed)
            noise = torch.from_numpy(rng.standard_normal(view.shape[1:], np.float32))
            view[i] = (view[i] + jitter.noise * noise.to(view.device)).clamp(0, 1)
    return 2 * view - 1


def _percentiles(values: Tensor, tails: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Values (B, N) below and above which there are these shares of each row."""
    last = values.shape[1] - 1
    low = [round(tail * last) for tail in tails]
    # On the CPU partition is several times faster than sorting; on a GPU one sort does it all.
    return _partitioned(values, low) if values.device.type == "cpu" else _sorted(values, low)


def _sorted(values: Tensor, low: Sequence[int]) -> tuple[Tensor, Tensor]:
    ordered = values.sort(1).values
    rows = torch.arange(len(values), device=values.device)
    index = torch.tensor(low, device=values.device)
    return ordered[rows, index], ordered[rows, values.shape[1] - 1 - index]


def _partitioned(values: Tensor, low: Sequence[int]) -> tuple[Tensor, Tensor]:
    last = values.shape[1] - 1
    found = [np.partition(row, (k, last - k)) for row, k in zip(values.numpy(), low, strict=True)]
    return (
        torch.tensor([float(row[k]) for row, k in zip(found, low, strict=True)]),
        torch.tensor([float(row[last - k]) for row, k in zip(found, low, strict=True)]),
    )
