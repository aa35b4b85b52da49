"""Single-threaded execution of small work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["SMALL", "one_thread"]

SMALL = 1 << 20
"""Up to so many numbers an operation's pieces are done sooner than handed out."""


@contextmanager
def one_thread(device: torch.device, numbers: int = 0) -> Iterator[int]:
    """Let torch work in the calling thread alone, and in those begun meanwhile.

    Hundreds of operations of a few microseconds each would wait for each other's last piece, and
    while a window draws on the same cores that piece waits for a turn. The number of threads is
    that of the calling thread; others that compute at the same time keep theirs.

    Parameters
    ----------
    device : torch.device
        Where; only a CPU has threads.
    numbers : int
        How many the largest operation makes; above `SMALL` nothing is changed.

    Yields
    ------
    int
        How many threads torch would use: as many may be begun. 1 where there is no CPU.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu":
        yield 1
        return
    if numbers > SMALL or threads == 1:
        yield threads
        return
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)
