"""Which changes of hints change the colours on screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint
from napari_abdiffuser.jobs.live import same_look

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def test_names_alone_change_no_colours_and_everything_else_does():
    mask = np.eye(5, dtype=bool)
    a, b = PointHint(1, 2, 3, RED, "a"), PointHint(3, 2, 3, RED, "b")
    region = RegionHint(mask, BLUE, "c", hard=False)
    hints = Hints((a, b), (region,))

    def look(points=(a, b), regions=(region,)):
        return same_look(hints, Hints(points, regions))

    assert look()
    assert look((replace(a, class_name="new"), b))
    assert look(regions=(replace(region, class_name="new"),))
    assert not look((replace(a, class_name="b"), b))  # classes that are one paint together
    assert not look((replace(a, color=BLUE), b))
    assert not look((replace(a, y=2), b))
    assert not look((a,))
    assert not look(regions=(replace(region, hard=True),))
    assert not look(regions=(replace(region, mask=~mask),))
