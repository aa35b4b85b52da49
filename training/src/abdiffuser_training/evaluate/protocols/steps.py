"""Fewer denoising steps against many, of the same seed: what is lost by being quick."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.inputs.pictures import Picture
from abdiffuser_training.evaluate.inputs.plans import Plan
from abdiffuser_training.evaluate.measures.metrics import ciede2000, colorfulness, known_mean
from abdiffuser_training.evaluate.measures.records import Record, Settings, by_condition, column
from abdiffuser_training.evaluate.report.report import Cell, Table
from abdiffuser_training.evaluate.subjects.subjects import Subjects, labelled
from napari_abdiffuser.imaging.colorspace import render

__all__ = ["measure_steps", "steps_table"]


def measure_steps(
    picture: Picture, plan: Plan, subjects: Subjects, settings: Settings
) -> list[Record]:
    """CIEDE2000 between one automatic sample in few steps and the same in the most steps.

    The number of steps in ``settings.counts`` that is largest is the reference. The row 'another
    seed' says how far two samples are apart at all.
    """
    nothing = np.zeros((3, *picture.lightness.shape), np.float32)
    most = max(settings.counts)
    records = []
    for name, model in subjects.models.items():
        draw = partial(model.samples, picture.lightness, nothing, 1)
        reference = _rendered(picture, draw(steps=most, seed=settings.seed))
        tries = [(str(count), count, settings.seed) for count in sorted(settings.counts)]
        tries.append((f"{most}, another seed", most, settings.seed + 1))
        for condition, count, seed in tries:
            began = time.perf_counter()
            rgb = _rendered(picture, draw(steps=count, seed=seed))
            seconds = time.perf_counter() - began
            difference = ciede2000(rgb, reference)
            figures = {
                "delta_e": float(difference.mean()),
                "delta_e_95": float(np.percentile(difference, 95)),
                "colourfulness": colorfulness(rgb),
                "seconds": seconds,
            }
            records.append(Record(picture.key, labelled(name, "one sample"), condition, figures))
    return records


def _rendered(picture: Picture, chroma: NDArray[np.float32]) -> NDArray[np.uint8]:
    rgb: NDArray[np.uint8] = render(picture.lightness, chroma[0])[0]
    return rgb


def steps_table(records: Sequence[Record], settings: Settings) -> Table:
    """Means over the pictures, a row for each number of steps."""
    rows: list[tuple[Cell, ...]] = []
    for (method, condition), some in by_condition(records).items():
        names = ("delta_e", "delta_e_95", "colourfulness")
        figures = (known_mean(column(some, name)) for name in names)
        seconds = float(np.median(column(some, "seconds")))
        rows.append((method, condition, *figures, seconds, len(some)))
    most = max(settings.counts)
    columns = (
        "method", "steps", "ΔE00 mean", "ΔE00 p95", "colourfulness", "s / picture", "pictures",
    )  # fmt: skip
    note = f"Automatic samples; ΔE00 against {most} steps of the same seed."
    return Table("Few steps against many", columns, tuple(rows), (note,))
