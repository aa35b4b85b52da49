"""The whole way from folders to shards."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from abdiffuser_training.files import read_json, write_json
from abdiffuser_training.prepare.decide import SPLITS, Decision, count_reasons, decide, shard_order
from abdiffuser_training.prepare.encode import Order
from abdiffuser_training.prepare.examine import Task
from abdiffuser_training.prepare.find import Found, find_pictures
from abdiffuser_training.prepare.journal import examine_all
from abdiffuser_training.prepare.report import summary, write_report, write_sheets
from abdiffuser_training.prepare.settings import Settings
from abdiffuser_training.prepare.shards import Shard, write_split
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.whole_files import remove_partials

__all__ = ["prepare"]

_log = logging.getLogger(__name__)
_NOTES = ".prepare"


def prepare(settings: Settings, workers: int = 1, overwrite: bool = False) -> list[Decision]:
    """Check, de-duplicate, split and pack pictures.

    Killed at any moment and run again, it goes on where it was, and the shards are the same byte
    for byte; so they are for any number of workers.

    Parameters
    ----------
    settings : Settings
        Sources, folder and options.
    workers : int
        Processes.
    overwrite : bool
        Whether a folder that was prepared with other options may be prepared anew.

    Returns
    -------
    list[Decision]
        What became of every file, in order.

    Raises
    ------
    InvalidRequest
        If an option is wrong, no picture is found or kept, the folder was prepared with other
        options, or the disk is full.
    """
    settings.validated()
    found = find_pictures(settings)
    notes = _opened(settings, overwrite)
    tasks = [Task(f, settings.chroma, settings.orientations, settings.crop_bars) for f in found]
    _log.info("%d files that may be pictures", len(found))
    records = examine_all(tasks, notes / "examined.jsonl", workers)
    decisions = decide(records, settings)
    _check_kept(decisions, settings)
    _log.info("%s", summary(decisions))
    by_name = {f.name: f for f in found}
    shards: dict[str, Sequence[Shard]] = {}
    keys: dict[str, str] = {}
    for split in SPLITS:
        orders = _orders(decisions, by_name, split, settings)
        keys |= {order.record.name: order.key for order in orders}
        shards[split] = write_split(
            settings.out, notes, split, orders, settings.shard_bytes, workers
        )
    write_sheets(settings, decisions, by_name, workers)
    write_report(settings, decisions, shards, keys)
    return decisions


def _opened(settings: Settings, overwrite: bool) -> Path:
    """Make the folder, note down the options in it, and give the folder of notes."""
    notes = settings.out / _NOTES
    try:
        notes.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(
            f"{settings.out} cannot be made ({error}): choose another folder."
        ) from error
    options = settings.to_dict()
    former = read_json(notes / "options.json")
    if former is not None and former != options and not overwrite:
        changed = sorted(k for k in options if former.get(k) != options[k])
        raise InvalidRequest(
            f"{settings.out} was prepared with other options ({', '.join(changed)}): use the same, "
            "choose another folder, or give --overwrite to prepare it anew."
        )
    names = [*(f"{split}-*.tar" for split in SPLITS), "report.*", "contact-*.png"]
    foreign = [p.name for name in names for p in sorted(settings.out.glob(name))]
    if former is None and foreign:
        raise InvalidRequest(
            f"{settings.out} holds something else that would be overwritten ({foreign[0]}): choose "
            "another folder."
        )
    for folder in (settings.out, notes):
        remove_partials(folder)
    write_json(notes / "options.json", options)
    return notes


def _check_kept(decisions: Sequence[Decision], settings: Settings) -> None:
    if any(not decision.reason for decision in decisions):
        return
    counts = count_reasons(decisions)
    advice = {
        "gray": "keep gray pictures with --gray masked or --gray keep, or lower --chroma",
        "broken": f"the first: {next((d.detail for d in decisions if d.reason == 'broken'), '')}",
        "small": f"lower --min-side, now {settings.min_side}",
        "blank": "name a folder of micrographs",
    }
    most = max(advice, key=lambda reason: counts[reason])
    raise InvalidRequest(
        f"No picture is left. {summary(decisions)} Most are {most}: {advice[most]}."
    )


def _orders(
    decisions: Sequence[Decision], found: dict[str, Found], split: str, settings: Settings
) -> list[Order]:
    return [
        Order(
            found[d.record.name],
            d.record,
            _key(number, d.record.name),
            d.record.bar if settings.crop_bars else 0,
            settings.max_side,
            settings.encoding,
        )
        for number, d in enumerate(shard_order(decisions, split, settings.seed))
    ]


def _key(number: int, name: str) -> str:
    """Name a sample: its number, which sorts, and its file's name, which tells what it is."""
    stem = name.rpartition("/")[2].rpartition(".")[0] or name.rpartition("/")[2]
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_")[:48]
    return f"{number:06d}-{plain}" if plain else f"{number:06d}"
