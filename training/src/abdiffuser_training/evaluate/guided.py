"""How well hints are followed: the truth's own colours are given in a few patches.

True lightness is kept, chroma is rendered as the product does it, and RGB is compared with the
picture. Hints depend on the seed, the picture's place and the protocol, never on the method.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate import hints as hint_sets
from abdiffuser_training.evaluate import metrics
from abdiffuser_training.evaluate.baselines import Method
from abdiffuser_training.evaluate.pictures import Picture, load_pictures
from abdiffuser_training.evaluate.report import Table
from napari_abdiffuser.imaging.colorspace import gamut_map, render

__all__ = [
    "Boxes",
    "Picture",
    "Score",
    "draw_hints",
    "evaluate_guided",
    "guided_table",
    "load_pictures",
    "score_pictures",
]

Boxes = Mapping[Hashable, NDArray[np.int64]]
"""Patches (N, 4) of one picture by the number of hints, or by the name of a condition."""


@dataclass(frozen=True)
class Score:
    """One colouring of one picture.

    Attributes
    ----------
    condition : hashable
        Number of hints, or the condition's name.
    key : str
        The picture's name.
    mse : float
        Mean squared error of RGB in [0, 1].
    delta_e, delta_e_95 : float
        Mean and 95th percentile of CIEDE2000 over the pixels.
    hint_delta_e : float
        Mean CIEDE2000 between hinted pixels and the displayable colour asked for; NaN without.
    ssim, lightness_error : float
        See `metrics`.
    seconds : float
        Time that the method took.
    """

    condition: Hashable
    key: str
    mse: float
    delta_e: float
    delta_e_95: float
    hint_delta_e: float
    ssim: float
    lightness_error: float
    seconds: float


def draw_hints(
    protocol: str, pictures: int, size: int, counts: Sequence[int], cell: int, seed: int
) -> list[Boxes]:
    """Patches of every picture.

    Parameters
    ----------
    protocol : str
        'guided' and 'zhang': uniform places; 'icolorit': its own fixed sets; 'thesis': automatic
        and with simulated users.
    pictures, size : int
        How many, and their side in pixels.
    counts : sequence of int
        Numbers of hints; 'thesis' has none.
    cell : int
        Side of the patches, pixels; 'thesis' draws it.
    seed : int
        With the picture's place it fixes the patches.

    Returns
    -------
    list of dict
        Patches by condition, for every picture.
    """
    if protocol == "icolorit":
        fixed = hint_sets.icolorit_cells(pictures, size, cell, seed)
        return [{count: one[count] for count in counts} for one in fixed]
    made: list[Boxes] = []
    for index in range(pictures):
        rng = np.random.default_rng((seed, index))
        if protocol == "thesis":
            none = np.zeros((0, 4), np.int64)
            simulated = hint_sets.centred_cells(rng, (size, size))
            made.append({"automatic": none, "simulated hints": simulated})
        else:
            boxes = hint_sets.uniform_cells(rng, (size, size), max(counts), cell)
            made.append({count: boxes[:count] for count in counts})
    return made


def _colourings(
    pictures: Sequence[Picture], method: Method, hints: Sequence[Boxes]
) -> Iterator[tuple[Picture, Hashable, NDArray[np.float32], NDArray[np.uint8], float]]:
    """Yield picture, condition, hint map, rendered RGB and seconds."""
    for picture, conditions in zip(pictures, hints, strict=True):
        for condition, boxes in conditions.items():
            colours = hint_sets.mean_chroma(picture.chroma, boxes)
            painted = hint_sets.hint_map(picture.lightness.shape, boxes, colours)
            began = time.perf_counter()
            chroma = method(picture.lightness, painted)
            seconds = time.perf_counter() - began
            rgb = render(picture.lightness, chroma)[0]
            if rgb.ndim == 4:  # several samples: the one nearest to the truth
                rgb = min(rgb, key=lambda one: metrics.mse(one, picture.rgb))
            yield picture, condition, painted, rgb, seconds


def evaluate_guided(
    pictures: Sequence[Picture],
    method: Method,
    counts: Sequence[int] = (0, 1, 10, 50),
    cell: int = 6,
    seed: int = 0,
) -> dict[int, float]:
    """Mean PSNR of a method for each number of hints.

    Parameters
    ----------
    pictures : sequence of Picture
        From `load_pictures`.
    method : callable
        ``method(lightness (H, W), hint_map (3, H, W)) -> chroma (H, W, 2)``.
    counts : sequence of int
        Numbers of hints.
    cell : int
        Side of the patches, pixels.
    seed : int
        With the picture's place in the list it fixes the patches.

    Returns
    -------
    dict
        Mean over the pictures of the PSNR, decibels, by number of hints.
    """
    size = pictures[0].lightness.shape[0]
    hints = draw_hints("guided", len(pictures), size, counts, cell, seed)
    errors: dict[int, list[float]] = {count: [] for count in counts}
    for picture, condition, _, rgb, _ in _colourings(pictures, method, hints):
        errors[int(str(condition))].append(metrics.mse(rgb, picture.rgb))
    return {count: metrics.mean_psnr(found) for count, found in errors.items()}


def score_pictures(
    pictures: Sequence[Picture], method: Method, hints: Sequence[Boxes]
) -> list[Score]:
    """Everything that is measured of a method; slower than `evaluate_guided`.

    Parameters
    ----------
    pictures : sequence of Picture
        From `load_pictures`.
    method : callable
        As for `evaluate_guided`; may also give (K, H, W, 2), of which the best counts.
    hints : sequence of dict
        From `draw_hints`.

    Returns
    -------
    list of Score
        One for each picture and condition.
    """
    scores = []
    for picture, condition, painted, rgb, seconds in _colourings(pictures, method, hints):
        mask = painted[2] > 0
        asked = gamut_map(picture.lightness, np.moveaxis(painted[:2], 0, -1))
        asked_rgb = render(picture.lightness, asked)[0]
        difference = metrics.ciede2000(rgb, picture.rgb)
        scores.append(
            Score(
                condition,
                picture.key,
                metrics.mse(rgb, picture.rgb),
                float(difference.mean()),
                float(np.percentile(difference, 95)),
                float(metrics.ciede2000(rgb, asked_rgb)[mask].mean()) if mask.any() else np.nan,
                metrics.ssim(rgb, picture.rgb),
                metrics.lightness_error(rgb, picture.lightness),
                seconds,
            )
        )
    return scores


def guided_table(title: str, scores: Mapping[str, Sequence[Score]]) -> Table:
    """Means over the pictures, a row for each method and condition."""
    columns = (
        "method", "hints", "PSNR mean", "PSNR pooled", "MSE", "SSIM", "ΔE00 mean", "ΔE00 p95",
        "hint ΔE00", "max ΔL*", "s / picture", "pictures",
    )  # fmt: skip
    rows = []
    for name, found in scores.items():
        for condition in dict.fromkeys(score.condition for score in found):
            some = [score for score in found if score.condition == condition]
            errors = [score.mse for score in some]
            rows.append((
                name,
                str(condition),
                metrics.mean_psnr(errors),
                metrics.pooled_psnr(errors),
                float(np.mean(errors)),
                float(np.mean([score.ssim for score in some])),
                float(np.mean([score.delta_e for score in some])),
                float(np.mean([score.delta_e_95 for score in some])),
                metrics.known_mean(score.hint_delta_e for score in some),
                max(score.lightness_error for score in some),
                float(np.median([score.seconds for score in some])),
                len(some),
            ))  # fmt: skip
    return Table(title, columns, tuple(rows))
