"""What is asked for is checked before any work is done."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdiffuser.colorizer.requests import PaintRequest
from napari_abdiffuser.errors import ABDiffuserError, InvalidHints, InvalidRequest
from napari_abdiffuser.imaging.hints import Hints

GOOD = {
    "hints": None,
    "n_outputs": 1,
    "steps": 4,
    "seed": 0,
    "background": "auto",
    "progress": None,
    "cancel": None,
    "shape": (8, 9),
}


@pytest.mark.parametrize(
    "wrong",
    [
        *({"n_outputs": n} for n in (65, -1, 1.5, True, "3", None, np.array([1, 2]))),
        *({"steps": n} for n in (0, -1, 1001, 2.0, False)),
        *({"seed": n} for n in (-1, 2**63, 0.5, "0", None)),
        *({"background": b} for b in ("blue", None, 0, ["auto"], np.array(["auto", "gray"]))),
        {"progress": 3},
        {"cancel": True},
    ],
    ids=repr,
)
def test_a_wrong_option_is_named(wrong):
    with pytest.raises(InvalidRequest, match=next(iter(wrong))):
        PaintRequest(**{**GOOD, **wrong})


@pytest.mark.parametrize("hints", ["x", [], {}, 3, np.zeros((8, 9))], ids=repr)
def test_what_is_no_hints_object(hints):
    with pytest.raises(InvalidHints, match=r"Hints\.from_points"):
        PaintRequest(**{**GOOD, "hints": hints})


@pytest.mark.parametrize(
    "hints",
    [
        Hints.from_points([[8, 0]], ["red"]),
        Hints.from_labels(np.ones((9, 8), int), {1: "red"}),
    ],
    ids=["outside", "shape"],
)
def test_hints_that_do_not_fit(hints):
    with pytest.raises(InvalidHints):
        PaintRequest(**{**GOOD, "hints": hints})


def test_whole_numbers_of_any_kind_are_whole_numbers():
    request = PaintRequest(
        **{**GOOD, "n_outputs": np.uint8(64), "steps": np.int64(7), "seed": 2**63 - 1}
    )
    assert (request.n_outputs, request.steps, request.seed) == (64, 7, 2**63 - 1)
    assert type(request.n_outputs) is int
    assert len(request.hints) == 0


def test_these_errors_are_the_packages_own():
    assert issubclass(InvalidRequest, ABDiffuserError)
    assert issubclass(InvalidRequest, ValueError)
