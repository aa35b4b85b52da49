"""Work spread over processes: results in order, and no orphans when the parent is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from napari_abdiffuser.errors import InvalidRequest

__all__ = ["available_cpus", "ordered_map"]

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 4  # results a worker may be ahead of their reader: bounds the memory


def available_cpus() -> int:
    """Count the processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C and ends the pool
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        # A worker keeps its own queue open, so a killed parent would leave it waiting for ever.
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def ordered_map(function: Callable[[T], R], items: Iterable[T], workers: int = 1) -> Iterator[R]:
    """Apply a function to items, the results in the items' order whatever the number of workers.

    Parameters
    ----------
    function : Callable[[T], R]
        A function of a module's top level; its argument and its result are pickled.
    items : Iterable[T]
        Arguments; read only a little ahead of the results.
    workers : int
        Processes; 1 or less works in this one.

    Yields
    ------
    R
        One result an item.

    Raises
    ------
    InvalidRequest
        If a worker process dies, which mostly means that memory ran out.
    """
    if workers <= 1:
        yield from map(function, items)
        return
    # Spawned rather than forked: threads of the parent (BLAS, logging) do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    pending: deque[Future[R]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= _AHEAD * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool as error:
        raise InvalidRequest(
            "A worker process died, which mostly means that memory ran out: run again with fewer "
            "--workers; what is finished is kept."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
