"""Samples into tar shards of bounded size; shards that are there already are not written again."""

from __future__ import annotations

import hashlib
import json
import logging
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abdiffuser_training.files import add_sample, member_size, read_json, replacing, write_json
from abdiffuser_training.prepare.encode import Order, encode
from abdiffuser_training.processes import ordered_map

__all__ = ["Shard", "write_split"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shard:
    """A finished shard: its file name, its pictures' names, its size in bytes."""

    name: str
    pictures: tuple[str, ...]
    size: int


def _digest(orders: Sequence[Order]) -> str:
    plan = json.dumps([order.plan() for order in orders], sort_keys=True)
    return hashlib.sha256(plan.encode()).hexdigest()


def _finished(
    out: Path, notes: Path, name: str, orders: Sequence[Order], most: int
) -> Shard | None:
    """Give the shard that starts with the first order, where a former run finished it."""
    note: Any = read_json(notes / f"{name}.json")
    path = out / name
    if not isinstance(note, dict) or not path.is_file():
        return None
    covered = orders[: int(note.get("count", 0))]
    size = path.stat().st_size
    if not covered or note != _note(orders, len(covered), most, size):
        return None
    return Shard(name, tuple(order.record.name for order in covered), size)


def _note(orders: Sequence[Order], count: int, most: int, size: int) -> dict[str, Any]:
    """Describe a finished shard by all that decides its bytes: also by what no longer fitted."""
    return {
        "count": count,
        "plan": _digest(orders[:count]),
        "next": _digest(orders[count : count + 1]),
        "most": most,
        "size": size,
    }


class _Writer:
    """Fills one shard after the other from a stream of encoded samples."""

    def __init__(self, orders: Sequence[Order], workers: int) -> None:
        self._orders = orders
        self._stream = ordered_map(encode, orders, workers)
        self._waiting: dict[str, bytes] | None = next(self._stream, None)
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether all samples are in shards."""
        return self._waiting is None

    def fill(self, path: Path, most: int) -> list[Order]:
        """Write one shard and give the orders that are in it."""
        first, used = self._at, 2 * 512
        with replacing(path) as partial, tarfile.open(partial, "w") as tar:
            while self._waiting is not None:
                size = sum(member_size(content) for content in self._waiting.values())
                if self._at > first and used + size > most:
                    break
                add_sample(tar, self._orders[self._at].key, self._waiting)
                used += size
                self._at += 1
                self._waiting = next(self._stream, None)
        return list(self._orders[first : self._at])


def _fresh(
    out: Path, notes: Path, split: str, start: int, orders: Sequence[Order], most: int, workers: int
) -> Iterator[Shard]:
    writer = _Writer(orders, workers)
    number, done = start, 0
    while not writer.done:
        name = f"{split}-{number:06d}.tar"
        covered = writer.fill(out / name, most)
        size = (out / name).stat().st_size
        write_json(notes / f"{name}.json", _note(orders[done:], len(covered), most, size))
        done += len(covered)
        _log.info("%s: %d pictures, %.1f MB", name, len(covered), size / 1e6)
        yield Shard(name, tuple(order.record.name for order in covered), size)
        number += 1


def write_split(
    out: Path, notes: Path, split: str, orders: Sequence[Order], most: int, workers: int
) -> list[Shard]:
    """Write the shards of a split.

    Parameters
    ----------
    out : Path
        Folder of the shards ``SPLIT-000000.tar`` …
    notes : Path
        Folder of notes on what is finished.
    split : str
        Name of the split.
    orders : Sequence[Order]
        Its pictures.
    most : int
        Largest size of a shard in bytes, unless a single picture is larger.
    workers : int
        Processes; they change nothing in the result.

    Returns
    -------
    list[Shard]
        All shards, in order. Shards and notes of a longer former run are removed.
    """
    shards: list[Shard] = []
    at = 0
    while at < len(orders):
        shard = _finished(out, notes, f"{split}-{len(shards):06d}.tar", orders[at:], most)
        if shard is None:
            break
        shards.append(shard)
        at += len(shard.pictures)
    if at < len(orders):
        shards += _fresh(out, notes, split, len(shards), orders[at:], most, workers)
    for note in notes.glob(f"{split}-*.tar.json"):
        if note.name.removesuffix(".json") not in {shard.name for shard in shards}:
            (out / note.name.removesuffix(".json")).unlink(missing_ok=True)
            note.unlink()
    return shards
