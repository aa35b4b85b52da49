"""Handling of insufficient memory: smaller batches, and errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

import torch

from napari_abdiffuser.errors import OutOfMemory

__all__ = ["Attempt", "halving", "is_out_of_memory", "within_memory"]

T = TypeVar("T")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on whatever device."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    # Allocators of the CPU and of MPS raise plain RuntimeErrors.
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text
    )


class Attempt:
    """Context of one batch: swallows an out-of-memory error and remembers it."""

    def __init__(self) -> None:
        self.failed = False

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.failed = error is not None and is_out_of_memory(error)
        return self.failed


def halving(items: list[T], size: int) -> Iterator[tuple[int, list[T], Attempt]]:
    """Yield batches of items; a batch whose attempt ran out of memory comes again, halved.

    Parameters
    ----------
    items : list
        What to go through.
    size : int
        Largest batch to begin with.

    Yields
    ------
    tuple
        Index of the first item, the batch, and the context to work in.

    Raises
    ------
    OutOfMemory
        If not even one item at a time goes.
    """
    start = 0
    while start < len(items):
        attempt = Attempt()
        batch = items[start : start + size]
        yield start, batch, attempt
        if not attempt.failed:
            start += len(batch)
            continue
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if len(batch) == 1:
            raise OutOfMemory(
                "Memory does not suffice for even one output: close other programs, choose "
                "device='cpu', or colorize a smaller picture."
            )
        size = len(batch) // 2


class within_memory:
    """Context without gradients that turns errors of allocators into `OutOfMemory`."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._mode = torch.inference_mode()

    def __enter__(self) -> None:
        self._mode.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._mode.__exit__(kind, error, trace)
        if error is not None and is_out_of_memory(error) and not isinstance(error, OutOfMemory):
            raise OutOfMemory(
                f"Memory does not suffice for {self._what}: ask for fewer, close other programs, "
                "or choose device='cpu'."
            ) from error
