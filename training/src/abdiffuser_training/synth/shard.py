"""Write scenes as a tar shard in WebDataset layout."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from abdiffuser_training.synth.compose import random_scene
from abdiffuser_training.synth.scene import Scene


def png(array: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Encode a (H, W) array of 8 or 16 bits as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def encode(scene: Scene) -> dict[str, bytes]:
    """Encode a scene as the members of one sample.

    Returns
    -------
    dict[str, bytes]
        ``png`` (gray, 8 bits), ``mask.png`` (instances, 16 bits), ``class.png`` (8 bits).
    """
    return {
        "png": png(scene.gray),
        "mask.png": png(scene.instances.astype(np.uint16)),
        "class.png": png(scene.classes.astype(np.uint8)),
    }


def _sample(seed: int, index: int, size: tuple[int, int]) -> dict[str, bytes]:
    return encode(random_scene(np.random.default_rng((seed, index)), size))


def _samples(seed: int, n: int, size: tuple[int, int], workers: int) -> Iterator[dict[str, bytes]]:
    if workers <= 1:
        yield from (_sample(seed, i, size) for i in range(n))
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_sample, [seed] * n, range(n), [size] * n, chunksize=8)


def write_shard(path: Path, n: int, size: tuple[int, int], seed: int = 0, workers: int = 1) -> None:
    """Render scenes into a tar shard; the file appears only when it is complete.

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
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with tarfile.open(partial, "w") as tar:
            for i, sample in enumerate(_samples(seed, n, size, workers)):
                for suffix, data in sample.items():
                    member = tarfile.TarInfo(f"synth-{seed}-{i:06d}.{suffix}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
