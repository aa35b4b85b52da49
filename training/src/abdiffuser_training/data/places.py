"""Where shards are: paths, patterns, addresses; and the files in them, read as webdataset does."""

from __future__ import annotations

import glob
import logging
import re
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from urllib3.exceptions import HTTPError
from webdataset import tariterators
from webdataset.shardlists import expand_urls

from abdiffuser_training.data.sample import PICTURES
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Files", "expand", "is_address", "list_files"]

_LOG = logging.getLogger(__name__)

Files = dict[str, "bytes | Path"]
"""Files of one picture by extension: their content, or where it is."""


# Two letters at least: one is a drive's.
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]+):")
_TIMEOUT = (30.0, 60.0)  # seconds without a connection, without a byte
_RETRIES = Retry(
    total=4, backoff_factor=0.5, status_forcelist=(408, 429, 500, 502, 503, 504), redirect=20
)


def is_address(place: str) -> bool:
    """Whether a place is to be fetched: ``http://…`` or ``https://…``; else it is a path.

    Configurations are handed on, so that what else looks like an address is refused. WebDataset's
    own opener is used for none: it runs whatever follows ``pipe:`` in a shell.

    Raises
    ------
    InvalidRequest
        It is another kind of address, and no file of that name is there.
    """
    found = _SCHEME.match(place)
    scheme = "" if found is None else found[1].lower()
    if scheme in ("http", "https") and _host(place):
        return True
    if scheme in ("", "file") or Path(place).exists():
        return False
    raise InvalidRequest(
        f"{place} is not opened: shards are paths, file:// or http(s):// addresses. Download it, "
        "or put ./ before a file of that name."
    )


def _host(place: str) -> str:
    try:
        return urlsplit(place).hostname or ""
    except ValueError:  # brackets that are no IPv6 address
        return ""


def _local(place: str) -> str:
    """Return the path that a place means: without ``file:``, which may stand before it."""
    if place[:5].lower() != "file:":
        return place
    rest = place[5:]
    if rest.startswith("//"):
        host, _, path = rest[2:].partition("/")
        if host.lower() not in ("", "localhost"):
            raise InvalidRequest(f"{place} names another computer: write file:///path/to/shard.")
        rest = f"/{path}"
    return rest if Path(rest).exists() else url2pathname(rest)


@contextmanager
def _opened(place: str) -> Iterator[Any]:
    """Open a shard, without any other program."""
    if not is_address(place):
        with open(place, "rb") as file:
            yield file
        return
    with requests.Session() as session:
        # Mounted for these two alone, so that a redirection leads to nothing else.
        for prefix in ("http://", "https://"):
            session.mount(prefix, HTTPAdapter(max_retries=_RETRIES))
        # The bytes as they lie there: a tar file that was packed on the way is not unpacked below.
        asked = {"Accept-Encoding": "identity"}
        with session.get(place, headers=asked, stream=True, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            answer.raw.enforce_content_length = True  # urllib3 1 takes a break for the end
            yield answer.raw


def expand(places: Iterable[str | Path]) -> list[str]:
    """Expand braces (``train-{000..019}.tar``) and, in paths, ``*``, ``?`` and ``~``.

    Parameters
    ----------
    places : iterable of str or Path
        Tar shards, folders or addresses (``https://…``).

    Returns
    -------
    list of str
        Every place once, in the order given; what a ``*`` stands for is sorted.

    Raises
    ------
    InvalidRequest
        If a pattern fits nothing, there is nothing at a path, or it is another kind of address.
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
    path = Path(_local(name)).expanduser()
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
        If there is no picture, or it is another kind of address.
    """
    text = str(place)
    far = is_address(text)
    text = text if far else _local(text)
    if not far and Path(text).is_dir():
        grouped = _in_folder(Path(text))
    else:
        if not far and not (Path(text).is_file() and tarfile.is_tarfile(text)):
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
        with _opened(place) as stream:
            for sample in _samples(place, stream, broken, doubtful):
                last = str(sample["__key__"])
                files = {k: v for k, v in sample.items() if not k.startswith("__")}
                # The files of a key need not be neighbours.
                grouped.setdefault(last, {}).update(files)
    except (OSError, ValueError, HTTPError) as error:  # no such address, a transfer that failed
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
