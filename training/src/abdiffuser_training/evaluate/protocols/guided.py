"""How well hints are followed: the truth's own colours are given in a few patches.

True lightness is kept, chroma is rendered as the product does it, and RGB is compared with the
picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.inputs.pictures import Picture
from abdiffuser_training.evaluate.inputs.plans import Plan, draw_hints
from abdiffuser_training.evaluate.measures import metrics
from abdiffuser_training.evaluate.measures.perceptual import lpips
from abdiffuser_training.evaluate.measures.records import Record, Settings, by_condition, column
from abdiffuser_training.evaluate.report.report import Cell, Table
from abdiffuser_training.evaluate.subjects.baselines import Method
from abdiffuser_training.evaluate.subjects.subjects import Subjects, colourings
from abdiffuser_training.hint_sampling import fixed as hint_sets
from napari_abdiffuser.imaging.colorspace import gamut_map, render

__all__ = ["NEARLY_GRAY", "evaluate_guided", "guided_table", "measure_guided", "scores"]

NEARLY_GRAY = 2.0
"""Mean chroma below which a picture counts as nearly gray."""


def nearest_to(picture: Picture, candidates: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Of candidates (K, H, W, 2), the one nearest to the truth, as RGB (H, W, 3)."""
    rendered = [render(picture.lightness, one)[0] for one in candidates]
    found: NDArray[np.uint8] = min(rendered, key=lambda one: metrics.mse(one, picture.rgb))
    return found


def scores(
    picture: Picture, hint_map: NDArray[np.float32], rgb: NDArray[np.uint8]
) -> dict[str, float]:
    """Everything that is measured of one colouring.

    Parameters
    ----------
    picture : Picture
        The truth.
    hint_map : ndarray
        (3, H, W), what was given.
    rgb : ndarray
        (H, W, 3), what came back.

    Returns
    -------
    dict
        ``mse`` of RGB in [0, 1]; ``delta_e`` and ``delta_e_95``, mean and 95th percentile of
        CIEDE2000; ``hint_delta_e``, mean CIEDE2000 between hinted pixels and the displayable
        colour asked for; ``ssim``; ``lightness_error``, the largest |ΔL*|.
    """
    mask = hint_map[2] > 0
    asked = gamut_map(picture.lightness, np.moveaxis(hint_map[:2], 0, -1))
    asked_rgb = render(picture.lightness, asked)[0]
    difference = metrics.ciede2000(rgb, picture.rgb)
    hinted = metrics.ciede2000(rgb[mask], asked_rgb[mask]) if mask.any() else np.array([np.nan])
    return {
        "mse": metrics.mse(rgb, picture.rgb),
        "delta_e": float(difference.mean()),
        "delta_e_95": float(np.percentile(difference, 95)),
        "hint_delta_e": float(hinted.mean()),
        "ssim": metrics.ssim(rgb, picture.rgb),
        "lightness_error": metrics.lightness_error(rgb, picture.lightness),
    }


def measure_guided(
    picture: Picture, plan: Plan, subjects: Subjects, settings: Settings
) -> list[Record]:
    """Scores of one picture, under each condition and of each method."""
    assert isinstance(plan, Mapping)
    chroma = float(np.hypot(picture.chroma[..., 0], picture.chroma[..., 1]).mean())
    records = []
    for condition, boxes in plan.items():
        colors = hint_sets.mean_chroma(picture.chroma, boxes)
        painted = hint_sets.hint_map(picture.lightness.shape, boxes, colors)
        for way in colourings(subjects, picture.lightness, painted, settings.samples):
            rgb = nearest_to(picture, way.chroma)
            figures = scores(picture, painted, rgb)
            figures |= {"seconds": way.seconds, "truth_chroma": chroma}
            if settings.lpips:
                figures["lpips"] = lpips(rgb, picture.rgb)
            records.append(Record(picture.key, way.method, condition, figures))
    return records


def evaluate_guided(
    pictures: Sequence[Picture],
    method: Method,
    counts: Sequence[int] = (0, 1, 10, 50),
    cell: int = 6,
    seed: int = 0,
) -> dict[int, float]:
    """Mean PSNR of a method for each number of hints: a quick look while training.

    Parameters
    ----------
    pictures : sequence of Picture
        From `load_set`.
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
    errors: dict[int, list[float]] = {count: [] for count in counts}
    drawn = draw_hints("guided", len(pictures), size, counts, cell, seed)
    for picture, boxes in zip(pictures, drawn, strict=True):
        for count in counts:
            some = boxes[str(count)]
            painted = hint_sets.hint_map(
                picture.lightness.shape, some, hint_sets.mean_chroma(picture.chroma, some)
            )
            rgb = render(picture.lightness, method(picture.lightness, painted))[0]
            errors[count].append(metrics.mse(rgb, picture.rgb))
    return {count: metrics.mean_psnr(found) for count, found in errors.items()}


def guided_table(records: Sequence[Record], settings: Settings) -> Table:
    """Means over the pictures, a row for each method and condition."""
    extra = [("PSNR coloured", _colored_psnr)] if settings.protocol == "thesis" else []
    columns = (
        "method", "hints", "PSNR mean", "± 95 %", *(name for name, _ in extra), "PSNR pooled",
        "MSE", "SSIM", "ΔE00 mean", "ΔE00 p95", "hint ΔE00", "max ΔL*",
        *(["LPIPS"] if settings.lpips else []), "s / picture", "pictures",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for (method, condition), some in by_condition(records).items():
        errors = column(some, "mse")
        rows.append((
            method,
            condition,
            metrics.mean_psnr(errors),
            _interval([metrics.psnr(error) for error in errors]),
            *(figure(some) for _, figure in extra),
            metrics.pooled_psnr(errors),
            float(np.mean(errors)),
            metrics.known_mean(column(some, "ssim")),
            metrics.known_mean(column(some, "delta_e")),
            metrics.known_mean(column(some, "delta_e_95")),
            metrics.known_mean(column(some, "hint_delta_e")),
            max(column(some, "lightness_error")),
            *([metrics.known_mean(column(some, "lpips"))] if settings.lpips else []),
            float(np.median(column(some, "seconds"))),
            len(some),
        ))  # fmt: skip
    return Table(f"Protocol {settings.protocol}", columns, tuple(rows), _notes(records, settings))


def _interval(values: Sequence[float]) -> float:
    """Half width of the mean's 95 % interval; NaN for a single picture."""
    if len(values) < 2:
        return float("nan")
    return float(1.96 * np.std(values, ddof=1) / np.sqrt(len(values)))


def _colored_psnr(records: Sequence[Record]) -> float:
    """Mean PSNR over the pictures that are not nearly gray."""
    errors = [r.values["mse"] for r in records if r.values["truth_chroma"] >= NEARLY_GRAY]
    return metrics.mean_psnr(errors) if errors else float("nan")


def _notes(records: Sequence[Record], settings: Settings) -> tuple[str, ...]:
    if settings.protocol != "thesis":
        return ()
    gray = {r.picture for r in records if r.values["truth_chroma"] < NEARLY_GRAY}
    return (
        f"{len(gray)} of {len({r.picture for r in records})} pictures are nearly gray (mean chroma "
        f"below {NEARLY_GRAY:g}); any cautious method scores up to 50 dB on them, which lifts "
        "'PSNR mean'. 'PSNR coloured' leaves them out; 'PSNR pooled' is of the mean error of all.",
    )
