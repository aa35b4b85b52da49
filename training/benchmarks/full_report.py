"""The whole report of a model: every protocol, the throughput of `fit`, a page of own scenes.

    python training/benchmarks/full_report.py MODEL [--data-folder .data] [--out docs]

Writes ``evaluation.md`` into the folder, and beside it ``evaluation/`` with CSV and JSON of every
table and plots. It takes about 20 minutes on two cores. Pictures in it are synthetic scenes of
this project: those of the shards are measured on and never shown. Figures of single pictures stay
in the work folder, and so does what is done: run again, it goes on within the protocol it was
stopped in; ``--only`` measures some protocols anew.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from abdiffuser_training.evaluate.evaluation import evaluate
from abdiffuser_training.evaluate.inputs.pictures import Picture
from abdiffuser_training.evaluate.measures.records import Settings
from abdiffuser_training.evaluate.report.page import write_page
from abdiffuser_training.evaluate.report.report import read_reports, write_report
from abdiffuser_training.evaluate.request import EvaluationRequest
from abdiffuser_training.evaluate.suite import suite
from abdiffuser_training.processes import available_cpus
from abdiffuser_training.synth.colouring import random_coloring
from abdiffuser_training.synth.compose import random_scene
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colorspace import render, srgb_to_lab

_ORDER = (
    "guided", "zhang", "icolorit", "thesis", "bleeding", "automatic", "steps", "speed",
    "throughput-guide", "throughput-pretrain",
)  # fmt: skip
_KINDS = ("pollen", "spheres", "fibres", "bacteria", "grains", "red cells")
_SIDE, _CELL, _HINTS, _GROUND = 256, 8, 6, 3


def own_scene(kind: str, seed: int) -> Picture:
    """Draw a synthetic micrograph and colour its objects; everything follows from the seed."""
    rng = np.random.default_rng((2026, seed))
    scene = random_scene(rng, (_SIDE, _SIDE), [kind])
    made = random_coloring(rng, scene.gray, scene.instances, scene.classes, "class")
    lightness = srgb_to_lab(np.repeat(scene.gray[..., None] / 255, 3, axis=2))[..., 0]
    rgb, _ = render(lightness.astype(np.float32), made.chroma)
    lab = srgb_to_lab(rgb / 255).astype(np.float32)
    return Picture(kind, rgb, lab[..., 0].clip(0, 100), lab[..., 1:], scene.instances)


def a_user(mask: NDArray[np.int32], seed: int) -> NDArray[np.int64]:
    """Patches where someone would click: deep in the largest objects, and on the ground."""
    rng = np.random.default_rng(seed)
    numbers, areas = np.unique(mask[mask > 0], return_counts=True)
    largest = numbers[np.argsort(-areas)][:_HINTS]
    places = [_deepest(mask == number, rng) for number in (*largest, *[0] * _GROUND)]
    corner = np.clip(np.array(places) - _CELL // 2, 0, _SIDE - _CELL)
    return np.concatenate([corner, corner + _CELL], axis=1)


def _deepest(region: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    depth = ndimage.distance_transform_edt(region)
    places = np.argwhere(depth >= 0.7 * depth.max())
    place: NDArray[np.int64] = places[rng.integers(len(places))]
    return place


def write_own_page(path: Path, model: str) -> None:
    """Write the page of own scenes: gray, hints, truth, best, samples, Levin 2004."""
    pictures = [own_scene(kind, seed) for seed, kind in enumerate(_KINDS)]
    plans = [{"user": a_user(p.mask, i)} for i, p in enumerate(pictures) if p.mask is not None]
    settings = Settings("guided", model, size=_SIDE, cell=_CELL)
    write_page(path, pictures, plans, settings, len(pictures))


def compose(work: Path, out: Path, model: str, command: str) -> None:
    """Write ``evaluation.md`` out of all reports that are there."""
    reports = {report.protocol: report for report in read_reports(work)}
    if not reports:
        raise InvalidRequest(f"{work} has no report yet; measure some protocol first.")
    names = [name for name in _ORDER if name in reports]
    names += [name for name in reports if name not in names]
    hashes = {h for report in reports.values() for h in report.models.values()}
    dates = sorted({report.date for report in reports.values()})
    folder = out / "evaluation"
    folder.mkdir(parents=True, exist_ok=True)
    for file in [
        *work.glob("*.csv"),
        *work.glob("*.svg"),
        *work.glob("*.json"),
        *work.glob("*.jpg"),
    ]:
        shutil.copy(file, folder)
    parts = [
        "# Evaluation",
        "",
        f"Model `{Path(model).name}` (SHA-256 {', '.join(sorted(hashes)) or 'not known'}), "
        f"measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}. What each protocol does "
        "is in `training/README.md`, section Measure; every table names its command, and CSV "
        "files are in `evaluation/`. Hints are fixed by their seed: a digest says which.",
        "",
        "`best` is the deterministic colouring, `one sample` the first variation, `best of 9` the "
        "one of nine nearest to the truth: a sample is one of many possible colourings and has by "
        "construction about 3 dB less than a mean; compare it with samples, and `best` with "
        "methods that give one answer. `all gray` is what no colour at all scores.",
        "",
        f"```\n{command}\n```",
        "",
    ]
    if (folder / "scenes.jpg").exists():
        parts += [
            "![Synthetic scenes: gray, hints, truth, best, samples, Levin](evaluation/scenes.jpg)",
            "",
            f"Synthetic scenes of this project, their classes coloured at random; {_HINTS} hints "
            f"in the largest objects, {_GROUND} on the ground.",
            "",
        ]
    for name in names:
        parts.append(reports[name].to_markdown())
        if (folder / f"{name}.svg").exists():
            parts.append(f"![PSNR against the number of hints](evaluation/{name}.svg)\n")
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(parts))
    (out / "evaluation.md").write_text(text, encoding="utf-8")


def measure_throughput(folder: Path, seconds: float) -> None:
    """Add the throughput of `fit` in a process of its own, so that it has the machine alone."""
    script = Path(__file__).with_name("fit_throughput.py")
    for config, stage in (("small-cpu", "guide"), ("thesis-64", "pretrain")):
        words = [config, "--stage", stage, "--seconds", str(seconds), "--out", str(folder)]
        if subprocess.run([sys.executable, str(script), *words], check=False).returncode:
            logging.warning("No throughput of %s: its shards may be missing.", config)


def main() -> None:
    """Measure, protocol after protocol, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model")
    parser.add_argument("--data-folder", type=Path, default=Path(".data"))
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--work", type=Path, default=Path("runs/evaluation"))
    parser.add_argument("--workers", type=int, default=available_cpus())
    parser.add_argument("--also", action="append", default=[], metavar="NAME=MODEL")
    parser.add_argument("--limit", type=int, help="pictures of each shard, for a quick try")
    parser.add_argument("--only", help="some protocols, such as zhang,steps")
    parser.add_argument("--seconds", type=float, default=40, help="of training per throughput")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = arguments.work
    folder.mkdir(parents=True, exist_ok=True)
    also = tuple(tuple(text.split("=", 1)) for text in arguments.also)
    asked = EvaluationRequest(
        arguments.model, "all", limit=arguments.limit, workers=arguments.workers, also=also
    )
    only = set((arguments.only or ",".join([*_ORDER, "throughput", "page"])).split(","))
    for request in suite(asked, arguments.data_folder):
        if request.protocol in only:
            began = time.monotonic()
            report = evaluate(replace(request, out=str(folder)))
            write_report(folder, [report])
            logging.info("%s: %.0f s", request.protocol, time.monotonic() - began)
    if "throughput" in only:
        measure_throughput(folder, arguments.seconds)
    if "page" in only:
        write_own_page(folder / "scenes.jpg", arguments.model)
    words = ["python training/benchmarks/full_report.py", arguments.model]
    words += [f"--also {text}" for text in arguments.also]
    compose(folder, arguments.out, arguments.model, " ".join(words))


if __name__ == "__main__":
    main()
