"""What was found out about files, written down as it is found: a killed run goes on from there."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from abdiffuser_training.prepare.examine import Record, Task, examine
from abdiffuser_training.processes import ordered_map

__all__ = ["examine_all"]

_log = logging.getLogger(__name__)
_TOLD_EVERY = 10.0  # seconds


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Entries by file name; the last of a name counts, a torn line is none."""
    entries: dict[str, dict[str, Any]] = {}
    if not path.is_file():
        return entries
    for line in path.read_bytes().splitlines():
        try:
            entry = json.loads(line)
            entries[entry["record"]["name"]] = entry
        except (ValueError, KeyError, TypeError):
            continue
    return entries


def _stamped(task: Task) -> list[Any]:
    return [str(task.found.path.resolve()), task.found.stamp(), task.options()]


def examine_all(tasks: Sequence[Task], journal: Path, workers: int) -> list[Record]:
    """Examine files, those of a former run by its journal.

    Parameters
    ----------
    tasks : Sequence[Task]
        The files.
    journal : Path
        File to add to; an entry holds for a file of the same place, size and time of change.
    workers : int
        Processes.

    Returns
    -------
    list[Record]
        One a task, in order.
    """
    known = _read(journal)
    stamps = {task.found.name: _stamped(task) for task in tasks}

    def is_known(task: Task) -> bool:
        entry = known.get(task.found.name)
        return entry is not None and entry.get("stamp") == stamps[task.found.name]

    records = {
        task.found.name: Record.from_dict(known[task.found.name]["record"])
        for task in tasks
        if is_known(task)
    }
    new = [task for task in tasks if task.found.name not in records]
    if records:
        _log.info("%d of %d files are known from a former run", len(records), len(tasks))
    with journal.open("ab") as file:
        file.write(b"\n")  # ends a line that a killed run left open
        for record in _told(ordered_map(examine, new, workers), len(new)):
            records[record.name] = record
            entry = {"stamp": stamps[record.name], "record": record.to_dict()}
            file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            file.flush()
    return [records[task.found.name] for task in tasks]


def _told(records: Iterable[Record], total: int) -> Iterable[Record]:
    told = time.monotonic()
    for n, record in enumerate(records, 1):
        if time.monotonic() - told > _TOLD_EVERY:
            told = time.monotonic()
            _log.info("%d of %d files examined", n, total)
        yield record
