"""Pictures out of tar shards and folders, one at a time, in the order of their names."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Sample", "read_shard", "shard_keys"]

_PICTURES = ("jpg", "jpeg", "png", "tif", "tiff", "webp")
_MASKS = ("mask.png",)


@dataclass(frozen=True)
class Sample:
    """One picture of a shard.

    Attributes
    ----------
    key : str
        Its name without extensions.
    image : ndarray of uint8
        (H, W, 3) sRGB; a gray picture has three equal channels.
    mask : ndarray of int32 or None
        (H, W) region numbers, zero is the ground; None where there is no ``key.mask.png``.
    """

    key: str
    image: NDArray[np.uint8]
    mask: NDArray[np.int32] | None


def shard_keys(path: str | Path, holdout: int | None = None) -> list[str]:
    """Names of the pictures that `read_shard` would yield, without decoding them."""
    path = Path(path)
    if path.is_dir():
        names = [f.name for f in path.iterdir() if f.is_file()]
    elif path.is_file() and tarfile.is_tarfile(path):
        with tarfile.open(path) as tar:
            names = [m.name for m in tar if m.isfile()]
    else:
        raise InvalidRequest(f"{path} is neither a tar shard nor a folder of pictures; check it.")
    return _keys(_parts(names), holdout, path)


def read_shard(
    path: str | Path,
    *,
    limit: int | None = None,
    holdout: int | None = None,
    keys: Collection[str] | None = None,
) -> Iterator[Sample]:
    """Read the pictures of a WebDataset tar file or of a folder, sorted by key.

    Parameters
    ----------
    path : str or Path
        A ``.tar`` with ``key.jpg`` (or png, …) and optionally ``key.mask.png``, or a folder with
        such files.
    limit : int, optional
        Stop after this many pictures.
    holdout : int, optional
        Only the last so many keys: the ones that training leaves out.
    keys : collection of str, optional
        Only these.

    Yields
    ------
    Sample
        Decoded when it is asked for, so that a shard larger than memory can be read.

    Raises
    ------
    InvalidRequest
        If there is nothing to read at `path`.
    """
    path = Path(path)
    if path.is_dir():
        files = {f.name: f for f in path.iterdir() if f.is_file()}

        def read_file(name: str) -> bytes:
            return files[name].read_bytes()

        yield from _samples(list(files), read_file, limit, holdout, path, keys)
        return
    if not path.is_file() or not tarfile.is_tarfile(path):
        raise InvalidRequest(f"{path} is neither a tar shard nor a folder of pictures; check it.")
    with tarfile.open(path) as tar:
        members = {m.name: m for m in tar if m.isfile()}

        def read(name: str) -> bytes:
            handle = tar.extractfile(members[name])
            return handle.read() if handle is not None else b""

        yield from _samples(list(members), read, limit, holdout, path, keys)


def _parts(names: list[str]) -> dict[str, dict[str, str]]:
    """Group file names by key: the extensions of each and their files."""
    parts: dict[str, dict[str, str]] = {}
    for name in names:
        folder, _, base = name.rpartition("/")
        key, _, extension = base.partition(".")
        parts.setdefault(f"{folder}/{key}" if folder else key, {})[extension.lower()] = name
    return parts


def _keys(parts: dict[str, dict[str, str]], holdout: int | None, path: Path) -> list[str]:
    keys = sorted(key for key, files in parts.items() if any(e in files for e in _PICTURES))
    if not keys:
        raise InvalidRequest(f"{path} holds no picture ({', '.join(_PICTURES)}); check it.")
    return keys[-holdout if holdout else 0 :]


def _samples(
    names: list[str],
    read: Callable[[str], bytes],
    limit: int | None,
    holdout: int | None,
    path: Path,
    wanted: Collection[str] | None,
) -> Iterator[Sample]:
    parts = _parts(names)
    chosen = _keys(parts, holdout, path)
    if wanted is not None:
        chosen = [key for key in chosen if key in wanted]
    for key in chosen[:limit]:
        files = parts[key]
        picture = next(files[e] for e in _PICTURES if e in files)
        mask = next((files[e] for e in _MASKS if e in files), None)
        yield Sample(
            key=key,
            image=np.asarray(Image.open(io.BytesIO(read(picture))).convert("RGB")),
            mask=None
            if mask is None
            else np.asarray(Image.open(io.BytesIO(read(mask)))).astype(np.int32),
        )
