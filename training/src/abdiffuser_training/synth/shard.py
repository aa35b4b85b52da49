"""Scenes as tar shards in WebDataset layout; shards that are there already are kept."""

from __future__ import annotations

import io
import json
import logging
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from abdiffuser_training.files import add_sample, read_json, replacing, write_json
from abdiffuser_training.processes import ordered_map
from abdiffuser_training.synth.colouring import random_coloring
from abdiffuser_training.synth.compose import ODDS, random_scene
from abdiffuser_training.synth.scene import Scene
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colorspace import render
from napari_abdiffuser.imaging.conversion import lightness_of_gray8
from napari_abdiffuser.whole_files import remove_partials

__all__ = ["SceneSettings", "encode", "make_sample", "write_shard", "write_shards"]

_log = logging.getLogger(__name__)
_VERSION = 2  # of what a seed gives: raise it when recipes change
_NOTES = ".synth"


@dataclass(frozen=True)
class SceneSettings:
    """What decides a scene beside its number.

    Attributes
    ----------
    size : tuple[int, int]
        (H, W) in pixels.
    seed : int
        Scene i is drawn from (seed, i).
    kinds : tuple[str, ...]
        Objects to choose from; none: all.
    bars : float
        Share of scenes with a data bar or scale bar, 0 … 1.
    colored : bool
        Whether the pictures are colorized at random; gray otherwise.
    """

    size: tuple[int, int] = (256, 256)
    seed: int = 0
    kinds: tuple[str, ...] = ()
    bars: float = 0.0
    colored: bool = False

    def validated(self) -> SceneSettings:
        """Check every value; InvalidRequest says what to change."""
        if not all(32 <= side <= 4096 for side in self.size):
            raise InvalidRequest("--size must lie between 32 and 4096 pixels.")
        if self.seed < 0:
            raise InvalidRequest("--seed must not be negative.")
        if unknown := sorted(set(self.kinds) - set(ODDS)):
            raise InvalidRequest(f"No objects {unknown}; there are: {', '.join(ODDS)}.")
        if not 0 <= self.bars <= 1:
            raise InvalidRequest("--bars must lie between 0 and 1.")
        return self


def png(array: NDArray[Any]) -> bytes:
    """Encode a (H, W) array of 8 or 16 bits or a (H, W, 3) array of 8 bits as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def encode(scene: Scene, picture: NDArray[np.uint8] | None = None) -> dict[str, bytes]:
    """Encode a scene as the members of one sample.

    Parameters
    ----------
    scene : Scene
        The scene.
    picture : NDArray[np.uint8] | None
        (H, W, 3) colorized picture to store in the place of the gray one.

    Returns
    -------
    dict[str, bytes]
        ``png`` (8 bits), ``mask.png`` (instances, 16 bits), ``class.png`` (8 bits) and ``json``
        with the names of the ``classes``.
    """
    return {
        "png": png(scene.gray if picture is None else picture),
        "mask.png": png(scene.instances.astype(np.uint16)),
        "class.png": png(scene.classes.astype(np.uint8)),
        "json": json.dumps({"classes": list(scene.class_names)}).encode(),
    }


def colorized(rng: np.random.Generator, scene: Scene) -> NDArray[np.uint8]:
    """Colorize a scene at random: (H, W, 3) sRGB of its own lightness; print stays gray."""
    chroma = random_coloring(rng, scene.gray, scene.instances, scene.classes).chroma
    if scene.printed is not None:
        chroma = np.where(scene.printed[..., None], np.float32(0), chroma)
    lightness = np.asarray(lightness_of_gray8(scene.gray), np.float32)
    return np.asarray(render(lightness, chroma)[0])


def make_sample(settings: SceneSettings, index: int) -> dict[str, bytes]:
    """Draw and encode scene number ``index``."""
    rng = np.random.default_rng((settings.seed, index))
    scene = random_scene(rng, settings.size, settings.kinds, settings.bars)
    return encode(scene, colorized(rng, scene) if settings.colored else None)


def _make(task: tuple[SceneSettings, int]) -> dict[str, bytes]:
    return make_sample(*task)


def _key(settings: SceneSettings, index: int) -> str:
    return f"synth-{settings.seed}-{index:06d}"


def _fill(
    path: Path, settings: SceneSettings, numbers: Sequence[int], samples: Iterator[dict[str, bytes]]
) -> None:
    with replacing(path) as partial, tarfile.open(partial, "w") as tar:
        for index in numbers:
            add_sample(tar, _key(settings, index), next(samples))


def write_shard(path: Path, n: int, size: tuple[int, int], seed: int = 0, workers: int = 1) -> None:
    """Render scenes 0 … n - 1 into one tar shard; the file appears only when it is complete.

    Parameters
    ----------
    path : Path
        The shard to write.
    n : int
        Number of scenes.
    size : tuple[int, int]
        (H, W) of each scene in pixels.
    seed : int
        Scene i is drawn from the seed (seed, i), whatever the number of workers.
    workers : int
        Processes.
    """
    settings = SceneSettings(size, seed).validated()
    tasks = ((settings, index) for index in range(n))
    _fill(path, settings, range(n), ordered_map(_make, tasks, workers))


def write_shards(
    out: Path, n: int, settings: SceneSettings, shard_size: int = 500, workers: int = 1
) -> list[Path]:
    """Render scenes into a folder of shards.

    Killed at any moment and run again, it goes on with the first shard that is missing; run again
    with a larger ``n`` it adds scenes. The bytes depend on the settings alone.

    Parameters
    ----------
    out : Path
        Folder of the shards ``synth-000000.tar`` …
    n : int
        Number of scenes.
    settings : SceneSettings
        What the scenes are like.
    shard_size : int
        Scenes a shard.
    workers : int
        Processes.

    Returns
    -------
    list[Path]
        All shards, in order.

    Raises
    ------
    InvalidRequest
        If a value is wrong, or the folder holds scenes of other settings.
    """
    settings.validated()
    if min(n, shard_size, workers) < 1:
        raise InvalidRequest("--n, --shard-size and --workers must be at least 1.")
    notes = _opened(out, settings, shard_size)
    starts = range(0, n, shard_size)
    spans = {
        out / f"synth-{k:06d}.tar": range(start, min(start + shard_size, n))
        for k, start in enumerate(starts)
    }
    missing = {path: span for path, span in spans.items() if not _is_there(path, notes, span)}
    tasks = ((settings, index) for span in missing.values() for index in span)
    samples = ordered_map(_make, tasks, workers)
    for path, span in missing.items():
        _fill(path, settings, span, samples)
        write_json(notes / f"{path.name}.json", _note(path, span))
        _log.info("%s: scenes %d … %d", path.name, span[0], span[-1])
    return list(spans)


def _note(path: Path, span: Sequence[int]) -> dict[str, int]:
    return {"count": len(span), "size": path.stat().st_size}


def _is_there(path: Path, notes: Path, span: Sequence[int]) -> bool:
    return path.is_file() and read_json(notes / f"{path.name}.json") == _note(path, span)


def _opened(out: Path, settings: SceneSettings, shard_size: int) -> Path:
    notes = out / _NOTES
    options: dict[str, Any] = asdict(settings) | {"shard_size": shard_size, "version": _VERSION}
    options = json.loads(json.dumps(options))
    former = read_json(notes / "options.json")
    if former not in (None, options):
        changed = sorted(k for k in options if former.get(k) != options[k])
        raise InvalidRequest(
            f"{out} holds scenes of other settings ({', '.join(changed)}): use the same, or choose "
            "another folder."
        )
    if former is None and any(out.glob("*.tar")):
        raise InvalidRequest(f"{out} holds shards of something else: choose another folder.")
    try:
        notes.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(f"{out} cannot be made ({error}): choose another folder.") from error
    for folder in (out, notes):
        remove_partials(folder)
    write_json(notes / "options.json", options)
    return notes
