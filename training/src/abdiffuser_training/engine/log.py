"""What a training says while it runs: lines, CSV files, pictures, and what trackers take."""

from __future__ import annotations

import csv
import io
import logging
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from abdiffuser_training.engine.trackers import Tracker
from napari_abdiffuser.whole_files import write_whole

__all__ = ["TrainLog", "duration"]

_LOG = logging.getLogger(__name__)
_COLUMNS = ("step", "minutes", "loss", "rate", "samples_per_second")


def duration(seconds: float) -> str:
    """'45 s', '12 min' or '3 h 05 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


class TrainLog:
    """The log of one stage, of the main process.

    A log that cannot be written is a pity and no reason to stop: it is said once.

    Parameters
    ----------
    name : str
        Of the stage.
    folder : Path
        ``log.csv``, ``validation.csv`` and ``previews`` go here.
    step : int
        Where the training begins: rows of later steps, of a run that was killed, are dropped.
    trackers : sequence of Tracker
        TensorBoard and the like.
    """

    def __init__(
        self, name: str, folder: Path, step: int, trackers: tuple[Tracker, ...] = ()
    ) -> None:
        self._name = name
        self._folder = folder
        self._trackers = trackers
        self._failed = False
        self._loss, self._samples, self._steps = 0.0, 0, 0
        self._since = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("log.csv", "validation.csv"):
            self._cut(folder / file, step)

    def add(self, loss: float, samples: int) -> None:
        """Take note of a step."""
        self._loss += loss
        self._samples += samples
        self._steps += 1

    def report(self, step: int, seconds: float, rate: float, progress: float) -> None:
        """Say and write the means since the last report.

        Parameters
        ----------
        step : int
            Steps done.
        seconds : float
            Trained so far.
        rate : float
            Learning rate.
        progress : float
            Share of the budget, (0, 1].
        """
        if not self._steps:
            return
        now = time.monotonic()
        loss, speed = self._loss / self._steps, self._samples / max(now - self._since, 1e-9)
        left = seconds * (1 - progress) / max(progress, 1e-9)
        self._loss, self._samples, self._steps, self._since = 0.0, 0, 0, now
        _LOG.info(
            "%s step %d  loss %.4f  %.1f samples/s  %s left",
            self._name, step, loss, speed, duration(left),
        )  # fmt: skip
        values = (step, round(seconds / 60, 3), loss, rate, round(speed, 2))
        row = dict(zip(_COLUMNS, values, strict=True))
        self._append("log.csv", row)
        for tracker in self._trackers:
            tracker.figures(self._name, step, {k: v for k, v in row.items() if k != "step"})

    def validated(self, step: int, figures: Mapping[str, float]) -> None:
        """Say and write held-out figures."""
        text = "  ".join(f"{key} {value:.4f}" for key, value in figures.items())
        _LOG.info("%s step %d  held out: %s", self._name, step, text)
        self._append("validation.csv", {"step": step, **figures})
        for tracker in self._trackers:
            tracker.figures(f"{self._name}/held out", step, figures)

    def preview(self, step: int, picture: NDArray[np.uint8]) -> None:
        """Keep a grid of pictures as PNG."""
        data = io.BytesIO()
        Image.fromarray(picture).save(data, "PNG")
        path = self._folder / "previews" / f"step-{step:08d}.png"
        try:
            path.parent.mkdir(exist_ok=True)
            write_whole(path, data.getvalue())
        except OSError as error:
            self._complain(error)
        for tracker in self._trackers:
            tracker.picture(self._name, step, picture)

    def _append(self, name: str, row: Mapping[str, object]) -> None:
        path = self._folder / name
        try:
            fresh = not path.exists()
            with open(path, "a", newline="") as file:
                writer = csv.DictWriter(file, list(row))
                if fresh:
                    writer.writeheader()
                writer.writerow(row)
        except OSError as error:
            self._complain(error)

    def _cut(self, path: Path, step: int) -> None:
        if not path.exists():
            return
        head, *rows = path.read_text().splitlines(keepends=True) or [""]
        kept = [r for r in rows if r.endswith("\n") and _step_of(r) <= step]
        if len(kept) < len(rows):
            write_whole(path, "".join([head, *kept]).encode())

    def _complain(self, error: OSError) -> None:
        if not self._failed:
            _LOG.warning("The log in %s cannot be written (%s).", self._folder, error.strerror)
        self._failed = True


def _step_of(row: str) -> int:
    first = row.split(",", 1)[0]
    return int(first) if first.isdigit() else 0
