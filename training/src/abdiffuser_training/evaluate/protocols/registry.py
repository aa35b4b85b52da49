"""The protocols: their standard settings, what is measured of a picture, how it becomes a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from abdiffuser_training.evaluate.inputs.pictures import Picture
from abdiffuser_training.evaluate.inputs.plans import Plan
from abdiffuser_training.evaluate.measures.records import Record, Settings
from abdiffuser_training.evaluate.protocols.automatic import automatic_table, measure_automatic
from abdiffuser_training.evaluate.protocols.bleeding import bleeding_table, measure_bleeding
from abdiffuser_training.evaluate.protocols.guided import guided_table, measure_guided
from abdiffuser_training.evaluate.protocols.objects import measure_objects, objects_table
from abdiffuser_training.evaluate.protocols.steps import measure_steps, steps_table
from abdiffuser_training.evaluate.report.report import Table
from abdiffuser_training.evaluate.subjects.subjects import Subjects
from abdiffuser_training.hint_sampling.fixed import ICOLORIT_COUNTS

__all__ = ["PROTOCOLS", "Protocol"]

_USUAL = ("all gray", "nearest hint", "Levin 2004", "random walker")


@dataclass(frozen=True)
class Protocol:
    """How one protocol measures.

    Attributes
    ----------
    measure : callable
        ``measure(picture, plan, subjects, settings) -> list of Record``.
    table : callable
        ``table(records, settings) -> Table``.
    size, cell : int
        Sides of the pictures and of the hints, pixels.
    counts : tuple of int
        Numbers of hints, or of steps.
    seed : int
        Of the hints.
    holdout : int or None
        Only the last so many keys of a shard.
    baselines : tuple of str
        Simple methods that are measured beside a model.
    note : str
        How hints are drawn.
    """

    measure: Callable[[Picture, Plan, Subjects, Settings], list[Record]]
    table: Callable[[Sequence[Record], Settings], Table]
    size: int
    cell: int = 0
    counts: tuple[int, ...] = ()
    seed: int = 0
    holdout: int | None = None
    baselines: tuple[str, ...] = _USUAL
    note: str = ""


PROTOCOLS: dict[str, Protocol] = {
    "guided": Protocol(
        measure_guided, guided_table, 192, 6, (0, 1, 10, 50),
        note="Hints at uniform places; fewer hints are part of more.",
    ),
    "icolorit": Protocol(
        measure_guided, guided_table, 224, 2, ICOLORIT_COUNTS, 1234,
        note="Fixed hint sets as Yun et al. 2023 draw them: random.seed(1234) over sorted names.",
    ),
    "zhang": Protocol(
        measure_guided, guided_table, 256, 6, ICOLORIT_COUNTS,
        note="Hints at uniform places, as Zhang et al. 2017; fewer are part of more.",
    ),
    "thesis": Protocol(
        measure_guided, guided_table, 64, baselines=("all gray", "nearest hint", "Levin 2004"),
        note="Simulated hints: geometric number (p = 1/8, from 0), normal places about the "
        "centre (a quarter of each side), 1 … 9 px.",
    ),
    # Training leaves the last 80 keys of the particle shard out.
    "bleeding": Protocol(measure_bleeding, bleeding_table, 256, 4, holdout=80),
    "objects": Protocol(
        measure_objects, objects_table, 256, 7, holdout=80,
        baselines=("nearest hint", "nearest, geodesic", "Levin 2004", "random walker"),
    ),
    "automatic": Protocol(
        measure_automatic, automatic_table, 256, holdout=80, baselines=("all gray",)
    ),
    "steps": Protocol(
        measure_steps, steps_table, 256, counts=(2, 4, 8, 16, 32, 64, 256), baselines=()
    ),
}  # fmt: skip
"""All that measure picture by picture, by name; ``speed`` measures the machine."""
