"""Layers that hold hints and the studio's state say the same, whichever was changed."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels, Points, Shapes
from napari.utils.colormaps import DirectLabelColormap

from napari_abdiffuser.layers.hints import points as hint_points
from napari_abdiffuser.studio.legend.hints import without_class

GRAY = np.zeros((30, 40), np.uint8)


def spots(hints):
    return [(h.y, h.x, h.class_name) for h in hints.points]


def test_clicks_become_hints_of_the_chosen_class_and_undo_takes_them_back(studio):
    s = studio()
    layer = s.sync.start("points")
    assert str(layer.mode) == "add"
    assert s.viewer.layers.selection.active is layer
    layer.add([3, 4])
    s.store.apply(lambda state: state.choose("ground"))
    layer.add([8, 9])
    assert spots(s.hints()) == [(3, 4, "cell"), (8, 9, "ground")]
    assert layer.features["class"].tolist() == ["cell", "ground"]
    layer.selected_data = {0}
    layer.remove_selected()
    assert spots(s.hints()) == [(8, 9, "ground")]
    s.undo()
    assert sorted(map(tuple, layer.data.tolist())) == [(3, 4), (8, 9)]
    assert spots(s.hints()) == [(3, 4, "cell"), (8, 9, "ground")]
    for _ in range(2):
        s.undo()
    assert len(layer.data) == 0
    s.redo()
    s.redo()
    by_spot = {
        tuple(p): c for p, c in zip(layer.data.tolist(), layer.features["class"], strict=True)
    }
    assert by_spot == {(3, 4): "cell", (8, 9): "ground"}
    assert s.store.state.history.redo_label == "Remove hint"  # nothing came back as an echo


def test_what_napari_tells_several_times_is_read_once(studio, monkeypatch):
    s = studio()
    layer = s.sync.start("points")
    read, changes = [], []
    build = hint_points._Source._build
    monkeypatch.setattr(
        hint_points._Source, "_build", lambda source: read.append(source) or build(source)
    )
    s.store.changed.connect(lambda new, old: changes.append(new))
    layer.add([3, 4])
    assert (len(read), len(changes)) == (1, 1)
    layer.data = layer.data + 2
    assert (len(read), len(changes)) == (2, 2)
    s.undo()
    layer.data = layer.data + 2  # as before the undo, which is news to the state all the same
    assert spots(s.hints()) == [(5, 6, "cell")]
    layer.selected_data = {0}
    layer.current_face_color = "#4483cb"
    assert spots(s.hints()) == [(5, 6, "ground")]
    layer.current_face_color = "#c8463f"
    assert spots(s.hints()) == [(5, 6, "cell")]


def test_a_color_taken_in_hand_with_naparis_controls_chooses_its_class(studio):
    s = studio()
    layer = s.sync.start("points")
    layer.add([3, 4])
    layer.selected_data = set()
    layer.current_face_color = "#4483cb"
    assert s.store.state.active == "ground"
    assert spots(s.hints()) == [(3, 4, "cell")]


def test_a_class_that_is_recolored_or_renamed_changes_its_hints_in_the_layers(studio):
    s = studio()
    layer = s.sync.start("points")
    layer.add([3, 4])
    strokes = s.sync.start("strokes")
    strokes.paint((10, 10), strokes.selected_label)
    s.store.apply(lambda state: state.recolor_class("cell", "#00ff00"))
    s.store.apply(lambda state: state.rename_class("cell", "spore"))
    assert layer.features["class"].tolist() == ["spore"]
    np.testing.assert_allclose(layer.face_color[0, :3], (0, 1, 0), atol=1e-6)
    shown = strokes.colormap.map(np.array([strokes.selected_label]))[0]
    np.testing.assert_allclose(shown[:3], (0, 1, 0), atol=1e-6)
    layer.add([20, 20])
    assert [h.class_name for h in s.hints().points] == ["spore", "spore"]
    s.undo(), s.undo(), s.undo()
    assert layer.features["class"].tolist() == ["cell"]


def test_a_hint_recolored_by_hand_gets_another_class(studio):
    s = studio()
    layer = s.sync.start("points")
    layer.add([3, 4])
    layer.face_color = np.array([[1, 215 / 255, 0, 1]])
    (hint,) = s.hints().points
    assert hint.class_name not in ("cell", "ground", "gray", None)
    assert layer.features["class"].tolist() == [hint.class_name]
    s.undo()
    assert layer.features["class"].tolist() == ["cell"]


def test_strokes_are_regions_of_their_class_and_undo_unpaints(studio):
    s = studio()
    layer = s.sync.start("strokes")
    assert str(layer.mode) == "paint"
    layer.brush_size = 5
    layer.paint((10, 10), layer.selected_label)
    assert len(s.hints()) == 1
    s.store.apply(lambda state: state.choose("ground"))
    layer.paint((20, 30), layer.selected_label)
    cell, ground = s.hints().regions
    assert (cell.class_name, ground.class_name) == ("cell", "ground")
    assert cell.mask[10, 10]
    assert not cell.mask[20, 30]
    assert ground.mask[20, 30]
    painted = layer.data.copy()
    s.undo()
    assert layer.data[20, 30] == 0
    assert layer.data[10, 10] == painted[10, 10]
    s.redo()
    np.testing.assert_array_equal(layer.data, painted)
    # Another label taken with napari's own controls is another class.
    layer.selected_label = int(painted[10, 10])
    assert s.store.state.active == "cell"


def test_a_lasso_fills_its_inside_and_comes_back_as_an_outline(studio):
    s = studio()
    layer = s.sync.start("lasso")
    assert str(layer.mode) == "add_polygon_lasso"
    corners = np.array([[4, 4], [4, 14], [14, 14], [14, 4]], float)
    layer.add(corners, shape_type="polygon")
    (region,) = s.hints().regions
    assert region.class_name == "cell"
    assert region.mask.sum() == 11 * 11
    assert layer.features["class"].tolist() == ["cell"]
    layer.selected_data = {0}
    layer.remove_selected()
    assert not len(s.hints())
    s.undo()
    np.testing.assert_allclose(layer.data[0], corners)
    assert s.hints().regions[0].class_name == "cell"
    s.undo()
    assert len(layer.data) == 0


def test_all_layers_of_an_image_count_and_a_deleted_one_comes_back(studio):
    s = studio()
    s.sync.start("points").add([3, 4])
    strokes = s.sync.start("strokes")
    strokes.paint((10, 10), strokes.selected_label)
    lasso = s.sync.start("lasso")
    lasso.add([[20, 20], [20, 28], [28, 28]], shape_type="polygon")
    assert (len(s.hints().points), len(s.hints().regions)) == (1, 2)
    s.viewer.layers.remove(lasso)
    s.viewer.layers.remove(strokes)
    assert (len(s.hints().points), len(s.hints().regions)) == (1, 0)
    s.undo(), s.undo()
    assert len(s.hints().regions) == 2
    kinds = {type(layer) for layer in s.viewer.layers}
    assert {Points, Labels, Shapes} <= kinds
    assert s.store.state.history.can_redo


def test_hints_are_in_pixels_of_the_image_under_any_transform(studio):
    s = studio(scale=(2, 3), rotate=30, translate=(100, -50), shear=[0.2])
    image = s.sources.image
    points = Points(ndim=2, scale=(0.5, 0.5), translate=(7, 7), metadata={"abdiffuser_hints": True})
    s.viewer.add_layer(points)
    points.add(points.world_to_data(image.data_to_world([11, 22])))
    (hint,) = s.hints().points
    assert (hint.y, hint.x) == pytest.approx((11, 22))
    lasso = s.sync.start("lasso")
    lasso.add([[4, 4], [4, 14], [14, 14], [14, 4]], shape_type="rectangle")
    assert s.hints().regions[0].mask.sum() == 11 * 11
    image.scale = (4, 3)  # now the picture lies elsewhere under its hints
    s.sync.when_settled(lambda: None)
    (hint,) = s.hints().points
    assert (hint.y, hint.x) != pytest.approx((11, 22))
    s.undo()
    there = image.world_to_data(points.data_to_world(points.data[0]))
    assert there == pytest.approx((11, 22))


def test_hints_of_a_stack_belong_to_their_slice(studio):
    s = studio(np.zeros((3, 30, 40), np.uint8))
    s.viewer.dims.set_point(0, 1)
    s.sync.when_settled(lambda: None)
    points = s.sync.start("points")
    points.add([1, 3, 4])
    strokes = s.sync.start("strokes")
    strokes.paint((1, 10, 10), strokes.selected_label)
    assert s.store.state.index == (1,)
    assert len(s.hints()) == 2
    s.viewer.dims.set_point(0, 2)
    s.sync.when_settled(lambda: None)
    assert not len(s.hints())
    s.undo()  # a change of another slice is taken back where it was made
    assert not strokes.data.any()
    s.store.apply(lambda state: state.at((2,)).set_hints(state.at((1,)).hints))
    assert points.data[:, 0].tolist() == [1, 2]


def test_every_image_has_its_own_hints_and_history(studio):
    s = studio(GRAY, GRAY)
    first, second = s.viewer.layers
    s.sources.image_field.choose(first)
    s.sync.start("points").add([3, 4])
    s.sources.image_field.choose(second)
    assert not len(s.hints())
    assert not s.store.state.history.can_undo
    s.sync.start("points").add([5, 6])
    s.sources.image_field.choose(first)
    assert spots(s.hints()) == [(3, 4, "cell")]
    s.undo()
    assert not len(s.hints())
    s.sources.image_field.choose(second)
    assert spots(s.hints()) == [(5, 6, "cell")]


def test_hints_that_were_there_all_along_survive_undo(studio):
    s = studio()
    layer = Points([[3, 4]], face_color="#c8463f", metadata={"abdiffuser_hints": True})
    s.store.apply(lambda state: state.add_class("more", "gold"))
    s.viewer.add_layer(layer)
    s.sources.image_field.choose(s.viewer.layers[0])
    layer.add([8, 9])
    for _ in range(4):
        s.undo()
    assert [3, 4] in layer.data.tolist()


def test_a_layer_of_the_users_is_read_when_chosen_and_never_written(studio):
    s = studio()
    labels = np.zeros((30, 40), int)
    labels[:10], labels[20:] = 7, 9
    colors = {None: (0, 0, 0, 0), 0: (0, 0, 0, 0), 7: (1, 0, 0, 1), 9: (0, 0, 1, 1)}
    mine = s.viewer.add_labels(labels.copy(), colormap=DirectLabelColormap(color_dict=colors))
    assert not len(s.hints())
    s.sources.hints_field.choose(mine)
    assert [int(r.mask.sum()) for r in s.hints().regions] == [400, 400]
    s.store.apply(lambda state: state.remove_class(s.hints().regions[0].class_name))
    np.testing.assert_array_equal(mine.data, labels)
    assert "abdiffuser_classes" not in mine.metadata


def test_points_of_the_users_are_copied_before_they_change_and_stay_as_they_are(studio, qtbot):
    s = studio(np.zeros((3, 30, 40), np.uint8))
    s.viewer.dims.set_current_step(0, 0)
    s.sync.when_settled(lambda: None)
    mine = s.viewer.add_points([[0, 3, 4], [0, 8, 9], [2, 5, 5]], name="mine", face_color="#4483cb")
    before = (mine.data.copy(), mine.face_color.copy(), mine.size.copy(), mine.current_face_color)
    s.sources.hints_field.choose(mine)
    assert spots(s.hints()) == [(3, 4, "ground"), (8, 9, "ground")]
    assert s.store.state.active == "cell"
    mine.add([0, 20, 20])
    s.undo()  # the user's own layer is not what undo writes to
    with qtbot.waitSignal(s.sync.said) as told:
        pass
    assert "'mine' stays as it is" in told.args[0]
    assert mine.data.tolist() == [*before[0].tolist(), [0, 20, 20]]
    copy = s.sources.hints
    assert copy is not mine
    assert copy.data.tolist() == before[0].tolist()
    s.store.apply(lambda state: state.recolor_class("ground", "#00ff00"))
    s.store.apply(lambda state: state.set_hints(without_class(state.hints, "ground")))
    np.testing.assert_array_equal(mine.face_color[:3], before[1])
    np.testing.assert_array_equal(mine.size[:3], before[2])
    assert mine.current_face_color == before[3]
    assert "class" not in mine.features
    assert copy.data.tolist() == [[2, 5, 5]]
    s.undo()
    assert len(copy.data) == 3
    s.sync.start("points").add([0, 1, 1])
    assert len(mine.data) == 4


def test_what_changes_nothing_of_the_users_points_copies_nothing(studio):
    s = studio()
    mine = s.viewer.add_points([[3, 4]], face_color="#4483cb")
    s.sources.hints_field.choose(mine)
    s.store.apply(lambda state: state.rename_class("ground", "soil"))
    mine.add([8, 9])
    assert [name for *_, name in spots(s.hints())] == ["soil", "soil"]
    assert s.sources.hints is mine
    layer = s.sync.start("points")  # clicks go to a layer of the plugin's
    assert layer is not mine
    layer.add([1, 1])
    assert len(mine.data) == 2
    assert len(s.hints()) == 3
