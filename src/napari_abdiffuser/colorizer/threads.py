"""Small work in one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["SMALL", "one_thread"]

SMALL = 1 << 20
"""Up to so many numbers an operation's pieces are done sooner than handed out."""


@contextmanager
def one_thread(numbers: int, device: torch.device) -> Iterator[None]:
    """Let torch work in the calling thread alone while there is little to do.

    Hundreds of operations of a few microseconds each would wait for each other's last piece, and
    while a window draws on the same cores that piece waits for a turn. The number of threads is
    that of the calling thread; others that compute at the same time keep theirs.

    Parameters
    ----------
    numbers : int
        How many the largest operation makes; above `SMALL` nothing is changed.
    device : torch.device
        Where; only a CPU has threads.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or numbers > SMALL or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
