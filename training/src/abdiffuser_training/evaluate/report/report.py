"""Tables as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import datetime
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from abdiffuser_training.files import read_json, write_bytes, write_json

__all__ = ["Cell", "Report", "Table", "read_reports", "to_csv", "to_markdown", "write_report"]

_METRICS = "metrics.json"

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

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Report:
        """Read what `to_json` gave.

        Raises
        ------
        KeyError, TypeError
            If it is something else.
        """
        columns = tuple(entry["columns"])
        rows = tuple(
            tuple(math.nan if row[name] is None else row[name] for name in columns)
            for row in entry["rows"]
        )
        return cls(
            Table(entry["title"], columns, rows, tuple(entry["notes"])),
            entry["protocol"],
            entry["command"],
            tuple(entry["data"]),
            entry["models"],
            entry["hints_sha256"],
            entry["settings"],
            entry["date"],
        )


def _plain(cell: Cell) -> Cell | None:
    return None if isinstance(cell, float) and math.isnan(cell) else cell


def write_report(folder: str | Path, reports: Sequence[Report]) -> Path:
    """Write ``report.md``, a CSV file for each table, and ``metrics.json``.

    Parameters
    ----------
    folder : str or Path
        Made where it does not exist. What it has of other protocols stays, so that protocols can
        be run one by one.
    reports : sequence of Report
        In the order of the report.

    Returns
    -------
    Path
        The Markdown file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for report in reports:
        write_bytes(folder / f"{report.protocol}.csv", to_csv(report.table).encode())
    new = {report.protocol: report for report in reports}
    every = {report.protocol: report for report in read_reports(folder)} | new
    write_json(folder / _METRICS, [report.to_json() for report in every.values()])
    page = folder / "report.md"
    write_bytes(page, "\n".join(report.to_markdown() for report in every.values()).encode())
    return page


def read_reports(folder: str | Path) -> list[Report]:
    """Read the reports of a folder that `write_report` wrote to; none where there are none."""
    found = read_json(Path(folder) / _METRICS)
    return [Report.from_json(entry) for entry in found] if isinstance(found, list) else []
