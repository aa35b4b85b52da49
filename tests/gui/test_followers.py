"""Hints, results and regions lie on their image, whatever its place and the size of its pixels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdiffuser.layers.hints.drawn_region import new_region_layer
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.spatial import LayerTransform
from napari_abdiffuser.widgets.session.followers import Followers


@pytest.fixture
def followed(studio):
    made = []

    def make(*images, **placement):
        s = studio(*images, **placement)
        s.follower = Followers(s.viewer, s.sources, s.sync.owners.get, s.sync.writer.writing)
        made.append(s.follower)
        return s

    yield make
    for follower in made:
        follower.cleanup()


def result(viewer, image, index=None, **told):
    place = LayerTransform.of(image, index).as_kwargs()
    told = {PROVENANCE_KEY: {"seed": 0, "source": {"layer": image.name}, **told}}
    shape = np.where([at is None for at in index or [None, None]], image.data.shape, 1)
    return viewer.add_image(np.zeros((*shape, 3), np.uint8), rgb=True, metadata=told, **place)


def test_a_pixel_size_that_is_set_later_is_that_of_hints_results_and_regions(followed):
    s = followed()
    image = s.viewer.layers[0]
    hints = s.sync.start("points")
    hints.add([10, 20])
    before = s.hints()
    others = [s.sync.start("strokes"), s.sync.start("lasso"), result(s.viewer, image)]
    others.append(s.viewer.add_layer(new_region_layer(image)))
    moved = result(s.viewer, image)
    moved.translate = (0.5, 0)
    theirs = s.viewer.add_points([[1, 1]])
    steps = len(s.store.state.history.past_steps)
    image.scale, image.units, image.translate = (5, 5), "nm", (7, 8)
    image.rotate = 30
    for layer in (hints, *others):
        np.testing.assert_allclose(
            layer.data_to_world((3, 4)), image.data_to_world((3, 4)), err_msg=layer.name
        )
        assert layer.units == image.units
    np.testing.assert_allclose(moved.data_to_world((3, 4)), image.data_to_world((3.5, 4)))
    np.testing.assert_array_equal(theirs.scale, (1, 1))
    assert s.hints() == before
    assert len(s.store.state.history.past_steps) == steps


def test_slices_stay_in_their_place_and_other_images_are_left_alone(followed):
    stack = np.zeros((4, 30, 40), np.uint8)
    s = followed(stack, stack)
    first, second = s.viewer.layers[0], s.viewer.layers[1]
    slice_ = result(s.viewer, first, (2, None, None))
    other = result(s.viewer, second, (2, None, None))
    first.scale = (50, 5, 5)
    np.testing.assert_allclose(slice_.data_to_world((0, 1, 1)), first.data_to_world((2, 1, 1)))
    np.testing.assert_allclose(other.data_to_world((0, 1, 1)), (2, 1, 1))
