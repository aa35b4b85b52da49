"""Hints made with the mouse, with keys, from segmentations and from what the model suggests."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image, Labels, Layer, Points, Shapes  # napari before Qt
from qtpy.QtCore import QObject, Signal

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.hints.layer_data import hint_layers
from napari_abdiffuser.widgets.hints.keys import KEYS
from napari_abdiffuser.widgets.legend.suggest import SuggestRow


def drag(layer, viewer, *positions):
    """Press, move and release the mouse over a layer, as napari's canvas does."""
    event = SimpleNamespace(
        type="mouse_press", position=positions[0], pos=np.array(positions[0]),
        dims_displayed=[0, 1], dims_point=[0, 0], modifiers=[], button=1,
        handled=False, is_dragging=False, view_direction=None, up_direction=None,
    )  # fmt: skip
    running = [g for g in (call(layer, event) for call in layer.mouse_drag_callbacks) if g]
    for generator in running:
        next(generator, None)
    for at in positions[1:]:
        event.type, event.position, event.pos = "mouse_move", at, np.array(at) * 10
        event.is_dragging = True
        for generator in running:
            next(generator, None)
        yield
    event.type = "mouse_release"
    for generator in running:
        next(generator, None)


def test_a_dragged_hint_is_followed_all_the_way_and_is_one_step_of_undo(studio):
    s = studio()
    layer = s.sync.start("points")
    layer.add([10, 10])
    layer.mode = "select"
    layer.selected_data = {0}
    seen = []
    before = len(s.store.state.history.past_steps)
    for _ in drag(layer, s.viewer, (10, 10), (12, 12), (14, 14), (20, 16)):
        (hint,) = s.hints().points
        seen.append((hint.y, hint.x))
    assert len(set(seen)) == 3
    assert len(s.store.state.history.past_steps) == before + 1
    s.undo()
    assert layer.data.tolist() == [[10, 10]]


def test_a_lasso_drawn_with_the_mouse_is_one_region(studio):
    s = studio()
    layer = s.sync.start("lasso")
    ring = [(5, 5), (5, 15), (10, 20), (15, 15), (15, 5), (8, 3), (5, 5)]
    for _ in drag(layer, s.viewer, *ring):
        pass
    (region,) = s.hints().regions
    assert region.class_name == "cell"
    assert region.mask[10, 10]
    assert s.store.state.history.undo_label == "Add hint"
    s.undo()
    assert len(layer.data) == 0


def test_number_keys_choose_classes_on_own_layers_and_napari_keeps_its_own(studio):
    s = studio()
    for kind in ("points", "strokes", "lasso"):
        layer = s.sync.start(kind)
        assert len(layer.keymap) == len(KEYS)
        keys = {str(key): press for key, press in layer.keymap.items()}
        keys["Alt+2"](layer)
        assert s.store.state.active == "ground"
        keys["Alt+1"](layer)
        assert s.store.state.active == "cell"
    mine = s.viewer.add_points([[1, 1]])
    assert not mine.keymap
    napari = {str(key) for key in s.viewer.keymap} | {
        str(key) for key in type(s.viewer).class_keymap
    }
    for kind in (Points, Shapes, Image):
        napari |= {str(key) for key in kind.class_keymap}
    assert not napari & {str(key) for key in s.sync.start("points").keymap}


def keys_of(layer):
    return {str(key): lambda press=press: press(layer) for key, press in layer.keymap.items()}


@pytest.mark.parametrize("kind", ["points", "strokes", "lasso"])
def test_keys_on_the_picture_undo_run_erase_and_hide(studio, kind):
    s = studio()
    layer = s.sync.start(kind)
    keys, asked = keys_of(layer), []
    s.sync.run_asked.connect(lambda: asked.append(1))
    if kind == "points":
        layer.add([10, 20])
    elif kind == "strokes":
        layer.paint((10, 20), layer.selected_label)
    else:
        layer.add([[5, 15], [5, 25], [15, 25], [15, 15]], shape_type="polygon")
        layer.selected_data = set()
    assert len(s.hints()) == 1
    keys["Ctrl+Z"]()
    assert not len(s.hints())
    keys["Ctrl+Shift+Z"]()
    assert len(s.hints()) == 1
    keys["Alt+H"]()
    assert not layer.visible
    keys["Alt+H"]()
    assert layer.visible
    keys["Ctrl+Enter"]()
    assert asked
    s.viewer.cursor.position = (28, 2)
    keys["Alt+E"]()
    assert len(s.hints()) == 1
    s.viewer.cursor.position = (10, 20)
    keys["Alt+E"]()
    assert not len(s.hints())


def test_a_hint_is_placed_and_moved_by_keys_alone(studio):
    s = studio(scale=(2, 2), translate=(3, 3))
    keys = keys_of(s.sync.start("points"))
    camera = getattr(s.viewer, "scene", s.viewer).camera
    camera.center = (23, 43)
    s.sync.set_size(8)
    keys["Alt+Enter"]()
    (hint,) = s.hints().points
    assert (hint.y, hint.x, hint.class_name) == (10, 20, "cell")
    for _ in range(2):
        keys["Ctrl+Shift+Down"]()
    keys["Ctrl+Shift+Left"]()
    (hint,) = s.hints().points
    assert (hint.y, hint.x) == (18, 16)
    assert len(s.sync.links.first(Points).layer.data) == 1
    s.undo()
    assert (s.hints().points[0].y, s.hints().points[0].x) == (10, 20)
    s.undo()
    assert not len(s.hints())


@pytest.mark.parametrize("kind", ["points", "lasso"])
def test_selected_hints_take_the_colour_chosen_for_them(studio, kind):
    s = studio()
    layer = s.sync.start(kind)
    if kind == "points":
        layer.add([[10, 20], [20, 30]])
    else:
        for at in (0, 15):
            square = np.array([[2, 2], [2, 9], [9, 9], [9, 2]]) + at
            layer.add(square, shape_type="polygon")
    layer.mode = "select"
    layer.selected_data = {1}
    s.store.apply(lambda state: state.choose("ground"))
    hints = s.hints()
    assert [h.class_name for h in (*hints.points, *hints.regions)] == ["cell", "ground"]
    s.undo()
    hints = s.hints()
    assert {h.class_name for h in (*hints.points, *hints.regions)} == {"cell"}


def test_a_tool_shows_the_layer_that_its_hints_go_to(studio):
    s = studio()
    layer = s.sync.start("points")
    layer.visible = False
    s.viewer.add_image(np.zeros((30, 40)))
    s.viewer.layers.selection.active = s.viewer.layers[0]
    assert s.sync.start("points") is layer
    assert layer.visible
    assert s.viewer.layers[-1] is layer


def test_the_choice_of_hints_names_a_layer_of_the_image(studio, qtbot):
    s = studio(np.zeros((30, 40), np.uint8), np.zeros((30, 40), np.uint8))
    first, second = s.viewer.layers
    assert s.sources.image is second  # napari makes the last one active
    for image in (second, first):
        s.viewer.layers.selection.active = image
        qtbot.waitUntil(lambda image=image: s.sources.image is image)
        layer = s.sync.start("points")
        assert s.sources.hints is layer
    s.viewer.layers.selection.active = s.viewer.layers["picture 1 hints"]
    qtbot.waitUntil(lambda: s.sources.image is second)
    assert s.sources.hints.name == "picture 1 hints"


class Bench(QObject):
    """A bench whose picture suggests gold and teal."""

    ready = Signal(object)
    lost = Signal()

    def __init__(self, image):
        super().__init__()
        picture = SimpleNamespace(
            suggest_colors=lambda y, x, n, hints: ((1, 0.8, 0), (0, 0.5, 0.5))
        )
        picture.guided = picture
        source = SimpleNamespace(shape=(30, 40))
        self.current = SimpleNamespace(
            picture=picture, source=source, image=image, index=(None, None)
        )

    def run(self, job, done, **_):
        done(job(self.current, lambda: False))


def test_a_suggested_color_becomes_a_hint_where_it_was_asked_for(studio, qtbot):
    s = studio(scale=(2, 2))
    context = SimpleNamespace(
        viewer=s.viewer, store=s.store, hints=s.sync, bench=Bench(s.sources.image)
    )
    row = SuggestRow(context)
    qtbot.addWidget(row)
    layer = s.sync.start("points")
    row.button.click()
    assert str(layer.mode) == "pan_zoom"
    event = SimpleNamespace(type="mouse_press", position=(20, 30))
    (click,) = s.viewer.mouse_drag_callbacks[-1:]
    running = click(s.viewer, event)
    next(running)
    event.type = "mouse_release"
    next(running, None)
    assert str(layer.mode) == "add"
    assert len(row.swatches) == 2
    row.swatches[0].click()
    row.swatches[1].click()  # another one for the same place
    (hint,) = s.hints().points
    assert (hint.y, hint.x) == (10, 15)
    assert s.store.state.active == hint.class_name
    np.testing.assert_allclose(layer.face_color[0, :3], hint.color)
    row.suggest(99, 5)
    row.cleanup()


def test_a_lasso_comes_back_as_a_lasso_from_a_file(studio):
    s = studio()
    s.sync.start("lasso").add([[5, 15], [5, 25], [15, 25], [15, 15]], shape_type="polygon")
    s.sync.start("strokes").paint((25, 5), s.sync.links.first(Labels).layer.selected_label)
    told = json.loads(json.dumps(s.hints().to_dict()))
    read = Hints.from_dict(told)
    again = studio()
    again.store.apply(lambda state: state.set_hints(read))
    layers = {type(link.layer).__name__: link.layer for link in again.sync.links}
    np.testing.assert_allclose(layers["Shapes"].data[0], [[5, 15], [5, 25], [15, 25], [15, 15]])
    assert np.array_equal(layers["Labels"].data != 0, read.regions[1].mask)
    assert again.hints() == read
    made = hint_layers(read, again.store.state.legend, "a", (30, 40), {})
    shapes, labels = (Layer.create(*each) for each in made)
    np.testing.assert_allclose(shapes.data[0], layers["Shapes"].data[0])
    assert np.array_equal(labels.data != 0, read.regions[1].mask)
