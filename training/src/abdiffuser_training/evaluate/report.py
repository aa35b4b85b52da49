"""Tables as Markdown and CSV."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Cell", "Table", "to_csv", "to_markdown", "write_report"]

Cell = str | int | float
"""What a table holds; NaN is shown as a dash."""


@dataclass(frozen=True)
class Table:
    """A titled table.

    Attributes
    ----------
    title : str
        Its heading, and by it the name of its CSV file.
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


def write_report(folder: str | Path, tables: Sequence[Table]) -> Path:
    """Write ``report.md`` with all tables and a CSV file for each.

    Parameters
    ----------
    folder : str or Path
        Made where it does not exist.
    tables : sequence of Table
        In the order of the report.

    Returns
    -------
    Path
        The Markdown file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        name = re.sub(r"[^a-z0-9]+", "-", table.title.lower()).strip("-")
        _write(folder / f"{name}.csv", to_csv(table))
    report = folder / "report.md"
    _write(report, "\n".join(to_markdown(table) for table in tables))
    return report


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
