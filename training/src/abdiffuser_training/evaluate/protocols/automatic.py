"""Colourings without hints: how vivid, how different from each other, how object by object."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.inputs.pictures import Picture
from abdiffuser_training.evaluate.inputs.plans import Plan
from abdiffuser_training.evaluate.measures.metrics import ciede2000, colorfulness, known_mean
from abdiffuser_training.evaluate.measures.records import Record, Settings, by_condition, column
from abdiffuser_training.evaluate.report.report import Cell, Table
from abdiffuser_training.evaluate.subjects.subjects import Subjects, colourings
from napari_abdiffuser.imaging.colorspace import render

__all__ = ["automatic_table", "between_objects", "measure_automatic", "spread"]

_TRUTH = "the pictures themselves"


def spread(chroma: NDArray[np.float32]) -> float:
    """How far samples lie apart.

    Parameters
    ----------
    chroma : ndarray
        (n, H, W, 2), samples of one picture.

    Returns
    -------
    float
        Root mean square distance of a pixel's a*b* from its mean over the samples.
    """
    distance = (chroma - chroma.mean(axis=0)) ** 2
    return float(np.sqrt(distance.sum(axis=-1).mean()))


def between_objects(chroma: NDArray[np.float32], mask: NDArray[np.int32]) -> float:
    """Share of the colour variance that lies between objects rather than within them.

    Parameters
    ----------
    chroma : ndarray
        (H, W, 2).
    mask : ndarray
        (H, W) region numbers; the ground counts as an object.

    Returns
    -------
    float
        η² in [0, 1]: one when every object has one colour; NaN without any variance.
    """
    flat = chroma.reshape(-1, 2).astype(np.float64)
    _, label = np.unique(mask, return_inverse=True)
    label = label.ravel()
    count = np.bincount(label)
    means = np.stack([np.bincount(label, flat[:, i]) / count for i in range(2)], axis=1)
    total = ((flat - flat.mean(axis=0)) ** 2).sum()
    if total < 1e-6 * flat.size:
        return float("nan")
    return float((count[:, None] * (means - flat.mean(axis=0)) ** 2).sum() / total)


def measure_automatic(
    picture: Picture, plan: Plan, subjects: Subjects, settings: Settings
) -> list[Record]:
    """Figures of one picture: its own, where it has colours, and of each method's samples."""
    kind = "coloured" if picture.mask is None else "with masks"
    records = []
    if picture.mask is None and picture.chroma.any():
        own = {"colourfulness": colorfulness(picture.rgb)}
        records.append(Record(picture.key, _TRUTH, kind, own))
    nothing = np.zeros((3, *picture.lightness.shape), np.float32)
    for way in colourings(subjects, picture.lightness, nothing, settings.samples):
        if way.method.endswith("one sample") and settings.samples > 1:
            continue  # it is one of the samples that are measured together
        name = way.method.replace("best of ", "samples, ")
        rgb, shown = render(picture.lightness, way.chroma)
        figures = {"colourfulness": float(np.mean([colorfulness(one) for one in rgb]))}
        if len(rgb) > 1:
            figures["spread"] = spread(shown)
            pairs = [ciede2000(a, b).mean() for a, b in itertools.pairwise(rgb)]
            figures["pairs"] = float(np.mean(pairs))
        if picture.mask is not None:
            mask = picture.mask
            figures["between"] = known_mean(between_objects(one, mask) for one in shown)
        records.append(Record(picture.key, name, kind, figures))
    return records


def automatic_table(records: Sequence[Record], settings: Settings) -> Table:
    """Means over the pictures: a row for them and one for each method."""
    rows: list[tuple[Cell, ...]] = []
    for (method, kind), some in by_condition(records).items():
        names = ("colourfulness", "spread", "pairs", "between")
        figures = (known_mean(column(some, name)) for name in names)
        rows.append((method, kind, *figures, len(some)))
    notes = (
        "Colourfulness after Hasler and Süsstrunk 2003 (gray is 0), mean over the samples. Spread: "
        "root mean square distance in a*b* of a pixel from its mean over the samples; pair: mean "
        "ΔE00 between one sample and the next.",
        "Between objects: share of the variance of a*b* that lies between regions of the mask (the "
        "ground is one) rather than within them.",
    )
    columns = (
        "method", "on pictures", "colourfulness", "spread", "pair ΔE00", "between objects",
        "pictures",
    )  # fmt: skip
    return Table("Automatic colourings", columns, tuple(rows), notes)
