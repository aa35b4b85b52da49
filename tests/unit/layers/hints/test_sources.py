from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.colormaps import DirectLabelColormap

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.layers.console import colorize_layer
from napari_abdiffuser.layers.hints.new import new_hints_layer, set_current_color, set_current_size
from napari_abdiffuser.layers.hints.sources import read_hints
from napari_abdiffuser.layers.images import read_image


def build(layer, image, dims=None, **kwargs):
    picture = read_image(image, dims, **kwargs)
    return read_hints(layer, image, picture, dims).build(picture.shape)


def test_points_under_any_transform_fall_on_the_pixels_they_were_put_on(tilted):
    image = tilted()
    wanted = np.array([[0, 0], [3.25, 17.0], [11, 19]])
    world = np.array([image.data_to_world(p) for p in wanted])
    elsewhere = Points(np.zeros((1, 2)), scale=(0.125, 8), translate=(50, 3), rotate=33,
                       units=("nm", "nm"))  # fmt: skip
    elsewhere.data = np.array([elsewhere.world_to_data(p) for p in world])
    hints, left_out = build(elsewhere, image)
    found = np.array([(p.y, p.x) for p in hints.points])
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert not left_out


def test_every_point_has_its_own_color_and_size():
    image = Image(np.zeros((100, 100)), scale=(2, 2))
    colors = np.array([[1, 0, 0, 1], [0, 0.5, 0, 1.0]])
    points = Points([[10, 10], [40, 60]], face_color=colors, size=[6, 20])
    hints, _ = build(points, image)
    assert [p.size for p in hints.points] == [3, 10]
    np.testing.assert_allclose([p.color for p in hints.points], colors[:, :3], atol=1 / 255)
    np.testing.assert_allclose([(p.y, p.x) for p in hints.points], [(5, 5), (20, 30)])


def test_outside_and_not_finite_are_left_out_and_counted():
    image = Image(np.zeros((10, 10)))
    with np.errstate(invalid="ignore"):  # napari's thumbnail does not expect it
        points = Points([[5, 5], [-0.4, 9.4], [np.nan, 2], [5, 10], [-3, 5]])
    hints, left_out = build(points, image)
    assert [(p.y, p.x) for p in hints.points] == [(5, 5), (-0.4, 9.4)]
    assert (left_out.outside, left_out.not_finite) == (2, 1)
    assert left_out.sentence() == (
        "Left out 3 hints: 2 outside the picture and 1 without a finite position, size or colour."
    )


def test_a_point_without_a_visible_color_is_no_hint():
    image = Image(np.zeros((10, 10)))
    colors = [(1, 0, 0, 1), (0, 0, 0, 0), (0, 0, 1, 0.25)]
    points = Points([[1, 1], [2, 2], [3, 3]], face_color=colors)
    hints, left_out = build(points, image)
    assert [p.y for p in hints.points] == [1, 3]
    assert hints.points[1].color == (0, 0, 1)
    assert left_out.sentence() == "Left out 1 hint: 1 with a transparent face (give it a colour)."
    with np.errstate(invalid="ignore"):
        points.data = [[99, 1], [2, 2], [np.nan, 3]]
    assert build(points, image)[1].sentence().startswith(
        "Left out 3 hints: 1 outside the picture, 1 without a finite position, size or colour and "
    )  # fmt: skip


def test_only_hints_of_the_slice_and_those_shown_count():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((6, 10, 10)), scale=(5, 1, 1))
    points = viewer.add_points(
        [[2, 1, 1], [2.3, 2, 2], [3, 3, 3], [2, 4, 4]],
        scale=(5, 1, 1), shown=[True, True, True, False],
    )  # fmt: skip
    flat = viewer.add_points([[7, 7]])
    viewer.dims.set_current_step(0, 2)
    hints, left_out = build(points, image, viewer.dims)
    assert [p.y for p in hints.points] == [1, 2]
    assert not left_out
    assert len(build(flat, image, viewer.dims)[0]) == 1
    lone = viewer.add_image(np.zeros((10, 10)))
    assert [p.y for p in build(points, lone, viewer.dims)[0].points] == [1, 2]


def test_labels_become_regions_in_their_own_colors():
    image = Image(np.zeros((6, 8)))
    labels = np.zeros((6, 8), dtype=int)
    labels[1:3, 2:5], labels[4, 4], labels[0, 0] = 1, 7, 3
    colors = {None: "transparent", 1: "red", 7: "#808080", 3: "transparent"}
    layer = Labels(labels, colormap=DirectLabelColormap(color_dict=colors))
    hints, _ = build(layer, image)
    regions = {tuple(np.round(region.color, 2)): region.mask for region in hints.regions}
    assert set(regions) == {(1.0, 0.0, 0.0), (0.5, 0.5, 0.5)}
    np.testing.assert_array_equal(regions[1.0, 0.0, 0.0], labels == 1)


def test_a_segmentation_has_no_more_regions_than_colors_and_hard_edges_if_wanted(plain_colorizer):
    cells = np.arange(60 * 50).reshape(60, 50)
    layer, image = Labels(cells), Image(np.ones((60, 50)))
    hints, _ = build(layer, image)
    colors = np.asarray(layer.colormap.map(cells))[..., :3]
    assert 10 < len(hints.regions) < 300
    np.testing.assert_array_equal(sum(r.mask.astype(int) for r in hints.regions), cells > 0)
    for region in hints.regions:
        assert np.abs(colors[region.mask] - region.color).max() < 1e-6
    colorize_layer(image, layer, colorizer=plain_colorizer, hard_edges=True)
    assert {region.hard for region in plain_colorizer.hints.regions} == {True}


def test_labels_on_another_grid_and_slice_are_resampled():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 8, 8)), translate=(0, 2, 0))
    coarse = np.zeros((4, 5, 4), dtype=np.uint8)
    coarse[3, 1:, 2:] = 5
    layer = viewer.add_labels(coarse, scale=(1, 2, 2), translate=(0, 0.5, 0.5))
    viewer.dims.set_current_step(0, 3)
    hints, _ = build(layer, image, viewer.dims)
    expected = np.zeros((8, 8), dtype=bool)
    expected[:, 4:] = True
    np.testing.assert_array_equal(hints.regions[0].mask, expected)
    viewer.dims.set_current_step(0, 1)
    assert len(build(layer, image, viewer.dims)[0]) == 0


@pytest.mark.parametrize("side", [8, 1500])  # of the second, 17 MiB
def test_painting_on_during_a_run_does_not_change_its_hints(side):
    image = Image(np.zeros((side, side)))
    layer = Labels(np.zeros((side, side), dtype=np.int64))
    layer.data[2, 2] = 1
    source = read_hints(layer, image, read_image(image))
    layer.data[:] = 2
    assert source.build((side, side))[0].regions[0].mask.sum() == 1


def test_a_new_layer_lies_on_its_image_and_keeps_old_hints_colors(tilted):
    image = tilted((3, 12, 20))
    layer = new_hints_layer(image, "#ff0000")
    layer.mode = "add"
    for name in ("scale", "translate", "rotate", "shear", "units", "axis_labels"):
        np.testing.assert_array_equal(getattr(layer, name), getattr(image, name))
    layer.add([0, 1, 1])
    set_current_color(layer, "#00ff00")
    set_current_size(layer, 5)
    layer.add([0, 2, 2])
    layer.add([0, 3, 3])
    np.testing.assert_array_equal(layer.face_color[:, :2], [[1, 0], [0, 1], [0, 1]])
    np.testing.assert_array_equal(layer.size, [9, 5, 5])
    layer.mode = "select"
    layer.selected_data = {0}
    set_current_color(layer, "#0000ff")
    np.testing.assert_array_equal(layer.face_color[0, :3], [0, 0, 1])


def test_other_layers_cannot_hold_hints():
    image = Image(np.zeros((6, 8)))
    with pytest.raises(InvalidHints, match="Points or a Labels layer"):
        build(Shapes(), image)
