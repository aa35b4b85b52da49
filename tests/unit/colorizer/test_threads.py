"""The number of threads for small work."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.colorizer.threads import SMALL, one_thread


@pytest.fixture
def three():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("numbers", "device", "expected"),
    [(SMALL, "cpu", 1), (SMALL + 1, "cpu", 3), (5, "meta", 3)],
)
def test_one_thread_for_what_is_small_on_a_cpu(three, numbers, device, expected):
    try:
        with one_thread(torch.device(device), numbers) as threads:
            assert threads == (1 if device == "meta" else 3)
            assert torch.get_num_threads() == expected
            raise MemoryError
    except MemoryError:
        assert torch.get_num_threads() == 3
