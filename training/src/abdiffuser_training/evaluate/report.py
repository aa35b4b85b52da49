"""Tables as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from abdiffuser_training.evaluate.files import write_text

__all__ = ["Cell", "Report", "Table", "to_csv", "to_markdown", "write_report"]

Cell = str | int | float
"""What a table holds; NaN is shown as a dash."""


@dataclass(frozen=True)
class Table:
    """A titled table.

    Attributes
    ----------
    title : str
        Its heading.
    columns : tuple of str
        Headings.
    rows : tuple of tuple
        Cells, as many in each row as there are columns.
    notes : tuple of str
        Sentences under it: how it was measured.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = field(default=())


def _shown(cell: Cell) -> str:
    if not isinstance(cell, float):
        return str(cell).replace("|", "\\|")
    if math.isnan(cell):
        return "–"
    # Four significant digits below ten, two decimals above: dB, shares and seconds all read well.
    return f"{cell:.4g}" if abs(cell) < 10 else f"{cell:.2f}"


def to_markdown(table: Table) -> str:
    """Render a table as a Markdown section, columns aligned; ends with a newline."""
    cells = [list(table.columns), *([_shown(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "| " + " | ".join("-" * w for w in widths) + " |"
    notes = [f"- {note}" for note in table.notes]
    parts = [f"## {table.title}", "", lines[0], rule, *lines[1:], *([""] if notes else []), *notes]
    return "\n".join(parts) + "\n"


def to_csv(table: Table) -> str:
    """Render a table as CSV with full precision and a line of headings."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return buffer.getvalue()


@dataclass(frozen=True)
class Report:
    """A table and what is needed to make it again.

    Attributes
    ----------
    table : Table
    protocol : str
    command : str
        What gives this table.
    data : tuple of str
        Names of the shards or folders.
    models : mapping of str to str
        SHA-256 of every model's file by its name.
    hints : str
        SHA-256 of the hints (see `hint_files`), empty without.
    settings : mapping
        JSON-serializable: size, cell, counts, seed, samples, pictures.
    date : str
        Day of the measurement, ISO 8601.
    """

    table: Table
    protocol: str
    command: str
    data: tuple[str, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    hints: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    date: str = field(default_factory=lambda: datetime.date.today().isoformat())

    def to_json(self) -> dict[str, Any]:
        """One entry of ``metrics.json``: rows are objects keyed by the columns; NaN is null."""
        return {
            "format": "abdiffuser-metrics",
            "version": 1,
            "protocol": self.protocol,
            "title": self.table.title,
            "date": self.date,
            "command": self.command,
            "data": list(self.data),
            "models": dict(self.models),
            "hints_sha256": self.hints,
            "settings": dict(self.settings),
            "columns": list(self.table.columns),
            "rows": [
                dict(zip(self.table.columns, (_plain(c) for c in row), strict=True))
                for row in self.table.rows
            ],
            "notes": list(self.table.notes),
        }

    def to_markdown(self) -> str:
        """Table, notes and command as a Markdown section."""
        return f"{to_markdown(self.table)}\n```\n{self.command}\n```\n"

    @property
    def name(self) -> str:
        """Name of its files: the protocol."""
        return self.protocol


def _plain(cell: Cell) -> Cell | None:
    return None if isinstance(cell, float) and math.isnan(cell) else cell


def write_report(folder: str | Path, reports: Sequence[Report]) -> Path:
    """Write ``report.md``, a CSV file for each table, and ``metrics.json``.

    Parameters
    ----------
    folder : str or Path
        Made where it does not exist. Entries of ``metrics.json`` of other protocols stay, so that
        protocols can be run one by one.
    reports : sequence of Report
        In the order of the report.

    Returns
    -------
    Path
        The Markdown file.
    """
    folder = Path(folder)
    for report in reports:
        write_text(folder / f"{report.name}.csv", to_csv(report.table))
    metrics = folder / "metrics.json"
    new = {report.protocol for report in reports}
    entries = [entry for entry in _entries(metrics) if entry.get("protocol") not in new]
    entries += [report.to_json() for report in reports]
    write_text(metrics, json.dumps(entries, indent=1, ensure_ascii=False) + "\n")
    page = folder / "report.md"
    write_text(page, "\n".join(report.to_markdown() for report in reports))
    return page


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
