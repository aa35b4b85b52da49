"""Measuring picture after picture: in several processes, and going on after an interruption."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from abdiffuser_training.evaluate.inputs.pictures import Picture
from abdiffuser_training.evaluate.inputs.plans import Plan
from abdiffuser_training.evaluate.measures.records import Record, Settings
from abdiffuser_training.evaluate.protocols.registry import PROTOCOLS
from abdiffuser_training.evaluate.subjects.subjects import opened
from abdiffuser_training.processes import available_cpus, ordered_map
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["fingerprint", "measure_pictures"]

_log = logging.getLogger(__name__)

Item = tuple[Picture, Plan]


def fingerprint(settings: Settings, models: dict[str, str], hints: str) -> str:
    """Hash of everything that a picture's figures depend on, but the picture itself."""
    text = json.dumps([asdict(settings), models, hints], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def measure_pictures(
    items: Sequence[Item],
    settings: Settings,
    workers: int = 1,
    partial_file: Path | None = None,
    mark: str = "",
) -> list[Record]:
    """Measure pictures.

    Parameters
    ----------
    items : sequence of (Picture, Plan)
        What to measure.
    settings : Settings
        How.
    workers : int
        Processes; one measures in this one.
    partial_file : Path, optional
        Figures of the pictures done are appended here as they come, and removed in the end; its
        folder exists. A file
        that an interrupted measurement left is gone on with.
    mark : str
        From `fingerprint`; what a file with another one says is not used.

    Returns
    -------
    list of Record
        In the order of the pictures.

    Raises
    ------
    InvalidRequest
        If there are no workers.
    """
    if workers < 1:
        raise InvalidRequest(f"--workers is at least 1, not {workers}.")
    done = _read(partial_file, mark)
    if done:
        _log.info("%d pictures were measured before; going on.", len(done))
    left = [item for item in items if item[0].key not in done]
    for (picture, _), records in zip(left, _measured(left, settings, workers), strict=True):
        done[picture.key] = records
        _append(partial_file, mark, picture.key, records)
        if len(done) % 50 == 0 or len(done) == len(items):
            _log.info("%s: %d of %d pictures", settings.protocol, len(done), len(items))
    if partial_file is not None:
        partial_file.unlink(missing_ok=True)
    return [record for picture, _ in items for record in done[picture.key]]


def _measured(items: Sequence[Item], settings: Settings, workers: int) -> Iterator[list[Record]]:
    if workers == 1 or len(items) < 2:
        return ordered_map(partial(_measure, settings), items)
    threads = max(1, available_cpus() // workers)
    return ordered_map(partial(_measure_in_worker, settings, threads), items, workers)


def _measure_in_worker(settings: Settings, threads: int, item: Item) -> list[Record]:
    """Share the cores among the workers: more threads than cores slow all of them down."""
    import torch

    torch.set_num_threads(threads)
    return _measure(settings, item)


def _measure(settings: Settings, item: Item) -> list[Record]:
    picture, plan = item
    return PROTOCOLS[settings.protocol].measure(picture, plan, opened(settings), settings)


def _read(path: Path | None, mark: str) -> dict[str, list[Record]]:
    if path is None or not path.exists():
        return {}
    found: dict[str, list[Record]] = {}
    text = path.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):  # a killed run's last line: what follows needs its own
        with path.open("a", encoding="utf-8") as file:
            file.write("\n")
    for line in text.splitlines():
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:  # torn
            continue
        if entry["mark"] == mark:
            found[entry["picture"]] = [Record.from_json(record) for record in entry["records"]]
    return found


def _append(path: Path | None, mark: str, key: str, records: Sequence[Record]) -> None:
    if path is None:
        return
    entry = {"mark": mark, "picture": key, "records": [record.to_json() for record in records]}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
