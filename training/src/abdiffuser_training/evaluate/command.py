"""The command ``abdiffuser-train evaluate``."""

from __future__ import annotations

import argparse
from pathlib import Path

from abdiffuser_training.evaluate.evaluation import evaluate
from abdiffuser_training.evaluate.protocols.registry import PROTOCOLS
from abdiffuser_training.evaluate.report.report import write_report
from abdiffuser_training.evaluate.request import EvaluationRequest
from abdiffuser_training.evaluate.suite import suite
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``evaluate`` to the training command line."""
    parser = subparsers.add_parser("evaluate", help="measure a model or the baselines")
    parser.add_argument("model", help="registry name, .safetensors file, or 'baselines'")
    parser.add_argument("data", nargs="*", help="tar shards or folders (none for speed and all)")
    parser.add_argument("--protocol", required=True, choices=[*PROTOCOLS, "speed", "all"])
    parser.add_argument("--data-folder", help="where the shards of the protocol 'all' are")
    parser.add_argument(
        "--also", action="append", type=_named, default=[], metavar="NAME=MODEL",
        help="another model on the same pictures and hints; may be given again",
    )  # fmt: skip
    parser.add_argument("--size", type=int, help="side of the pictures, pixels")
    parser.add_argument("--cell", type=int, help="side of the hints, pixels")
    parser.add_argument("--counts", type=_numbers, help="numbers of hints or steps: 0,1,10,50")
    parser.add_argument("--limit", type=int, help="only so many pictures of each shard, evenly")
    parser.add_argument(
        "--holdout", type=int, help="only the last so many keys of each shard; 0: all of them"
    )
    parser.add_argument("--seed", type=int, help="of the hints and samples")
    parser.add_argument("--samples", type=int, default=9, help="of the model; 0: `best` alone")
    parser.add_argument("--steps", type=int, help="denoising steps of a sample; else the model's")
    parser.add_argument(
        "--baselines", "--methods", type=_names, help="such as 'all gray,Levin 2004', or 'none'"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", type=int, default=1, help="processes to measure in")
    parser.add_argument("--hints", help="folder of fixed hints to use")
    parser.add_argument("--write-hints", help="folder to write the hints to")
    parser.add_argument("--lpips", action="store_true", help="LPIPS too; needs the extra 'lpips'")
    parser.add_argument("--out", help="folder for report.md, CSV, JSON and plots")
    parser.add_argument(
        "--pictures", type=int, default=0, help="rows of a page of pictures, written to --out"
    )
    parser.set_defaults(run=run)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    return () if text == "none" else tuple(name.strip() for name in text.split(","))


def _named(text: str) -> tuple[str, str]:
    name, _, model = text.partition("=")
    if not name or not model:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=MODEL")
    return name, model


def run(arguments: argparse.Namespace) -> str:
    """Measure, write the report where asked, and give its Markdown."""
    if arguments.pictures and not arguments.out:
        raise InvalidRequest("A page of pictures is written to a folder; give one with --out.")
    request = EvaluationRequest(
        model=arguments.model,
        protocol=arguments.protocol,
        data=tuple(arguments.data),
        also=tuple(arguments.also),
        size=arguments.size,
        cell=arguments.cell,
        counts=arguments.counts,
        limit=arguments.limit,
        holdout=arguments.holdout,
        seed=arguments.seed,
        samples=arguments.samples,
        steps=arguments.steps,
        baselines=arguments.baselines,
        device=arguments.device,
        workers=arguments.workers,
        hints=arguments.hints,
        write_hints=arguments.write_hints,
        out=arguments.out,
        pictures=arguments.pictures,
        lpips=arguments.lpips,
    )
    if request.protocol != "all":
        reports = [evaluate(request)]
    elif arguments.data_folder is None:
        raise InvalidRequest("The protocol 'all' finds its shards by --data-folder; give one.")
    else:
        reports = [evaluate(one) for one in suite(request, Path(arguments.data_folder))]
    if arguments.out:
        write_report(arguments.out, reports)
    return "\n".join(report.to_markdown() for report in reports)
