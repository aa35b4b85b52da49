"""Where shards are: paths, patterns, addresses; and the files in them, through webdataset."""

from __future__ import annotations

import glob
import logging
import tarfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from webdataset import tariterators
from webdataset.gopen import gopen
from webdataset.shardlists import expand_urls

from abdiffuser_training.data.sample import PICTURES
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Files", "expand", "is_address", "list_files"]

_LOG = logging.getLogger(__name__)

Files = dict[str, "bytes | Path"]
"""Files of one picture by extension: their content, or where it is."""


def is_address(place: str) -> bool:
    """Whether a place is a URL rather than a path (a drive's letter is none)."""
    return "://" in place and not place.startswith("file:")


def expand(places: Iterable[str | Path]) -> list[str]:
    """Expand braces (``train-{000..019}.tar``) and, in paths, ``*``, ``?`` and ``~``.

    Parameters
    ----------
    places : iterable of str or Path
        Tar shards, folders or addresses (``http://…``).

    Returns
    -------
    list of str
        Every place once, in the order given; what a ``*`` stands for is sorted.

    Raises
    ------
    InvalidRequest
        If a pattern fits nothing, or there is nothing at a path.
    """
    found: dict[str, None] = {}
    for place in places:
        try:
            names = expand_urls(str(place)) if "{" in str(place) else [str(place)]
        except (AssertionError, ValueError) as error:  # an unknown ${VARIABLE}, or odd braces
            raise InvalidRequest(f"{place} cannot be expanded: {error}.") from error
        for name in names:
            found.update(dict.fromkeys([name] if is_address(name) else _paths(name)))
    return list(found)


def _paths(name: str) -> list[str]:
    path = Path(name.removeprefix("file:")).expanduser()
    fitting = [str(path)] if path.exists() else sorted(glob.glob(str(path)))
    if not fitting:
        raise InvalidRequest(f"there is nothing at {name}: check the path.")
    return fitting


def list_files(place: str | Path) -> dict[str, Files]:
    """List the pictures at a place, and read what is in a tar file.

    Parameters
    ----------
    place : str or Path
        A ``.tar`` with ``key.jpg`` (or png, …) and perhaps ``key.mask.png`` and
        ``key.class.png``, its address, or a folder with such files, nested or not.

    Returns
    -------
    dict of str to Files
        By key, sorted; only what has a picture. A file in a folder stays there until it is
        needed. Where a tar file breaks off, the pictures before that are given, without the last
        one, which may lack its mask; this is logged.

    Raises
    ------
    InvalidRequest
        If there is no picture.
    """
    text = str(place)
    if not is_address(text) and Path(text).is_dir():
        grouped = _in_folder(Path(text))
    else:
        text = text.removeprefix("file:")
        if not is_address(text) and not (Path(text).is_file() and tarfile.is_tarfile(text)):
            raise InvalidRequest(
                f"{text} is neither a tar shard nor a folder of pictures; check it."
            )
        grouped = _in_tar(text)
    chosen = {
        key: grouped[key] for key in sorted(grouped) if any(e in grouped[key] for e in PICTURES)
    }
    if not chosen:
        raise InvalidRequest(f"{text} holds no picture ({', '.join(PICTURES)}); check it.")
    return chosen


def _in_folder(folder: Path) -> dict[str, Files]:
    grouped: dict[str, Files] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        key, extension = tariterators.base_plus_ext(name)
        if key is not None and path.is_file():
            grouped.setdefault(key, {})[extension.lower()] = path
    return grouped


def _in_tar(place: str) -> dict[str, Files]:
    broken: list[str] = []
    doubtful: list[str] = []
    grouped: dict[str, Files] = {}
    last = ""
    try:
        with gopen(place) as stream:
            for sample in _samples(place, stream, broken, doubtful):
                last = str(sample["__key__"])
                files = {k: v for k, v in sample.items() if not k.startswith("__")}
                # The files of a key need not be neighbours.
                grouped.setdefault(last, {}).update(files)
    except OSError as error:  # a transfer that failed says so at its end
        _note(broken, error)
    for reason in doubtful:
        _LOG.warning("%s: a file is left out: %s", place, reason)
    if broken:
        _LOG.warning("%s breaks off, what comes before is used: %s", place, broken[0])
        grouped.pop(last, None)
    return grouped


def _samples(
    place: str, stream: Any, broken: list[str], doubtful: list[str]
) -> Iterator[dict[str, bytes]]:
    """Group a tar file's content by key; what is wrong goes into the lists."""
    opened = iter([{"url": place, "stream": stream}])
    files = tariterators.tar_file_expander(opened, handler=partial(_note, broken))
    yield from tariterators.group_by_keys(files, handler=partial(_note, doubtful))


def _note(reasons: list[str], error: Exception) -> bool:
    """Keep the reason; True: webdataset goes on."""
    reasons.append(" ".join(str(error.args[0] if error.args else error).split()))
    return True
