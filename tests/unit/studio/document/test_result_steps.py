"""Undo and redo of what comes into the gallery and of what is discarded from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.document.state import PictureIdentity, StudioState
from napari_abdiffuser.studio.project.project import apply_project, project_of

SHAPE = (20, 30)
PICTURE = PictureIdentity("layer 1", "pollen", SHAPE)
STACK = PictureIdentity("layer 2", "stack", SHAPE, leading=(4,))


def picture(value):
    return np.full((*SHAPE, 3), value, np.uint8)


def run(state, *values, index=None, label="Colorize", **options):
    """Deliver a run, of which the first picture is shown."""

    def add(gallery):
        first = len(gallery.variations) + 1
        return gallery.add([picture(v) for v in values], 0, index=index).show(first)

    return state.deliver(add, label, **options)


@pytest.fixture
def state():
    """Two runs of three: the first of the second, number 4, is shown."""
    first = run(StudioState().open(PICTURE), 1, 2, 3)
    return run(first.set_hints(Hints.from_points([(3, 4)], ["gold"], 3), "Add hint"), 4, 5, 6)


def test_a_run_on_another_slice_forgets_nothing():
    state = run(StudioState().open(STACK).at((3,)), 1, index=(3,))
    state = run(state.at((0,)), 2, index=(0,))
    assert kept(state) == 2
    assert kept(state.undo()) == 1
    assert kept(state.undo().undo()) is None
    assert kept(state.undo().undo().redo().redo()) == 2


def test_discarding_more_than_the_budget_can_be_undone_and_costs_no_hint(state):
    tight = replace(state, history=replace(state.history, budget=10))
    rest = tight.discard([2, 3, 5, 6])
    assert visible(rest) == [1, 4]
    assert visible(rest.undo()) == [1, 2, 3, 4, 5, 6]
    later = rest.set_hints(Hints.from_points([(5, 6)], ["red"], 3), "Add hint")
    back = later.undo().undo().undo().undo()  # pixels are gone, hints are not
    assert len(back.hints) == 0
    assert len(back.redo().redo().hints) == 1


def visible(state):
    return [v.number for v in state.gallery.visible]


def kept(state):
    """The value of the colouring that undo has gone to."""
    colouring = state.document.colouring
    return None if colouring is None else int(colouring.rgb[0, 0, 0])


def test_a_run_is_a_step_that_goes_back_to_what_was_shown(state):
    assert state.history.undo_label == "Colorize"
    looked = run(state.with_gallery(lambda g: g.show(2)), 7, label="More like this")
    assert kept(looked) == 7
    assert kept(looked.undo()) == 2  # not 4, which was shown when the run before had ended
    assert visible(looked.undo()) == [1, 2, 3, 4, 5, 6, 7]  # nothing is lost
    assert kept(looked.undo().redo()) == 7
    assert kept(looked.undo().undo()) == 1
    first = looked.undo().undo().undo().undo()
    assert kept(first) is None
    assert not first.history.can_undo


def test_under_a_preview_nothing_was_seen(state):
    assert kept(run(state, 7, seen=False).undo()) is None


def test_a_run_of_another_slice_or_without_a_name_is_no_step():
    stack = run(StudioState().open(STACK).at((1,)), 1)
    there = run(stack, 2, index=(2,))
    assert there.history is stack.history
    assert there.gallery.shown_at == {(1,): 1, (2,): 2}
    assert run(stack, 2, label="").history is stack.history


def test_what_is_discarded_comes_back_with_its_pixels(state):
    gone = state.discard([4, 6])
    assert gone.history.undo_label == "Discard 2 colourings"
    assert visible(gone) == [1, 2, 3, 5]
    assert gone.gallery.shown == 1
    assert gone.gallery[4].rgb is None
    back = gone.undo()
    assert visible(back) == [1, 2, 3, 4, 5, 6]
    assert back.gallery[4].rgb is state.gallery[4].rgb
    assert kept(back) == 4
    again = back.redo()
    assert visible(again) == [1, 2, 3, 5]
    assert kept(again) == 1
    assert visible(again.undo()) == [1, 2, 3, 4, 5, 6]
    assert state.discard([]) == state


def test_steps_in_between_do_not_keep_it_from_coming_back(state):
    moved = state.discard([5]).set_saturation(0.5).discard([6])
    assert moved.history.undo_label == "Discard 6"
    assert visible(moved.undo()) == [1, 2, 3, 4, 6]
    assert visible(moved.undo().undo().undo()) == [1, 2, 3, 4, 5, 6]
    # Another one discarded after undo is a step of its own.
    other = moved.undo().undo().undo().discard([1])
    assert visible(other.undo()) == [1, 2, 3, 4, 5, 6]
    assert not other.history.can_redo


def test_a_star_given_after_undo_is_respected_by_redo(state):
    starred = state.discard([5]).undo().with_gallery(lambda g: g.star(5))
    assert visible(starred.redo()) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(InvalidRequest, match="kept"):
        starred.discard([5])


def test_pixels_of_discarded_ones_are_within_the_budget_of_the_history(state):
    size = picture(0).nbytes
    small = replace(state, history=replace(state.history, budget=3 * size))
    gone = small
    for number in (1, 2, 3, 5, 6):
        gone = gone.discard([number])
        assert gone.history.bytes_held() <= 3 * size
    while gone.history.can_undo:
        gone = gone.undo()
    assert set(visible(gone)) >= {4, 5, 6}
    assert 1 not in visible(gone)


def test_a_coloring_that_is_gone_is_not_what_undo_holds_on_to(state):
    elsewhere = state.with_gallery(lambda g: g.show(2)).discard([4])
    assert elsewhere.gallery.shown == 2
    assert kept(elsewhere) == 2


def test_a_project_that_is_applied_brings_nothing_back(state):
    gone = state.discard([4])
    applied, _ = apply_project(gone, project_of(gone))
    assert applied.document.discards == {4}
    assert visible(applied.set_saturation(0.3).undo()) == visible(gone)
