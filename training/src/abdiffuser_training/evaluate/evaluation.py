"""One protocol from its request to its report."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from abdiffuser_training.evaluate.inputs.hint_files import digest, read_plans, write_plans
from abdiffuser_training.evaluate.inputs.pictures import PictureSet, load_set
from abdiffuser_training.evaluate.inputs.plans import Plan, draw_plans
from abdiffuser_training.evaluate.measures.records import Record, Settings
from abdiffuser_training.evaluate.protocols.registry import PROTOCOLS
from abdiffuser_training.evaluate.report.page import write_page
from abdiffuser_training.evaluate.report.plots import plot_curves
from abdiffuser_training.evaluate.report.references import with_references
from abdiffuser_training.evaluate.report.report import Report, Table
from abdiffuser_training.evaluate.request import EvaluationRequest
from abdiffuser_training.evaluate.running import fingerprint, measure_pictures
from abdiffuser_training.evaluate.subjects.subjects import opened
from abdiffuser_training.files import write_bytes
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["evaluate"]


def evaluate(request: EvaluationRequest) -> Report:
    """Measure what is asked for.

    With a folder to write to, the figures of every picture, a plot of PSNR against the number of
    hints and the page of pictures are written there too; an interrupted measurement goes on where
    it stopped. The report itself is the caller's to write.

    Parameters
    ----------
    request : EvaluationRequest

    Returns
    -------
    Report

    Raises
    ------
    ABDiffuserError
        If something asked for does not exist or does not fit; the message says what to do.
    """
    if request.protocol == "speed":
        return _speed(request)
    settings = request.settings()
    protocol = PROTOCOLS[request.protocol]
    holdout = protocol.holdout if request.holdout is None else request.holdout
    chosen = load_set(request.data, settings.size, request.limit, holdout or None)
    plans = _plans(request, settings, chosen)
    keys = [picture.key for picture in chosen.pictures]
    hashes = {name or request.model: m.sha256 for name, m in opened(settings).models.items()}
    hints = digest(settings, keys, plans)
    out = Path(request.out) if request.out else None
    if out:
        (out / "pictures").mkdir(parents=True, exist_ok=True)
    records = measure_pictures(
        list(zip(chosen.pictures, plans, strict=True)),
        settings,
        request.workers,
        out and out / f".{request.protocol}.partial.jsonl",
        fingerprint(settings, hashes, hints),
    )
    if not records:
        raise InvalidRequest(
            f"None of the {len(keys)} pictures can be measured with the protocol "
            f"{request.protocol!r}; it may need masks with several objects."
        )
    table = _table(records, settings, chosen, hints)
    if out:
        _write_extras(out, request, settings, records, table)
        if request.pictures:
            write_page(out / f"{request.protocol}.png", chosen.pictures, plans, settings,
                       request.pictures)  # fmt: skip
    return Report(
        table,
        request.protocol,
        request.command(),
        tuple(Path(path).name for path in request.data),
        hashes,
        hints,
        {**_plain(settings), "pictures": len(keys), "of": chosen.total},
    )


def _table(records: Sequence[Record], settings: Settings, chosen: PictureSet, hints: str) -> Table:
    """Table of a protocol, with how it was measured and what was published."""
    table = PROTOCOLS[settings.protocol].table(records, settings)
    table = replace(table, notes=(_how(settings, chosen, hints), *table.notes))
    return with_references(table, settings.protocol)


def _speed(request: EvaluationRequest) -> Report:
    if request.model == "baselines":
        raise InvalidRequest("Speed is measured of a model; give its name instead.")
    from abdiffuser_training.evaluate.protocols.speed import speed_table

    table = speed_table(request.model, request.device)
    return Report(table, "speed", request.command(), models={})


def _plans(request: EvaluationRequest, settings: Settings, chosen: PictureSet) -> list[Plan]:
    keys = [picture.key for picture in chosen.pictures]
    if request.hints:
        plans = read_plans(request.hints, settings, keys)
    else:
        plans = draw_plans(chosen, settings)
    if request.write_hints:
        write_plans(request.write_hints, settings, keys, plans)
    return plans


def _plain(settings: Settings) -> dict[str, object]:
    kept = ("size", "cell", "counts", "seed", "samples", "steps")
    found = asdict(settings)
    return {name: found[name] for name in kept}


def _how(settings: Settings, chosen: PictureSet, hints: str) -> str:
    protocol = PROTOCOLS[settings.protocol]
    count = len(chosen.pictures)
    some = f"{count} pictures" if count == chosen.total else (
        f"{count} of {chosen.total} pictures, spread evenly over the set"
    )  # fmt: skip
    parts = [f"{settings.size} × {settings.size} px", some, f"seed {settings.seed}"]
    if settings.cell:
        parts.insert(1, f"hints of {settings.cell} × {settings.cell} px")
    if settings.steps is not None:
        parts.append(f"samples in {settings.steps} steps")
    if settings.protocol not in ("automatic", "steps"):
        parts.append(f"hints' SHA-256 {hints[:12]}…")
    return ", ".join(parts) + "." + (f" {protocol.note}" if protocol.note else "")


def _write_extras(
    out: Path,
    request: EvaluationRequest,
    settings: Settings,
    records: Sequence[Record],
    table: Table,
) -> None:
    names = list(dict.fromkeys(name for record in records for name in record.values))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["picture", "method", "condition", *names])
    for record in records:
        values = (f"{record.values.get(name, float('nan')):.6g}" for name in names)
        writer.writerow([record.picture, record.method, record.condition, *values])
    # In a folder of its own: the tables beside it are what a model card is made of.
    write_bytes(out / "pictures" / f"{request.protocol}.csv", buffer.getvalue().encode())
    if len(settings.counts) > 1 and request.protocol in ("guided", "icolorit", "zhang"):
        plot_curves(table, out / f"{request.protocol}.svg")
