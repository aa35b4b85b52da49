"""Curves of PSNR against the number of hints, drawn with matplotlib where it is installed."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from abdiffuser_training.evaluate.report.report import Table
from abdiffuser_training.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_curves"]

_log = logging.getLogger(__name__)


def plot_curves(table: Table, path: Path) -> bool:
    """Draw the column 'PSNR mean' of every method against the number of hints.

    Parameters
    ----------
    table : Table
        From the protocols guided, icolorit or zhang.
    path : Path
        An ``.svg`` or ``.png`` file; it appears whole or not at all.

    Returns
    -------
    bool
        Whether it was drawn: without matplotlib the log says what to install.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.ticker import NullLocator, ScalarFormatter
    except ImportError:
        _log.warning(
            "No plot without matplotlib: pip install 'abdiffuser-training[report]' draws it."
        )
        return False
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    value = table.columns.index("PSNR mean")
    methods = list(dict.fromkeys(str(row[0]) for row in table.rows))
    for place, method in enumerate(methods):
        rows = [row for row in table.rows if row[0] == method]
        counts = [int(row[1]) for row in rows]
        levels = [float(row[value]) for row in rows]
        published = method.endswith("(published)")
        axes.plot(
            counts,
            levels,
            label=method,
            color="0.35" if published else f"C{place % 10}",
            linestyle="--" if published else "-",
            marker="o",
            markersize=3.5,
        )
    # Linear up to one hint, so that none has a place on the axis.
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    ticks = sorted({int(row[1]) for row in table.rows})
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(-0.1, 1.1 * max([*ticks, 1]))
    axes.set_xlabel("hints")
    axes.set_ylabel("PSNR, dB (mean over pictures)")
    axes.set_title(table.title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    _save(figure, path)
    return True


def _save(figure: Figure, path: Path) -> None:
    buffer = io.BytesIO()
    kind = path.suffix.lstrip(".")
    # No date inside: the same figures give the same file.
    figure.savefig(buffer, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    write_bytes(path, buffer.getvalue())
