"""The command ``distill-compare``: how far students' samples are from their teacher's."""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.inputs.pictures import Picture, load_set
from abdiffuser_training.evaluate.measures.metrics import ciede2000
from abdiffuser_training.evaluate.report.report import Table, to_markdown
from abdiffuser_training.evaluate.subjects.models import Model, open_model
from napari_abdiffuser.imaging.colorspace import render
from napari_abdiffuser.weights import read, resolve, write

__all__ = ["Comparison", "add_parser", "compare"]

_SAMPLERS = ("ddim", "dpm++2m")
_Way = tuple[str, int, Callable[[], NDArray[np.uint8]]]


@dataclass(frozen=True)
class Comparison:
    """What was found.

    Attributes
    ----------
    table : Table
        Mean CIEDE2000 to the teacher's sample from the same noise, a row for each way of sampling.
    page : ndarray of uint8, shape (H, W, 3)
        A row for each picture: gray, the teacher's sample, then every way in the table's order.
    """

    table: Table
    page: NDArray[np.uint8]


def compare(
    teacher: str,
    students: Sequence[str],
    pictures: Sequence[Picture],
    *,
    teacher_steps: int = 16,
    seeds: Sequence[int] = (0, 1),
    device: str = "auto",
) -> Comparison:
    """Sample teacher and students from the same noise, without hints.

    Parameters
    ----------
    teacher : str
        A registry name or a ``.safetensors`` file.
    students : sequence of str
        Files that `abdiffuser_training.distill` wrote.
    pictures : sequence of Picture
        Of one size; not those that were distilled with.
    teacher_steps : int
        Steps of DDIM that the chain of students began with: the reference.
    seeds : sequence of int
        Of the noise.
    device : str
        See `napari_abdiffuser.Colorizer.load`.

    Returns
    -------
    Comparison
        Beside the students the teacher itself in as few steps, by DDIM and by DPM-Solver++(2M),
        and how far two of its samples are apart at all.
    """
    gray = [render(p.lightness, np.zeros((*p.lightness.shape, 2), np.float32))[0] for p in pictures]

    def drawn(model: Model, steps: int | None, shift: int = 0) -> NDArray[np.uint8]:
        """(seeds, pictures, H, W, 3)."""
        return np.stack([
            np.stack([_sample(model, p, steps, seed + shift) for p in pictures]) for seed in seeds
        ])  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        as_told = {name: _with_sampler(teacher, name, Path(folder), device) for name in _SAMPLERS}
        reference = drawn(as_told["ddim"], teacher_steps)
        ways: list[_Way] = []
        for path in students:
            count = int(read(path)[1]["settings"]["steps"])
            student = open_model(path, device)
            ways.append(("student", count, partial(drawn, student, None)))
            ways += [
                (f"teacher, {name}", count, partial(drawn, model, count))
                for name, model in as_told.items()
            ]
        other = partial(drawn, as_told["ddim"], teacher_steps, 10_000)
        ways.append(("teacher, other noise", teacher_steps, other))
        rows: list[tuple[str | int | float, ...]] = []
        columns = [np.stack(gray), reference[0]]
        for name, count, draw in ways:
            found = draw()
            apart = _apart(found, reference)
            rows.append((name, count, float(np.mean(apart)), float(np.max(apart)), len(apart)))
            columns.append(found[0])
    title = f"Students against their teacher ({teacher_steps} steps of DDIM, the same noise)"
    heads = ("way", "steps", "ΔE00 mean", "ΔE00 worst picture", "samples")
    note = f"{len(pictures)} pictures without hints; ΔE00 is the mean over a picture's pixels."
    return Comparison(Table(title, heads, tuple(rows), (note,)), _page(columns))


def _apart(found: NDArray[np.uint8], reference: NDArray[np.uint8]) -> list[float]:
    """Mean CIEDE2000 of every picture of (seeds, pictures, H, W, 3)."""
    flat = (pictures.reshape(-1, *pictures.shape[2:]) for pictures in (found, reference))
    return [float(ciede2000(a, b).mean()) for a, b in zip(*flat, strict=True)]


def _sample(model: Model, picture: Picture, steps: int | None, seed: int) -> NDArray[np.uint8]:
    nothing = np.zeros((3, *picture.lightness.shape), np.float32)
    chroma = model.samples(picture.lightness, nothing, 1, steps=steps, seed=seed)[0]
    rgb: NDArray[np.uint8] = render(picture.lightness, chroma)[0]
    return rgb


def _with_sampler(model: str, sampler: str, folder: Path, device: str) -> Model:
    """Open the same model, told to use another sampler."""
    tensors, header = read(resolve(model).path)
    steps = int(header.get("settings", {}).get("steps", 16))
    config = {**header["config"], "sampling": {"sampler": sampler, "steps": steps}}
    path = folder / f"{sampler}.safetensors"
    write(path, tensors, {**header, "config": config})
    return open_model(str(path), device)


def _page(columns: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    from abdiffuser_training.tasks.previews import grid

    return grid(*columns)


def _run(arguments: argparse.Namespace) -> str:
    from PIL import Image

    from napari_abdiffuser.whole_files import write_whole

    pictures = load_set([arguments.data], arguments.size, arguments.limit).pictures
    found = compare(
        arguments.teacher,
        [str(path) for path in arguments.students],
        pictures,
        teacher_steps=arguments.teacher_steps,
        device=arguments.device,
    )
    text = to_markdown(found.table)
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write_whole(arguments.out / "students.md", text.encode())
        file = io.BytesIO()
        Image.fromarray(found.page).save(file, "png")
        write_whole(arguments.out / "students.png", file.getvalue())
    return text


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``distill-compare`` to the command line."""
    parser = subparsers.add_parser("distill-compare", help="measure students beside their teacher")
    parser.add_argument("teacher", metavar="TEACHER", help="a name or a .safetensors file")
    parser.add_argument("students", type=Path, nargs="+", metavar="STUDENT.safetensors")
    parser.add_argument("--shard", dest="data", type=Path, required=True, help="pictures")
    parser.add_argument("--size", type=int, default=192, help="side of the pictures, pixels")
    parser.add_argument("--limit", type=int, default=8, help="number of pictures")
    parser.add_argument("--teacher-steps", type=int, default=16, help="of the chain's beginning")
    parser.add_argument("--out", type=Path, help="folder for the table and a page of pictures")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.set_defaults(run=_run)
