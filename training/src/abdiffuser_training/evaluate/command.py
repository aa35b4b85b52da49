"""The command ``abdiffuser-train evaluate``."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.automatic import Sampler, automatic_table
from abdiffuser_training.evaluate.baselines import BASELINES, Method
from abdiffuser_training.evaluate.bleeding import bleeding_table
from abdiffuser_training.evaluate.guided import draw_hints, guided_table, score_pictures
from abdiffuser_training.evaluate.hints import ICOLORIT_COUNTS
from abdiffuser_training.evaluate.pictures import load_pictures
from abdiffuser_training.evaluate.report import Table, to_markdown, write_report
from napari_abdiffuser.errors import InvalidRequest

if TYPE_CHECKING:
    from abdiffuser_training.evaluate.models import ColorizerMethods

__all__ = ["add_parser", "run"]


@dataclass(frozen=True)
class _Defaults:
    size: int
    cell: int
    counts: tuple[int, ...] = ()
    seed: int = 0
    holdout: int | None = None
    note: str = ""


_PROTOCOLS = {
    "guided": _Defaults(
        192, 6, (0, 1, 10, 50), note="Uniform places; fewer hints are part of more."
    ),
    "icolorit": _Defaults(
        224, 2, ICOLORIT_COUNTS, 1234, note="Fixed hint sets as Yun et al. 2023 draw them."
    ),
    "zhang": _Defaults(256, 6, ICOLORIT_COUNTS, note="Uniform places, as Zhang et al. 2017."),
    "thesis": _Defaults(
        64, 0, note="Simulated hints: geometric number, normal places about the centre, 1 … 9 px."
    ),
    # Training leaves the last 80 keys of the particle shard out.
    "bleeding": _Defaults(256, 4, holdout=80),
    "automatic": _Defaults(256, 0),
    "speed": _Defaults(256, 0),
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``evaluate`` to the training command line."""
    parser = subparsers.add_parser("evaluate", help="measure a model or the baselines")
    parser.add_argument("model", help="registry name, .safetensors file, or 'baselines'")
    parser.add_argument("data", nargs="*", help="tar shards or folders (none for speed)")
    parser.add_argument("--protocol", required=True, choices=list(_PROTOCOLS))
    parser.add_argument("--size", type=int, help="side of the pictures, pixels")
    parser.add_argument("--cell", type=int, help="side of the hints, pixels")
    parser.add_argument("--counts", type=_numbers, help="numbers of hints, such as 0,1,10,50")
    parser.add_argument("--limit", type=int, help="only so many pictures of each shard")
    parser.add_argument(
        "--holdout", type=int, help="only the last so many keys of each shard; 0: all of them"
    )
    parser.add_argument("--seed", type=int, help="of the hints and samples")
    parser.add_argument("--samples", type=int, default=9, help="of the model; 0: `best` alone")
    parser.add_argument("--methods", help="some of the baselines, such as 'all gray,Levin 2004'")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", help="folder for report.md and CSV files")
    parser.set_defaults(run=run)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def run(arguments: argparse.Namespace) -> str:
    """Measure, write the report where asked, and give its Markdown."""
    table = _measure(arguments)
    if arguments.out:
        write_report(arguments.out, [table])
    return to_markdown(table)


def _measure(arguments: argparse.Namespace) -> Table:
    protocol, baselines = arguments.protocol, arguments.model == "baselines"
    defaults = _PROTOCOLS[protocol]
    seed = defaults.seed if arguments.seed is None else arguments.seed
    if protocol == "speed":
        if baselines:
            raise InvalidRequest("Speed is measured of a model; give its name instead.")
        from abdiffuser_training.evaluate.speed import speed_table

        return speed_table(arguments.model, arguments.device)
    if not arguments.data:
        raise InvalidRequest(f"The protocol {protocol!r} needs pictures; name a shard or a folder.")
    size = arguments.size or defaults.size
    cell = arguments.cell or defaults.cell
    holdout = defaults.holdout if arguments.holdout is None else arguments.holdout
    pictures = load_pictures(arguments.data, size, arguments.limit, holdout or None)
    methods, samplers = _methods(arguments, seed)
    if protocol == "bleeding":
        return bleeding_table(pictures, methods, cell, seed)
    if protocol == "automatic":
        return automatic_table(pictures, samplers, max(arguments.samples, 1))
    counts = arguments.counts or defaults.counts
    hints = draw_hints(protocol, len(pictures), size, counts, cell, seed)
    scores = {name: score_pictures(pictures, method, hints) for name, method in methods.items()}
    patches = f"hints of {cell} × {cell} px, " if cell else ""
    note = f"{size} × {size} px, {patches}seed {seed}. {defaults.note}"
    table = guided_table(f"Protocol {protocol}", scores)
    return Table(table.title, table.columns, table.rows, (note,))


def _methods(
    arguments: argparse.Namespace, seed: int
) -> tuple[dict[str, Method], dict[str, Sampler]]:
    if arguments.model == "baselines":
        chosen = dict(BASELINES)
        if arguments.methods:
            names = [name.strip() for name in arguments.methods.split(",")]
            if unknown := sorted(set(names) - set(chosen)):
                raise InvalidRequest(f"No baseline {unknown}; there are: {', '.join(chosen)}.")
            chosen = {name: chosen[name] for name in names}
        return chosen, {"all gray": _gray_samples}
    from abdiffuser_training.evaluate.models import ColorizerMethods

    model = ColorizerMethods(arguments.model, arguments.device, seed)
    return _of_model(model, arguments.samples, arguments.protocol), {arguments.model: model.sampler}


def _of_model(model: ColorizerMethods, samples: int, protocol: str) -> dict[str, Method]:
    methods: dict[str, Method] = {"all gray": BASELINES["all gray"], "best": model.best}
    if samples >= 1:
        methods["one sample"] = model.samples(1)
    # Bleeding has no truth that could tell which of several is best.
    if samples > 1 and protocol != "bleeding":
        methods[f"best of {samples}"] = model.samples(samples)
    return methods


def _gray_samples(lightness: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    return np.zeros((n, *lightness.shape, 2), np.float32)
