"""The most typical colouring."""

from __future__ import annotations

import numpy as np

from napari_abdiffuser.imaging.medoid import medoid

COLORS = ((200, 40, 40), (200, 90, 40), (40, 40, 200), (128, 128, 128))
RED, ORANGE, BLUE, GRAY = (np.full((90, 130, 3), color, np.uint8) for color in COLORS)


def test_the_one_between_others_is_typical():
    assert medoid([BLUE, ORANGE, RED]) == 2  # as near to orange, and nearer to blue
    assert medoid([BLUE, RED, RED, GRAY]) == 1


def test_one_alone_and_two_alike():
    assert medoid([BLUE]) == 0
    assert medoid([RED, BLUE]) == 0
