"""Clicks on look-alike objects: a colour of its own for each, and what counts."""

from __future__ import annotations

import numpy as np
import torch

from abdiffuser_training.data.clicking import clicked
from abdiffuser_training.hint_sampling import HintBatch
from abdiffuser_training.hint_sampling.paths import hint_nearness
from napari_abdiffuser.imaging.colorspace import gamut_map
from napari_abdiffuser.model.guide.geodesic import HintPaths

LIGHTNESS = np.full((64, 64), 60, np.float32)


def grid():
    """Sixteen squares of ten pixels on a ground, numbered from one."""
    instances = np.zeros((64, 64), np.int32)
    for number in range(16):
        top, left = 4 + 15 * (number // 4), 4 + 15 * (number % 4)
        instances[top : top + 10, left : left + 10] = number + 1
    return instances


def middles(boxes):
    top, left, bottom, right = boxes.T
    return (top + bottom) // 2, (left + right) // 2


def test_every_hinted_object_has_one_hint_and_a_hue_of_its_own():
    instances = grid()
    for seed in range(40):
        made = clicked(instances, LIGHTNESS, np.random.default_rng(seed))
        labels = instances[middles(made.boxes)]
        hinted = labels[labels > 0]
        assert len(set(hinted)) == len(hinted)
        inside = {n: made.chroma[instances == n].mean(0) for n in hinted}
        assert min(np.hypot(*color) for color in inside.values()) > 15
        for one in hinted:
            for other in hinted:
                if one != other:
                    assert np.linalg.norm(inside[one] - inside[other]) > 1
        others = ~np.isin(instances, hinted)
        far = others & (made.counted == 0)
        assert not (made.counted[np.isin(instances, hinted)] != 2).any()
        assert (made.counted[(instances > 0) & others] == 0).all()
        assert np.abs(made.chroma[far]).max() < 1 or far.sum() == 0


def test_a_ground_without_gray_hints_counts_only_beside_hinted_objects():
    instances = grid()
    with_grays = {True: 0, False: 0}
    for seed in range(60):
        made = clicked(instances, LIGHTNESS, np.random.default_rng(seed))
        grays = bool((instances[middles(made.boxes)] == 0).any())
        with_grays[grays] += 1
        corner = made.counted[0, 63]  # far from everything, or beside a hinted object
        assert corner in ((1, 2) if grays else (0, 2))
    assert 30 < with_grays[True] < 57


def test_colours_are_those_that_the_lightness_can_show():
    lightness = np.tile(np.linspace(1, 99, 64, dtype=np.float32), (64, 1))
    made = clicked(grid(), lightness, np.random.default_rng(3))
    shown = gamut_map(lightness, made.chroma)
    assert np.abs(shown - made.chroma).mean() < 0.5  # softened borders leave the gamut a little


def test_specks_are_not_clicked():
    assert clicked(np.eye(64, dtype=np.int32), LIGHTNESS, np.random.default_rng(0)) is not None
    assert clicked(np.zeros((64, 64), np.int32), LIGHTNESS, np.random.default_rng(0)) is None


def test_the_nearness_of_a_batch_is_that_of_each_picture_and_zero_for_padding():
    seen = torch.rand(2, 1, 16, 12, generator=torch.Generator().manual_seed(1)) * 2 - 1
    positions = torch.tensor([[[1.0, 2.0], [5.0, 3.0]], [[4.0, 4.0], [0.0, 0.0]]])
    valid = torch.tensor([[True, True], [True, False]])
    hints = HintBatch(positions, torch.zeros(2, 2, 2), valid, torch.zeros(2, 3, 8, 6))
    near = hint_nearness(seen, hints)
    small = torch.nn.functional.avg_pool2d(seen, 2)
    for i in range(2):
        paths = HintPaths(small[i, 0].numpy())
        assert torch.equal(near[i, valid[i]], paths.nearness(positions[i, valid[i]]))
    assert not near[1, 1].any()
