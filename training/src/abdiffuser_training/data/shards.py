"""Pictures out of tar shards and folders, one at a time, in the order of their names."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from abdiffuser_training.data.places import Files, list_files
from abdiffuser_training.data.sample import Sample, decode
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Sample", "decode_files", "read_shard", "shard_keys"]

_LOG = logging.getLogger(__name__)


def shard_keys(place: str | Path, holdout: int | None = None) -> list[str]:
    """Names of the pictures that `read_shard` would yield, without decoding them."""
    return list(list_files(place))[-holdout if holdout else 0 :]


def read_shard(
    place: str | Path,
    *,
    limit: int | None = None,
    holdout: int | None = None,
    keys: Collection[str] | None = None,
) -> Iterator[Sample]:
    """Read the pictures of a WebDataset tar file or of a folder, sorted by key.

    Parameters
    ----------
    place : str or Path
        A ``.tar`` with ``key.jpg`` (or png, …) and optionally ``key.mask.png`` and
        ``key.class.png``, its address, or a folder with such files.
    limit : int, optional
        Only the first so many keys.
    holdout : int, optional
        Only the last so many keys: the ones that training leaves out.
    keys : collection of str, optional
        Only these.

    Yields
    ------
    Sample
        Decoded when it is asked for. Broken pictures are logged and left out.

    Raises
    ------
    InvalidRequest
        If there is nothing to read at `place`.
    """
    files = list_files(place)
    names = list(files)[-holdout if holdout else 0 :]
    if keys is not None:
        names = [name for name in names if name in keys]
    read = 0
    for name in names[:limit]:
        sample = decode_files(place, name, files.pop(name))
        if sample is not None:
            read += 1
            yield sample
    if names[:limit] and not read:
        raise InvalidRequest(f"{place} holds no picture that can be read; make it anew.")


def decode_files(place: str | Path, key: str, files: Files) -> Sample | None:
    """Decode one picture; None, and a line in the log, where it is broken.

    Parameters
    ----------
    place : str or Path
        Where it is from, for the log.
    key : str
        Its name.
    files : Files
        Contents or paths by extension.

    Returns
    -------
    Sample or None
    """
    try:
        content = {
            extension: file.read_bytes() if isinstance(file, Path) else file
            for extension, file in files.items()
        }
        return decode(key, content)
    except (OSError, ValueError) as error:
        _LOG.warning("%s: %s is left out: %s", place, key, error)
        return None
