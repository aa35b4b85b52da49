from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.document.document import Corrections
from napari_abdiffuser.studio.document.state import PictureIdentity, StudioState
from napari_abdiffuser.studio.legend.classes import Legend
from napari_abdiffuser.studio.project.project import apply_project, project_of

PICTURE = PictureIdentity("layer 1", "pollen", (20, 30), pixel_size=(0.1, 0.1), unit="µm")
STACK = PictureIdentity("layer 2", "stack", (20, 30), leading=(4,))


def dot(y, x, name, color):
    return Hints.from_points([(y, x)], [color], 3, [name])


@pytest.fixture
def state():
    return StudioState().open(PICTURE).set_hints(dot(3, 4, "cell", "gold"), "Add hint")


def test_hints_bring_their_classes(state):
    assert state.legend.names == ("gray", "cell")
    both = state.set_hints(state.hints + dot(9, 9, None, "#123456"))
    assert both.hints.points[1].class_name == both.legend.names[-1]
    assert both.revision > state.revision
    assert both.set_hints(both.hints) is both  # nothing changed, nothing to undo


def test_undo_takes_classes_hints_and_results_back_together(state):
    picture = np.zeros((20, 30, 3), np.uint8)
    moved = state.recolor_class("cell", "red").rename_class("cell", "spore")
    ran = moved.deliver(lambda g: g.add([picture], 0).show(1), "Colorize")
    kept = ran.set_saturation(0.5, "spore")
    assert kept.hints.points[0].color == (1.0, 0.0, 0.0)
    assert kept.corrections.factor("spore") == 0.5
    assert kept.history.undo_label == "Saturation of spore"

    back = kept.undo().undo()
    assert back.document.colouring is None
    assert back.legend.names == ("gray", "spore")
    assert back.undo().undo().document == state.document
    again = back.undo().undo().redo().redo().redo().redo()
    assert again.document == kept.document
    assert again.revision > kept.revision
    assert again.redo() is again


def test_a_drag_is_one_step(state):
    dragged = state
    for x in range(5, 15):
        dragged = dragged.set_hints(dot(3, x, "cell", "gold"), "Move hint", drag=("point", 0))
    assert dragged.undo().document == state.document
    two = dragged.end_drag().set_hints(dot(3, 20, "cell", "gold"), drag=("point", 0))
    assert two.undo().document == dragged.document


def test_the_active_class_follows(state):
    chosen = state.choose("cell")
    assert chosen.rename_class("cell", " spore ").active == "spore"
    assert chosen.remove_class("cell").active == "gray"
    assert chosen.undo().active == "gray"  # the class went with its hint
    assert state.add_class("wall", "teal").active == "wall"
    assert state.press(1).active == "cell"
    assert state.press(9) is state
    with pytest.raises(InvalidRequest):
        state.choose("nobody")


def test_classes_merge_with_hints_and_corrections(state):
    two = state.set_hints(state.hints + dot(9, 9, "wall", "teal")).set_saturation(0.2, "wall")
    merged = two.merge_classes("wall", "cell")
    assert [p.class_name for p in merged.hints.points] == ["cell", "cell"]
    assert merged.hints.points[1].color == merged.legend["cell"].color
    assert merged.corrections.neutral


def test_hints_of_a_stack_belong_to_their_slice(state):
    stack = state.open(STACK)
    assert len(stack.hints) == 0
    assert stack.legend == state.legend  # classes go along
    assert not stack.history.can_undo
    first = stack.set_hints(dot(1, 1, "cell", "gold"))
    third = first.at((2,))
    assert len(third.hints) == 0

    with pytest.raises(InvalidRequest, match="no slice"):
        first.at((4,))
    with pytest.raises(InvalidRequest, match="no slice"):
        first.at(())


def test_a_mask_that_did_not_change_is_kept_once(state):
    labels = np.zeros((20, 30), int)
    labels[4:8, 4:8] = 1

    def stroke():
        return Hints.from_labels(labels, {1: "gold"}, {1: "cell"})

    one = state.set_hints(stroke())
    two = one.set_hints(dot(1, 1, "cell", "gold") + stroke())
    assert two.hints.regions[0].mask is one.hints.regions[0].mask
    assert two.history.bytes_held() == 0


def test_a_project_colors_another_picture(state):
    made = state.set_saturation(1.5).set_background(Background.GRAY)
    project = project_of(made, {"n_outputs": 3}, {"seed": 1})
    other = StudioState().open(PictureIdentity(2, "other", (40, 60)))
    there, lost = apply_project(other, project)
    assert lost == 0
    assert there.legend == made.legend
    assert there.corrections == Corrections(1.5, background=Background.GRAY)
    assert (there.hints.points[0].y, there.hints.points[0].x) == (6.5, 8.5)
    assert there.undo().document == other.document
    # A stack's hints that a single picture has no slice for are counted.
    slices = project_of(state.open(STACK).at((2,)).set_hints(dot(1, 1, "cell", "gold")))
    assert apply_project(other, slices)[1] == 1
    with pytest.raises(InvalidRequest, match="choose an image"):
        project_of(StudioState())


def test_states_are_values(state):
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.active = "cell"
    gallery = state.with_gallery(lambda g: g.add(np.zeros((1, 20, 30, 3), np.uint8), 1))
    assert gallery.gallery.visible
    assert gallery.revision == state.revision
    assert not gallery.open(PICTURE).gallery.visible
    # A legend that lacks a class in use gets it back: no hint is without one.
    assert state.set_legend(Legend.of({"a": "red"})).legend.names == ("gray", "a", "cell")


def test_corrections_have_limits():
    assert Corrections().with_saturation(2.0, "a").with_saturation(1.0, "a") == Corrections()
    assert Corrections.from_dict(Corrections(0.5, {"a": 2.0}).to_dict()).factor("a") == 1.0
    for wrong in (-0.1, 2.1, float("nan")):
        with pytest.raises(InvalidRequest):
            Corrections().with_saturation(wrong)
    with pytest.raises(InvalidRequest):
        Corrections.from_dict({"saturation": "much"})


def test_locked_classes_keep_their_saturation(state):
    halved = state.set_saturation(0.5, "cell").set_saturation(0.8).lock_class("cell")
    changed = halved.set_saturation(2.0).reset_saturation()
    assert changed.corrections.factor("cell") == pytest.approx(0.4)
    assert changed.corrections.factor() == 1.0
    assert not changed.corrections.neutral
    assert Corrections.from_dict(changed.corrections.to_dict()) == changed.corrections
    with pytest.raises(InvalidRequest, match="unlock"):
        changed.set_saturation(1.2, "cell")
    assert changed.lock_class("cell", False).reset_saturation().corrections.neutral
