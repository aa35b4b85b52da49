"""Seconds and memory on this machine: the product beside the thesis' own network, in one run."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.report.report import Cell, Table

__all__ = ["median_seconds", "peak_memory", "speed_table", "test_picture"]

_THESIS_STEPS, _THESIS_OUTPUTS, _TIMED_STEPS = 1000, 9, 3
_LARGE = (3072, 4096)


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Median time of `work` after one warm-up call, seconds."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def test_picture(height: int, width: int) -> NDArray[np.uint8]:
    """Make a gray picture (H, W) with discs and noise: nothing is read, every run has the same."""
    rng = np.random.default_rng(0)
    row, column = np.ogrid[:height, :width]
    gray = np.full((height, width), 60.0, np.float32)
    for _ in range(24):
        y, x = rng.random(2) * (height, width)
        radius = rng.uniform(0.04, 0.15) * height
        gray[(row - y) ** 2 + (column - x) ** 2 < radius**2] = rng.uniform(90, 220)
    gray += rng.normal(0, 6, gray.shape).astype(np.float32)
    return gray.clip(0, 255).astype(np.uint8)


test_picture.__test__ = False  # type: ignore[attr-defined]  # not a test, whatever pytest thinks


def peak_memory() -> float:
    """Largest resident memory of this process so far, MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss of a started process begins with its parent's on Linux
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _colorize_large(model: str, device: str, size: tuple[int, int]) -> tuple[float, float, float]:
    """Seconds, peak MiB and the MiB before the picture came; runs in its own process."""
    from napari_abdiffuser.colorizer import Colorizer

    colorizer = Colorizer.load(model, device=device)
    colorizer(test_picture(256, 256), n_outputs=1)
    before = peak_memory()
    picture = test_picture(*size)
    began = time.perf_counter()
    colorizer(picture, n_outputs=1)
    return time.perf_counter() - began, peak_memory(), before


def _in_new_process(
    work: Callable[..., tuple[float, float, float]], *arguments: object
) -> tuple[float, float, float]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _thesis_seconds(size: int, device: str) -> float:
    """Seconds of one step of the thesis' U-Net for one picture."""
    import torch

    from napari_abdiffuser.model.pixel.unet import build_unet

    network = build_unet("thesis").eval().to(device)
    z, t = torch.zeros(1, 2, size, size, device=device), torch.full((1,), 0.5, device=device)
    condition = torch.zeros(1, 4, size, size, device=device)

    def step() -> None:
        with torch.inference_mode():
            network(z, t, condition).sum().item()  # item() waits for the device

    return median_seconds(step, _TIMED_STEPS)


def speed_table(
    model: str,
    device: str = "auto",
    repeats: int = 5,
    large: tuple[int, int] = _LARGE,
    thesis: bool = True,
) -> Table:
    """Time a model and the thesis' network.

    Parameters
    ----------
    model : str
        A registry name or the path of a ``.safetensors`` file.
    device : str
        See `napari_abdiffuser.Colorizer.load`.
    repeats : int
        Timed calls, after one to warm up; the median counts.
    large : tuple of int
        Height and width of the large picture.
    thesis : bool
        Whether to time the thesis' network too; about half a minute on two cores.

    Returns
    -------
    Table
        What, seconds, peak memory in MiB where it was measured.
    """
    # In a process of its own, before this one takes memory: its peak is the picture's alone.
    seconds, peak, before = _in_new_process(_colorize_large, model, device, large)
    rows, where = _product_rows(model, device, repeats)
    rows.append((f"1 output, {large[1]} × {large[0]}, once", seconds, peak))
    notes = [
        f"Model {Path(model).name!r} on {where}.",
        f"Median of {repeats} calls after one to warm up. Peak memory is the process' own; it had "
        f"reached {before:.0f} MiB with the model loaded and a 256² picture done.",
    ]
    if thesis:
        more, note = _thesis_rows(float(rows[1][1]), where.split(";")[0])
        rows += more
        notes.append(note)
    return Table("Speed", ("what", "seconds", "peak MiB"), tuple(rows), tuple(notes))


def _product_rows(model: str, device: str, repeats: int) -> tuple[list[tuple[Cell, ...]], str]:
    """Rows of the product at 256², and the machine in words, its device first."""
    import torch

    from napari_abdiffuser.colorizer import Colorizer

    colorizer = Colorizer.load(model, device=device)
    picture = test_picture(256, 256)
    opened = colorizer.open(picture)
    works: dict[str, Callable[[], object]] = {
        "1 output, 256²": lambda: colorizer(picture, n_outputs=1),
        "9 outputs, 256²": lambda: colorizer(picture, n_outputs=9),
        "encoding alone, 256²": lambda: colorizer.open(picture),
        "`best` of an opened picture, 256²": lambda: opened.paint(None, n_outputs=0),
    }
    where = (
        f"{colorizer.device}; {platform.machine()}, {os.cpu_count()} CPU cores, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    rows: list[tuple[Cell, ...]] = [
        (name, median_seconds(work, repeats), np.nan) for name, work in works.items()
    ]
    return rows, where


def _thesis_rows(product: float, device: str) -> tuple[list[tuple[Cell, ...]], str]:
    """Rows of the thesis' network and a note; `product` is the seconds of nine outputs."""
    step = _thesis_seconds(256, device)
    whole = step * _THESIS_STEPS * _THESIS_OUTPUTS
    rows: list[tuple[Cell, ...]] = [
        ("thesis' U-Net: one step, 256²", step, np.nan),
        ("thesis' U-Net: 9 outputs × 1000 steps, 256² (extrapolated)", whole, np.nan),
    ]
    note = (
        f"The thesis' figure is not run in full: the median of {_TIMED_STEPS} steps of one "
        f"output times {_THESIS_STEPS} steps times {_THESIS_OUTPUTS} outputs; "
        f"{whole / product:,.0f} times the product's."
    )
    return rows, note
