"""Batches made ahead by threads, handed out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from abdiffuser_training.engine.task import Place

__all__ = ["Prefetch"]


class Prefetch:
    """Makes the batches of the places that follow each other, ahead of time.

    Decoding, resizing and array arithmetic let go of Python's lock, so threads are enough and
    pictures in memory are shared.

    Parameters
    ----------
    batch : callable
        Of a place; called from threads.
    following : callable
        The places to come, one after the other: called with the number of the batch.
    workers : int
        Threads; with 0 each batch is made when it is asked for.
    """

    def __init__(
        self, batch: Callable[[Place], Any], following: Callable[[int], Place | None], workers: int
    ) -> None:
        self._batch = batch
        self._following = following
        self._pool = ThreadPoolExecutor(workers, "batches") if workers else None
        self._ahead = 2 * workers
        self._number = 0
        self._waiting: deque[Future[Any]] = deque()

    def take(self) -> Any:
        """Next batch; errors of its making are raised here."""
        if self._pool is None:
            place = self._following(self._number)
            assert place is not None
            self._number += 1
            return self._batch(place)
        while len(self._waiting) <= self._ahead:
            place = self._following(self._number)
            if place is None:
                break
            self._waiting.append(self._pool.submit(self._batch, place))
            self._number += 1
        return self._waiting.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
