"""Batches are halved until they fit."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.colorizer.memory import halving, is_out_of_memory
from napari_abdiffuser.errors import OutOfMemory


def run(count, size, most):
    """Sizes of the batches tried, and the items done, where at most `most` fit."""
    tried, done = [], []
    for first, batch, attempt in halving(list(range(count)), size):
        tried.append(len(batch))
        with attempt:
            if len(batch) > most:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
            assert batch[0] == first
            done.extend(batch)
    return tried, done


@pytest.mark.parametrize(
    ("count", "size", "most", "expected"),
    [
        (5, 64, 64, [5]),
        (5, 2, 64, [2, 2, 1]),
        (8, 8, 3, [8, 4, 2, 2, 2, 2]),
        (3, 3, 1, [3, 1, 1, 1]),
        (0, 4, 4, []),
    ],
)
def test_every_item_is_done_once_and_in_order(count, size, most, expected):
    tried, done = run(count, size, most)
    assert tried == expected
    assert done == list(range(count))


def test_where_not_even_one_fits():
    with pytest.raises(OutOfMemory, match="choose device='cpu'"):
        run(4, 4, 0)


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="shapes"):  # noqa: PT012
        for _first, _batch, attempt in halving([1, 2], 2):
            with attempt:
                raise RuntimeError("shapes do not fit")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.cuda.OutOfMemoryError("x"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("something else"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_which_errors_mean_that_memory_ran_out(error, expected):
    assert is_out_of_memory(error) is expected
