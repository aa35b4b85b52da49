"""Sweeps that keep what depends on the picture alone are the propagation's own."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser.model.guide.propagation import Affinity, solve
from napari_abdiffuser.model.guide.sweeps import Sweeps


@pytest.mark.parametrize(("height", "width"), [(6, 7), (1, 1), (1, 9), (20, 3)])
@pytest.mark.parametrize("channels", [1, 2, 9])
def test_the_same_as_solve(height, width, channels):
    generator = torch.Generator().manual_seed(height)

    def rand(count):
        return torch.rand(1, count, height, width, generator=generator)

    affinity = Affinity(rand(24), 0.5 + rand(1), (4, 2, 1))
    strength = 20 * (rand(1) < 0.3).float()
    relaxation = torch.tensor([1.0, 1.4, 0.0, 0.7])
    sweeps = Sweeps(affinity, relaxation)
    for _ in range(2):  # nothing is left over from the first time
        attended, hint = rand(channels), rand(channels)
        expected = solve(affinity, attended, hint, strength, relaxation)
        made = sweeps(attended, hint, strength, affinity.screening)
        torch.testing.assert_close(made, expected)
