"""A figure names classes as they are called now, whenever its colouring was made."""

from __future__ import annotations

import numpy as np

from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.legend.present_names import identities, with_present_names


def made():
    legend = Legend().add("a", "red").add("b", "blue")
    red, blue = legend["a"].color, legend["b"].color
    hints = Hints((PointHint(1, 1, 3, red, "a"),), (RegionHint(np.eye(3, dtype=bool), blue, "b"),))
    return legend, hints, {"seed": 0, "hints": hints.to_dict()}


def names(provenance):
    hints = provenance["hints"]
    return [item["class"] for item in (*hints["points"], *hints["regions"])]


def test_names_follow_whatever_happens_to_the_classes():
    legend, hints, told = made()
    known = identities(legend, hints)
    assert with_present_names(told, known, legend) is told
    swapped = legend.rename("a", "c").rename("b", "a").rename("c", "b")
    assert names(with_present_names(told, known, swapped)) == ["b", "a"]
    recolored = legend.recolor("a", "green").rename("a", "cells").lock("b", True)
    assert names(with_present_names(told, known, recolored)) == ["cells", "b"]
    removed = legend.remove("a").add("other", "red")
    assert names(with_present_names(told, known, removed)) == ["a", "b"]
    assert names(told) == ["a", "b"]


def test_of_a_file_classes_are_known_by_name_and_else_by_colour():
    legend, _, told = made()
    assert names(with_present_names(told, {}, legend.rename("a", "cells"))) == ["cells", "b"]
    again = legend.recolor("a", "green").add("new", "red")
    assert with_present_names(told, {}, again) is told
    assert with_present_names({"hints": "broken"}, {}, legend) == {"hints": "broken"}
    assert with_present_names({"hints": {"points": [3]}}, {}, legend) == {"hints": {"points": [3]}}
