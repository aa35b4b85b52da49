"""A model card out of what a run and its evaluation wrote down themselves."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from abdiffuser_training.evaluate.report.report import Cell, Report, Table, to_markdown
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["model_card", "read_metrics"]

_MILLION = 1e6


def read_metrics(paths: Sequence[Path]) -> list[Report]:
    """Read what an evaluation measured.

    Parameters
    ----------
    paths : sequence of Path
        ``metrics.json`` or a CSV file of ``evaluate --out``, or the folder that was.

    Returns
    -------
    list of Report

    Raises
    ------
    InvalidRequest
        If a file is none of these.
    """
    reports: list[Report] = []
    for path in paths:
        file = path / "metrics.json" if path.is_dir() else path
        try:
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".json":
                reports += map(Report.from_json, json.loads(text))
            else:
                reports.append(_from_csv(text, file.stem))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidRequest(
                f"{file} is no table of an evaluation ({error}): give metrics.json, or a CSV file, "
                "of evaluate --out."
            ) from error
    return reports


def _from_csv(text: str, name: str) -> Report:
    rows = list(csv.reader(io.StringIO(text)))
    if len(rows) < 2 or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("no lines of equal length")
    cells = tuple(tuple(map(_cell, row)) for row in rows[1:])
    return Report(Table(f"Protocol {name}", tuple(rows[0]), cells), name, "")


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
    reports: Sequence[Report],
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
    reports : sequence of Report
        What was measured.

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
    measured = [
        to_markdown(r.table).replace("## ", "### ", 1) + (f"\n`{r.command}`\n" if r.command else "")
        for r in reports
    ]
    nothing = "Nothing was measured: `abdiffuser-train evaluate`, then `export --metrics`.\n"
    return "\n".join([*lines, "## Measured", "", *(measured or [nothing])])


def _spent(spent: Mapping[str, Any]) -> str:
    own = f"{spent['steps']:,} steps, {spent['minutes']} minutes"
    start = spent.get("start")
    if not start:
        return own
    before = (
        f"{start['steps']:,} steps, {start['minutes']} minutes" if "steps" in start else "weights"
    )
    of = f"{before} of {start['name']}"
    return of if not spent["steps"] else f"{of}, then {own}"


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
