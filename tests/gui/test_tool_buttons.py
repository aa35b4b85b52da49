"""The buttons of the hint tools show which tool is in hand, whoever took it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_abdiffuser.widgets.hints.tool_buttons import ToolButtons


@pytest.fixture
def tools(studio, qtbot):
    given = studio()
    made = ToolButtons(given.sync)
    qtbot.addWidget(made)
    yield given, made
    made.cleanup()


def in_hand(made):
    return [kind for kind, button in made.buttons.items() if button.isChecked()]


def test_the_tool_in_hand_is_pressed(tools):
    given, made = tools
    assert in_hand(made) == []
    made.buttons["points"].click()
    points = given.viewer.layers.selection.active
    assert (in_hand(made), str(points.mode)) == (["points"], "add")
    made.buttons["lasso"].click()
    assert in_hand(made) == ["lasso"]
    given.viewer.layers.selection.active = points
    assert in_hand(made) == ["points"]
    points.mode = "select"  # with napari's own buttons or keys
    assert in_hand(made) == []
    points.mode = "add"
    made.buttons["points"].click()
    assert (in_hand(made), str(points.mode)) == ([], "pan_zoom")


def test_the_eraser_removes_what_is_clicked_and_leaves_drags_alone(tools):
    given, made = tools
    made.buttons["points"].click()
    points = given.viewer.layers.selection.active
    points.add([[5, 5], [20, 30]])
    made.eraser.click()
    assert (in_hand(made), str(points.mode)) == ([], "pan_zoom")
    (clicked,) = given.viewer.mouse_drag_callbacks[-1:]
    for kind, left in (("mouse_move", 2), ("mouse_release", 1)):
        given.viewer.cursor.position = (5, 5)
        event = SimpleNamespace(type="mouse_press")
        steps = clicked(given.viewer, event)
        next(steps)
        event.type = kind
        next(steps, None)
        assert len(points.data) == left
    assert points.data.tolist() == [[20, 30]]
    points.mode = "add"
    assert not made.eraser.isChecked()
    assert clicked not in given.viewer.mouse_drag_callbacks


def test_what_a_lasso_drew_is_let_go_of(tools, qtbot):
    given, made = tools
    made.buttons["lasso"].click()
    lasso = given.viewer.layers.selection.active
    lasso.add([[2, 2], [2, 9], [9, 9]], shape_type="polygon")
    lasso.selected_data = {0}
    qtbot.waitUntil(lambda: not lasso.selected_data)
    assert len(given.hints().regions) == 1
    lasso.mode = "select"
    lasso.selected_data = {0}
    lasso.events.data(value=lasso.data)
    qtbot.wait(20)
    assert lasso.selected_data == {0}
