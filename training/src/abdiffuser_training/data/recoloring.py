"""Other colours for a picture that has some: turned, drawn anew by cluster, erased here and there.

The guide is linear in the colours and its loss is the same for turned ones, so turning matters for
automatic colours and anchors only. Drawing the clusters' colours anew is different: it changes
which parts of a picture differ, and by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.vq import ClusterError, kmeans2
from scipy.ndimage import gaussian_filter
from torch import Tensor

from abdiffuser_training.data.areas import deep_places, random_area
from abdiffuser_training.data.highlighting import boxes_around

__all__ = ["Erased", "draw_turn", "erase", "recolor", "turn"]

_SAMPLES = 900  # blocks that clusters are found from
_BLOCK = 4  # pixels: their means are free of noise
_APART = 20 / 110  # nearer colours are shades of one
_VIVID = 0.14  # ab / 110, about 15 in a*b*: less is hardly a colour
_SOFT = 6 / 110  # membership fades over such a difference of colour


def draw_turn(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a turn of the a*b* plane, mirrored or not, with a scale of 0.7 … 1.2: (2, 2)."""
    angle, mirror = rng.uniform(0, 2 * np.pi), 1.0 if rng.random() < 0.5 else -1.0
    scale = rng.uniform(0.7, 1.2)
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cosine, -sine * mirror], [sine, cosine * mirror]], np.float32)


def turn(chroma: Tensor, turns: Tensor) -> Tensor:
    """Apply (B, 2, 2) matrices to the colours (B, 2, S, S); elementwise, exact in any precision."""
    a, b = chroma.unbind(1)
    m = turns[..., None, None].to(chroma)
    return torch.stack([m[:, 0, 0] * a + m[:, 0, 1] * b, m[:, 1, 0] * a + m[:, 1, 1] * b], 1)


def recolor(chroma: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Give each cluster of a picture's colours a colour of its own.

    Parameters
    ----------
    chroma : ndarray
        (2, S, S), ab / 110.
    rng : numpy.random.Generator
        Source of randomness: up to 2 … 6 clusters (k-means in the a*b* plane), which begin at
        least 20 apart in a*b*; each is turned and scaled by itself about gray, so shades within
        it stay, and gray stays gray.

    Returns
    -------
    ndarray
        (2, S, S), no more chroma than 1.2 times what the picture has.
    """
    flat = chroma.reshape(2, -1).T.astype(np.float64)
    blocks = _block_means(chroma)
    start = _spread_out(blocks[rng.integers(len(blocks), size=_SAMPLES)], rng)
    try:
        centres, _ = kmeans2(blocks, start, iter=8, minit="matrix", missing="raise")
    except ClusterError:  # one of them lost all its members
        centres = start
    share = _membership(flat, centres)
    turns = np.stack([draw_turn(rng) for _ in centres]).astype(np.float64)
    each = np.einsum("kij,nj->kni", turns, flat)
    made = np.einsum("nk,kni->in", share, each)
    return np.asarray(made.reshape(chroma.shape), np.float32)


def _block_means(chroma: NDArray[np.float32]) -> NDArray[np.float64]:
    size = chroma.shape[-1] // _BLOCK
    if size == 0:
        return chroma.reshape(2, -1).T.astype(np.float64)
    cut = chroma[:, : size * _BLOCK, : size * _BLOCK]
    means = cut.reshape(2, size, _BLOCK, size, _BLOCK).mean((2, 4))
    return np.asarray(means.reshape(2, -1).T, np.float64)


def _spread_out(colors: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw 2 … 6 of the colours (k-means++), fewer where all others are near to those."""
    wanted = int(rng.integers(2, 7))
    chosen = [colors[rng.integers(len(colors))]]
    away = np.linalg.norm(colors - chosen[0], axis=1)
    while len(chosen) < wanted and away.max() >= _APART:
        weight = np.where(away >= _APART, away, 0) ** 2
        chosen.append(colors[rng.choice(len(colors), p=weight / weight.sum())])
        away = np.minimum(away, np.linalg.norm(colors - chosen[-1], axis=1))
    return np.stack(chosen)


def _membership(colors: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each cluster in each colour: (N, k), soft between two near ones."""
    away = np.linalg.norm(colors[:, None] - centres, axis=2)
    share = np.exp(-(away - away.min(1, keepdims=True)) / _SOFT * 4)
    return np.asarray(share / share.sum(1, keepdims=True))


@dataclass(frozen=True)
class Erased:
    """A thing that a person wants gray.

    Attributes
    ----------
    chroma : ndarray
        (2, S, S), gray there.
    boxes : ndarray
        (n, 4) patches well inside it: hints whose colour, the truth's, is now gray.
    """

    chroma: NDArray[np.float32]
    boxes: NDArray[np.int64]


def erase(
    chroma: NDArray[np.float32], regions: NDArray[np.int32] | None, rng: np.random.Generator
) -> Erased | None:
    """Simulate a person who takes the colour off one thing with one or two gray hints.

    Parameters
    ----------
    chroma : ndarray
        (2, S, S), ab / 110.
    regions : ndarray or None
        (S, S) region numbers, zero is the ground; without them things are areas of one colour.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Erased or None
        None where four tries find no coloured thing of 1 … 40 % of the picture.
    """
    size = chroma.shape[-1]
    for _ in range(4):
        area = random_area(chroma, regions, rng)
        vivid = np.hypot(*chroma[:, area]).mean() > _VIVID
        if not vivid or not 0.01 <= area.mean() <= 0.4:
            continue
        boxes = boxes_around(deep_places(area, int(rng.integers(1, 3)), rng), size, rng)
        for top, left, bottom, right in boxes.tolist():  # all of a gray hint is gray
            area[top:bottom, left:right] = True
        left_over = 1 - gaussian_filter(area.astype(np.float32), 0.5)
        left_over[area] = 0
        return Erased(chroma * left_over, boxes)
    return None
