"""What was read of slices that nobody visited, and what the state knows of them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdiffuser.imaging.hints import Hints, RegionHint
from napari_abdiffuser.studio.document.found_hints import with_found_hints, with_read_slices
from napari_abdiffuser.studio.document.state import PictureIdentity, StudioState

GOLD = Hints.from_points([(1, 2)], ["gold"], classes=["cell"])
TWO = Hints.from_points([(1, 2), (5, 6)], ["gold", "gold"], classes=["cell", "cell"])


@pytest.fixture
def state() -> StudioState:
    picture = PictureIdentity("picture", "picture", (9, 9), (600,), None, "")
    return StudioState().open(picture).add_class("cell", "gold").add_class("other", "navy")


def test_found_hints_are_in_every_step_and_take_the_color_of_their_class(state: StudioState):
    state = state.recolor_class("cell", "red")
    known = with_read_slices(state, {(n,): GOLD for n in range(1, 600)}, "Change")
    assert len(known.history.past_steps) == len(state.history.past_steps)
    assert known.document.hints((7,)).points[0].color == (1.0, 0.0, 0.0)
    before = known.undo()
    assert before.document.hints((7,)).points[0].color == GOLD.points[0].color
    assert before.legend.names == state.legend.names
    assert with_read_slices(known, {(7,): GOLD}, "Change") is known


def test_only_what_is_not_known_is_found(state: StudioState):
    state = with_read_slices(state, {(3,): GOLD}, "Change")
    state = with_read_slices(state, {(3,): TWO}, "Change")
    assert [(p.y, p.x) for p in state.document.hints((3,)).points] == [(1, 2), (5, 6)]


def test_points_that_are_gone_are_a_step_of_undo(state: StudioState):
    state = with_read_slices(state, {(3,): TWO, (4,): GOLD}, "Change")
    fewer = with_read_slices(state, {(3,): GOLD, (4,): Hints()}, "Change hints")
    assert dict(fewer.document.slices) == {(3,): GOLD}
    assert fewer.history.undo_label == "Change hints"
    assert fewer.undo().document.slices == state.document.slices


def test_regions_that_overlap_are_not_taken_for_others(state: StudioState):
    mask = np.ones((9, 9), bool)
    both = Hints(regions=(RegionHint(mask, (1, 0, 0), "a"), RegionHint(mask, (0, 1, 0), "b")))
    state = with_read_slices(state, {(3,): both}, "Change")
    seen = Hints(regions=both.regions[1:])
    assert with_read_slices(state, {(3,): seen}, "Change") is state


def test_hints_of_the_present_slice_join_those_of_another_color(state: StudioState):
    state = with_found_hints(state, GOLD).recolor_class("cell", "red")
    other = Hints.from_points([(5, 6)], ["gold"], classes=["cell"])
    assert [p.color for p in with_found_hints(state, other).hints.points] == [(1, 0, 0)] * 2
