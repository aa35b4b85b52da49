"""What is measured: baselines and models, each asked for all colourings of one set of hints."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.measures.records import Settings
from abdiffuser_training.evaluate.subjects.baselines import Method, chosen_baselines
from abdiffuser_training.evaluate.subjects.models import Model, open_model

__all__ = ["Coloring", "Subjects", "colourings", "open_subjects", "opened"]


@dataclass(frozen=True)
class Subjects:
    """Methods and models by the name they have in tables.

    Attributes
    ----------
    baselines : mapping of str to Method
    models : mapping of str to Model
        The model in question has the empty name.
    """

    baselines: Mapping[str, Method]
    models: Mapping[str, Model]


@dataclass(frozen=True)
class Coloring:
    """Candidates that one method gave.

    Attributes
    ----------
    method : str
        Its name.
    chroma : ndarray of float32
        (K, H, W, 2); of several the one nearest to the truth counts.
    seconds : float
        Time they took; NaN where they are part of another one's.
    """

    method: str
    chroma: NDArray[np.float32]
    seconds: float


@dataclass(frozen=True)
class _Stepped:
    """A model whose samples take another number of steps than its own."""

    model: Model
    steps: int

    @property
    def sha256(self) -> str:
        return self.model.sha256

    @property
    def backgrounds(self) -> tuple[str, ...]:
        return self.model.backgrounds

    def best(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        background: str | None = None,
    ) -> NDArray[np.float32]:
        return self.model.best(lightness, hint_map, background)

    def samples(
        self,
        lightness: NDArray[np.float32],
        hint_map: NDArray[np.float32],
        n: int,
        steps: int | None = None,
        seed: int | None = None,
    ) -> NDArray[np.float32]:
        return self.model.samples(lightness, hint_map, n, steps or self.steps, seed)


def open_subjects(settings: Settings) -> Subjects:
    """Load the models and choose the baselines of a measurement."""
    wanted = (() if settings.model == "baselines" else (("", settings.model),)) + settings.also
    # Whether a colour stays in its object is asked where all else is to stay gray.
    background = "gray" if settings.protocol == "bleeding" else "auto"
    models: dict[str, Model] = {
        name: open_model(path, settings.device, settings.seed, background) for name, path in wanted
    }
    if settings.steps is not None:
        models = {name: _Stepped(model, settings.steps) for name, model in models.items()}
    return Subjects(chosen_baselines(settings.baselines), models)


@lru_cache(maxsize=1)
def opened(settings: Settings) -> Subjects:
    """`open_subjects`, kept for the pictures that follow."""
    return open_subjects(settings)


def labelled(model: str, what: str) -> str:
    """Name of a row: what it is, after the model's name where it has one."""
    return f"{model}: {what}" if model else what


def colourings(
    subjects: Subjects,
    lightness: NDArray[np.float32],
    hint_map: NDArray[np.float32],
    samples: int,
) -> Iterator[Coloring]:
    """Colour one picture with one set of hints, each way there is.

    Parameters
    ----------
    subjects : Subjects
        From `open_subjects`.
    lightness, hint_map : ndarray
        (H, W) and (3, H, W), as for every method.
    samples : int
        Of each model; the first is also told apart as 'one sample'. Zero: `best` alone.

    Yields
    ------
    Coloring
        Baselines, then of each model: best, one sample, best of `samples`.
    """
    for name, method in subjects.baselines.items():
        began = time.perf_counter()
        chroma = method(lightness, hint_map)
        yield Coloring(name, chroma[None], time.perf_counter() - began)
    for name, model in subjects.models.items():
        began = time.perf_counter()
        best = model.best(lightness, hint_map)
        yield Coloring(labelled(name, "best"), best[None], time.perf_counter() - began)
        if samples < 1:
            continue
        began = time.perf_counter()
        drawn = model.samples(lightness, hint_map, samples)
        seconds = time.perf_counter() - began
        once = seconds if samples == 1 else float("nan")
        yield Coloring(labelled(name, "one sample"), drawn[:1], once)
        if samples > 1:
            yield Coloring(labelled(name, f"best of {samples}"), drawn, seconds)
