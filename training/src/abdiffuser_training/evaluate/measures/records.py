"""What is measured of one picture, and the settings it is measured with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Record", "Settings", "by_condition", "column"]


@dataclass(frozen=True)
class Settings:
    """How a protocol measures; hashable, so that worker processes can keep what they opened.

    Attributes
    ----------
    protocol : str
        Its name.
    model : str
        Registry name or path; 'baselines' for none.
    also : tuple of (str, str)
        Names and paths of further models, measured on the same pictures and hints.
    device : str
        See `napari_abdiffuser.Colorizer.load`.
    baselines : tuple of str
        Simple methods beside the models.
    size, cell : int
        Sides of the pictures and of the hints, pixels.
    counts : tuple of int
        Numbers of hints, or of steps.
    seed : int
        Of hints and samples.
    samples : int
        Samples of a model; zero: `best` alone.
    steps : int or None
        Denoising steps of a sample; None takes each model's own.
    lpips : bool
        Whether to measure LPIPS too.
    """

    protocol: str
    model: str
    also: tuple[tuple[str, str], ...] = ()
    device: str = "auto"
    baselines: tuple[str, ...] = ()
    size: int = 256
    cell: int = 6
    counts: tuple[int, ...] = ()
    seed: int = 0
    samples: int = 9
    steps: int | None = None
    lpips: bool = False


@dataclass(frozen=True)
class Record:
    """Figures of one colouring of one picture.

    Attributes
    ----------
    picture, method, condition : str
        What they are of; the condition is a number of hints, or a name, or empty.
    values : mapping of str to float
        By name; NaN where a figure has no meaning.
    """

    picture: str
    method: str
    condition: str = ""
    values: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON-serializable; NaN becomes None, which every JSON reader knows."""
        values = {k: None if np.isnan(v) else v for k, v in self.values.items()}
        return {
            "picture": self.picture,
            "method": self.method,
            "condition": self.condition,
            "values": values,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Record:
        """Read what `to_json` wrote."""
        values = {k: float("nan") if v is None else float(v) for k, v in found["values"].items()}
        return cls(found["picture"], found["method"], found["condition"], values)


def by_condition(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    """Group records by method and condition: methods in their first order, then conditions."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.method, record.condition), []).append(record)
    methods = list(dict.fromkeys(method for method, _ in groups))
    conditions = list(dict.fromkeys(condition for _, condition in groups))
    return {
        (method, condition): groups[method, condition]
        for method in methods
        for condition in conditions
        if (method, condition) in groups
    }


def column(records: Iterable[Record], name: str) -> list[float]:
    """One figure of every record; NaN where it is missing."""
    return [record.values.get(name, float("nan")) for record in records]
