"""A model card out of what a run and its evaluation wrote down themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from abdiffuser_training.evaluate.report import Cell, Table, to_markdown
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["model_card", "read_metrics"]

_MILLION = 1e6


def read_metrics(paths: Sequence[Path]) -> list[Table]:
    """Read tables that an evaluation wrote.

    Parameters
    ----------
    paths : sequence of Path
        CSV files, or folders with them; a title is the file's name.

    Returns
    -------
    list of Table

    Raises
    ------
    InvalidRequest
        If a file cannot be read as a table.
    """
    files: list[Path] = []
    for path in paths:
        files += sorted(path.glob("*.csv")) if path.is_dir() else [path]
    return [_table(path) for path in files]


def _table(path: Path) -> Table:
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidRequest(f"{path} is no table of an evaluation: {error}") from error
    if len(rows) < 2 or any(len(row) != len(rows[0]) for row in rows):
        raise InvalidRequest(f"{path} is no table of an evaluation: give a CSV of evaluate --out.")
    title = path.stem.replace("-", " ").capitalize()
    return Table(title, tuple(rows[0]), tuple(tuple(map(_cell, row)) for row in rows[1:]))


def _cell(text: str) -> Cell:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def model_card(
    name: str,
    card: Mapping[str, Any],
    parameters: Mapping[str, int],
    size: int,
    tables: Sequence[Table],
) -> str:
    """Write a model card.

    Parameters
    ----------
    name : str
        Of the model.
    card : mapping
        Provenance of the file's header: stages, data, sessions, config.
    parameters : mapping
        Number of parameters of each network.
    size : int
        Of the file, bytes.
    tables : sequence of Table
        Measured.

    Returns
    -------
    str
        Markdown.
    """
    networks = ", ".join(f"{part} ({n / _MILLION:.2g} M)" for part, n in parameters.items())
    rows: list[tuple[Cell, ...]] = [
        (stage, _spent(spent), _recipe(card["config"].get(stage, {})))
        for stage, spent in card["stages"].items()
    ]
    stages = to_markdown(Table("Training", ("stage", "spent", "recipe"), tuple(rows)))
    lines = [
        f"# Model card: {name}",
        "",
        f"Model of napari-abdiffuser: {networks} parameters, "
        f"{size / 1e6:.1f} MB in half precision.",
        "",
        stages,
        f"Hardware: {_hardware(card['sessions'])}.",
        "",
        f"Data: {', '.join(card['data']) or 'not named'}. The pictures stay with their owners.",
        "",
    ]
    measured = [to_markdown(table).replace("## ", "### ", 1) for table in tables]
    nothing = "Nothing was measured: `abdiffuser-train evaluate`, then `export --metrics`.\n"
    return "\n".join([*lines, "## Measured", "", *(measured or [nothing])])


def _spent(spent: Mapping[str, Any]) -> str:
    return f"{spent['steps']:,} steps, {spent['minutes']} minutes"


def _recipe(stage: Mapping[str, Any]) -> str:
    keys = ("optimizer", "rate", "schedule", "ema", "precision")
    words = [f"{key} {stage[key]}" for key in keys if key in stage]
    crops = stage.get("crops")
    if isinstance(crops, list):
        words.append("crops " + ", ".join(f"{c['batch']} × {c['side']} px" for c in crops))
    elif "side" in stage:
        words.append(f"batches of {stage.get('batch', '?')}, crops of {stage['side']} px")
    return ", ".join(words)


def _hardware(sessions: Sequence[Mapping[str, Any]]) -> str:
    told = []
    for session in sessions:
        versions = session.get("versions", {})
        line = (
            f"{session.get('device', '?')}, {session.get('processes', 1)} process(es) with "
            f"{session.get('threads', '?')} threads, torch {versions.get('torch', '?')}"
        )
        if line not in told:
            told.append(line)
    return "; ".join(told) or "not known"
