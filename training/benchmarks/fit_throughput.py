"""Samples a second of ``fit``, what share of the machine that is, and what bounds it.

    python training/benchmarks/fit_throughput.py [PRESET] [--stage guide] [key=value …]

Trains one stage with the loop itself, then times the parts of a step alone: drawing a batch,
forward, backward, optimizer and moving average. Floating-point operations are counted by torch's
`FlopCounterMode`; the machine's peak is that of a large matrix product measured in the same run,
in the precision of the stage and in float32. ``--out FOLDER`` adds the table to an evaluation's
report.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from abdiffuser_training.engine.loop import train
from abdiffuser_training.engine.optimization import make_optimizer
from abdiffuser_training.engine.runtime import Runtime, make_runtime
from abdiffuser_training.engine.task import Place, Task
from abdiffuser_training.evaluate.report.report import (
    Cell,
    Report,
    Table,
    to_markdown,
    write_report,
)
from abdiffuser_training.fit.config import FitConfig, read_config
from abdiffuser_training.fit.run import Run
from abdiffuser_training.tasks.guide import GuideTask
from abdiffuser_training.tasks.pixel import PixelTask
from abdiffuser_training.tasks.upsampler import UpsamplerTask

_REPEATS = 7
_SIDES = {"cpu": 2048, "cuda": 8192}  # of the matrices that the peak is measured with


@dataclass(frozen=True)
class Measured:
    """Figures of one stage.

    Attributes
    ----------
    rate : float
        Samples a second of the loop.
    batch, flops : int, float
        Samples a step; floating-point operations of a sample, forward and backward.
    parts : dict
        Seconds of each part of a step.
    """

    rate: float
    batch: int
    flops: float
    parts: dict[str, float]


def make_task(run: Run, stage: str) -> tuple[Task, Any]:
    """Make the task of a stage as `fit` makes it, and its settings."""
    settings = replace(getattr(run.config, stage), seed=run.config.stage(stage).seed)
    if stage == "guide":
        pictures = run.pictures(run.config.sources)
        return GuideTask(settings, run.config.size, pictures), settings
    if stage == "upsampler":
        return UpsamplerTask(settings, run.pictures(run.config.sources, 2)), settings
    pictures = run.pictures(settings.sources or run.config.sources, 3, on_device=False)
    return PixelTask(replace(settings, start=None), pictures, None, stage), settings


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """Median time of some calls after one to warm up."""
    times = []
    for _ in range(_REPEATS + 1):
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def peak(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations a second of a large matrix product: the best of some."""
    side = _SIDES.get(device.type, 2048)
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    best = min(seconds_of(lambda: a @ b, device) for _ in range(3))
    return 2 * side**3 / best


def loop_rate(task: Task, settings: Any, runtime: Runtime, seconds: float) -> float:
    """Measure the samples a second of the loop itself, its first report left out."""
    settings = replace(
        settings, steps=None, minutes=seconds / 60, log_steps=5, preview_steps=0, validate_steps=0
    )
    with tempfile.TemporaryDirectory() as folder:
        train(task, settings, Path(folder), False, runtime)
        with open(Path(folder) / "log.csv", encoding="utf-8") as file:
            rates = [float(row["samples_per_second"]) for row in csv.DictReader(file)]
    return statistics.median(rates[1:] or rates)


def parts_of_a_step(task: Task, settings: Any, runtime: Runtime) -> Measured:
    """Time the parts of a step at the end of the schedule's first crops, one after the other."""
    device = runtime.device
    losses = task.losses.to(device)
    optimizer = make_optimizer(losses, settings)
    average = torch.optim.swa_utils.AveragedModel(task.network)
    numbers = iter(range(1000))
    draw = seconds_of(lambda: task.batch(Place(next(numbers))).to(device), device)
    batch = task.batch(Place(0)).to(device)
    forward = seconds_of(lambda: losses(batch), device)

    def both() -> None:
        losses(batch).backward()

    def update() -> None:
        torch.nn.utils.clip_grad_norm_(losses.parameters(), settings.clip or 1e9)
        optimizer.step()
        average.update_parameters(task.network)

    whole = seconds_of(both, device)
    with FlopCounterMode(display=False) as counter:
        both()
    parts = {
        "drawing the batch": draw,
        "forward": forward,
        "backward": max(whole - forward, 0.0),
        "clipping, optimizer, average": seconds_of(update, device),
    }
    return Measured(0.0, len(batch), counter.get_total_flops() / len(batch), parts)


def measure(config: FitConfig, stage: str, device: str, seconds: float) -> tuple[Table, Measured]:
    """Measure a stage and put it into a table."""
    with make_runtime(device) as runtime, tempfile.TemporaryDirectory() as folder:
        run = Run(config, Path(folder), runtime, False)
        task, settings = make_task(run, stage)
        found = parts_of_a_step(task, settings, runtime)
        found = replace(found, rate=loop_rate(task, settings, runtime, seconds))
        peaks = {name: peak(runtime.device, dtype) for name, dtype in _dtypes(settings).items()}
        where = runtime.device
    return _table(stage, settings, found, peaks, where), found


def _dtypes(settings: Any) -> dict[str, torch.dtype]:
    return {settings.precision: settings.dtype, "fp32": torch.float32}


def _table(
    stage: str, settings: Any, found: Measured, peaks: dict[str, float], device: torch.device
) -> Table:
    used = found.flops * found.rate
    rows: list[tuple[Cell, ...]] = [
        ("samples a second of the loop", round(found.rate, 2), ""),
        ("GFLOP a sample, forward and backward", round(found.flops / 1e9, 2), ""),
        ("GFLOP a second of the loop", round(used / 1e9, 1), ""),
    ]
    for name, value in peaks.items():
        share = f"the loop reaches {used / value:.0%} of it"
        rows.append((f"peak of a matrix product in {name}, GFLOP/s", round(value / 1e9, 1), share))
    total = sum(found.parts.values())
    rows += [
        (f"a step: {name}, s", round(spent, 3), f"{spent / total:.0%} of the parts")
        for name, spent in found.parts.items()
    ]
    longest = max(found.parts, key=lambda name: found.parts[name])
    computing = found.flops * found.batch / (found.parts["forward"] + found.parts["backward"])
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    notes = (
        f"Stage {stage}, {settings.precision}, batches of {found.batch}, on {device} ({name}), "
        f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, torch {torch.__version__}; "
        f"load of the machine meanwhile {os.getloadavg()[0]:.1f}.",
        f"Bound by: {longest}. Forward and backward alone reach {computing / 1e9:.1f} GFLOP/s, "
        f"{computing / peaks[settings.precision]:.0%} of the peak in {settings.precision}; what "
        "counts no operations (normalization, activations, memory traffic) is the rest.",
    )
    return Table(f"Throughput of fit, {stage}", ("what", "value", "share"), tuple(rows), notes)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("config", nargs="?", default="small-cpu")
    parser.add_argument("changes", nargs="*")
    parser.add_argument("--stage", default="guide")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", help="folder of an evaluation's report")
    arguments = parser.parse_intermixed_args()
    config = read_config(arguments.config, arguments.changes)
    table, _ = measure(config, arguments.stage, arguments.device, arguments.seconds)
    sys.stdout.write(to_markdown(table))
    if arguments.out:
        words = [arguments.config, *arguments.changes, "--stage", arguments.stage]
        command = f"python training/benchmarks/fit_throughput.py {' '.join(words)}"
        write_report(arguments.out, [Report(table, f"throughput-{arguments.stage}", command)])


if __name__ == "__main__":
    main()
