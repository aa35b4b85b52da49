"""Download of a model, checked on arrival and moved into place when it is whole."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pooch
import requests

from napari_abdiffuser.errors import Cancelled, ModelCorrupt, ModelNotFound
from napari_abdiffuser.weights.files import sha256_of
from napari_abdiffuser.weights.registry import URL_VARIABLE, ModelEntry, Registry, load_registry

__all__ = ["fetch"]

RETRY_WAITS = (0.5, 2.0)  # seconds before the second and the third try
TIMEOUT = (10.0, 30.0)  # seconds without a connection, without a byte
STALE = 24 * 3600.0  # seconds after which another process' unfinished download is swept away
_CHUNK = 1 << 16
_PART = ".part-"

# One lock a file, so that two threads that want the same model download it once.
_locks: dict[Path, threading.Lock] = {}
_locks_guard = threading.Lock()


def fetch(
    name: str,
    progress: Callable[[int, int], None] | None = None,
    *,
    cancel: Callable[[], bool] | None = None,
    registry: Registry | None = None,
) -> Path:
    """Return the file of a model, downloaded unless it is there and whole.

    Parameters
    ----------
    name
        A registry name. For an embedded model its path is returned as it is.
    progress
        Called with (bytes so far, bytes in all), from the calling thread; a retry starts at 0.
    cancel
        Asked at each piece that arrives (64 KiB); True raises `Cancelled` and keeps nothing.
    registry
        Another registry than the package's own.

    Returns
    -------
    Path
        The file in the cache folder, its hash checked.

    Raises
    ------
    ModelNotFound
        No such model, no server, or the server does not have it; tells where to put the file.
    ModelCorrupt
        What arrived is incomplete or has another hash; nothing of it is kept.
    Cancelled
        `cancel` returned True.
    """
    registry = registry or load_registry()
    entry = registry.get(name)
    place = registry.place(entry)
    if entry.embedded:
        if not place.is_file():
            raise ModelNotFound(
                f"The model {name!r} comes with the package, but its file is missing. "
                f"Reinstall napari-abdiffuser, or put the file {entry.file} here: {place}"
            )
        return place
    with _locks_guard:
        lock = _locks.setdefault(place, threading.Lock())
    while not lock.acquire(timeout=0.1):  # another thread fetches this very file
        _check(cancel)
    try:
        try:
            there = place.is_file() and sha256_of(place) == entry.sha256
        except OSError as error:  # a name that the file system does not allow
            raise _not_fetched(error, entry, place, "") from error
        if not there:
            _fetch_with_retries(entry, place, registry.address(), progress, cancel)
        return place
    finally:
        lock.release()


def _fetch_with_retries(
    entry: ModelEntry,
    place: Path,
    address: str | None,
    progress: Callable[[int, int], None] | None,
    cancel: Callable[[], bool] | None,
) -> None:
    if address is None:
        raise ModelNotFound(
            f"No address is known to fetch the model {entry.name!r} from: set {URL_VARIABLE}, "
            f"or {_put_it(entry, place)}"
        )
    url = f"{address.rstrip('/')}/{entry.file}"
    for wait in (*RETRY_WAITS, None):
        sink = _Sink(entry, progress, cancel)
        try:
            _download(url, sink, place)
            return
        except (OSError, ValueError) as error:
            if not isinstance(error, requests.RequestException):
                raise _not_fetched(error, entry, place, url) from error
            status = error.response.status_code if error.response is not None else None
            if wait is None or (status is not None and status < 500):
                raise _explain(error, entry, place, url, sink) from error
        _pause(wait, cancel)


def _download(url: str, sink: _Sink, place: Path) -> None:
    """Download into a folder of its own beside `place`, then check and move."""
    entry = sink.entry
    place.parent.mkdir(parents=True, exist_ok=True)
    _sweep(place.parent)
    with tempfile.TemporaryDirectory(prefix=_PART, dir=place.parent) as folder:
        part = Path(folder) / entry.file
        with part.open("wb") as file:
            sink.start(file)
            # No progress bar of pooch's: it counts pieces, the sink counts bytes.
            get = pooch.HTTPDownloader(chunk_size=_CHUNK, timeout=TIMEOUT, hooks=sink.hooks)
            try:
                get(url, sink, None)
            finally:
                sink.close()
        if sink.done != entry.size or sink.hash.hexdigest() != entry.sha256:
            raise ModelCorrupt(
                f"What {_bare(url)} sent is not the model {entry.name!r}: {sink.done} bytes with "
                f"sha256 {sink.hash.hexdigest()}, instead of {entry.size} bytes with "
                f"{entry.sha256}. "
                f"Nothing was kept. Try again later, or {_put_it(entry, place)}"
            )
        os.replace(part, place)


class _Sink:
    """A file to write to that hashes, counts, reports and can stop the transfer."""

    def __init__(
        self,
        entry: ModelEntry,
        progress: Callable[[int, int], None] | None,
        cancel: Callable[[], bool] | None,
    ) -> None:
        self.entry = entry
        self.done = 0
        self.hash = hashlib.sha256()
        # pooch leaves the connection open when a transfer is refused or stopped: remember it.
        self.hooks = {"response": self._remember}
        self._responses: list[requests.Response] = []
        self._progress = progress
        self._cancel = cancel

    def start(self, file: IO[bytes]) -> None:
        _check(self._cancel)
        self._file = file
        self._report()

    def write(self, data: bytes) -> int:
        _check(self._cancel)
        self._file.write(data)
        self.hash.update(data)
        self.done += len(data)
        if self.done > (self.entry.size or 0):
            raise ModelCorrupt(
                f"The server sends more than the {self.entry.size} bytes that the model "
                f"{self.entry.name!r} has. Nothing was kept. Check {URL_VARIABLE}."
            )
        self._report()
        return len(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        for response in self._responses:
            response.close()

    def _remember(self, response: requests.Response, **_: object) -> None:
        self._responses.append(response)

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(self.done, self.entry.size or 0)


def _explain(
    error: requests.RequestException, entry: ModelEntry, place: Path, url: str, sink: _Sink
) -> ModelCorrupt | ModelNotFound:
    # The library's own words hold the address as it was given, with any password in it.
    reason = _bare(str(error))
    url = _bare(url)
    if sink.done:
        return ModelCorrupt(
            f"The transfer of {url} broke off after {sink.done} of {entry.size} bytes. Nothing "
            f"was kept. Try again, or {_put_it(entry, place)}"
        )
    if place.is_file():
        return ModelCorrupt(
            f"The model file {place} is damaged, and {url} could not be fetched again ({reason}). "
            f"Try again with a network, or {_put_it(entry, place)}"
        )
    return ModelNotFound(
        f"The model {entry.name!r} could not be fetched from {url} ({reason}). "
        f"Without a network, {_put_it(entry, place)}"
    )


def _not_fetched(error: Exception, entry: ModelEntry, place: Path, url: str) -> ModelNotFound:
    """Explain what is no answer of a server's: the cache's disk, or a malformed address."""
    reason = _bare(str(getattr(error, "strerror", None) or error))
    what = f"kept in {place.parent}" if isinstance(error, OSError) else f"fetched from {_bare(url)}"
    return ModelNotFound(
        f"The model {entry.name!r} could not be {what} ({reason}). Choose another cache folder "
        f"with ABDIFFUSER_CACHE, check {URL_VARIABLE}, or {_put_it(entry, place)}"
    )


def _bare(text: str) -> str:
    """Return a text whose addresses are without user names and passwords."""
    return re.sub(r"(?<=//)[^/\s]*@", "", text)


def _put_it(entry: ModelEntry, place: Path) -> str:
    return f"put the file {entry.file} here: {place}"


def _check(cancel: Callable[[], bool] | None) -> None:
    if cancel is not None and cancel():
        raise Cancelled("The download was cancelled; nothing was kept.")


def _pause(seconds: float, cancel: Callable[[], bool] | None) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        _check(cancel)
        time.sleep(min(left, 0.1))


def _sweep(folder: Path) -> None:
    """Remove what killed processes left half-written."""
    for left in folder.glob(f"{_PART}*"):
        try:
            stale = time.time() - left.stat().st_mtime > STALE
        except OSError:  # another process finished and removed it
            continue
        if stale:
            shutil.rmtree(left, ignore_errors=True)
