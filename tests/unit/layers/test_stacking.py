"""What is to be seen lies above what hides it, and hints above that."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_abdiffuser.layers.hints.new import new_hints_layer
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.shown import shown_layer
from napari_abdiffuser.layers.stacking import bring_up, insert_keeping_active, top_of_pictures

GRAY, RGB = np.zeros((8, 9), np.uint8), np.zeros((8, 9, 3), np.uint8)


def colored(name, **told):
    return Image(RGB, rgb=True, name=name, metadata={PROVENANCE_KEY: {"seed": 0, **told}})


def names(viewer):
    return [layer.name for layer in viewer.layers]


def test_a_colouring_goes_above_pictures_and_below_hints_and_overlays():
    viewer = ViewerModel()
    image = viewer.add_image(GRAY, name="a")
    viewer.add_image(RGB, rgb=True, name="result")
    hints = viewer.add_layer(new_hints_layer(image))
    viewer.add_image(GRAY, name="overlay", blending="additive")
    insert_keeping_active(viewer.layers, top_of_pictures(viewer.layers), colored("new"))
    assert names(viewer) == ["a", "result", "new", "a hints", "overlay"]
    assert viewer.layers.selection.active is viewer.layers["overlay"]
    bring_up(viewer.layers, viewer.layers["new"])
    assert viewer.layers.index(hints) == 3


def test_bringing_up_lifts_the_hints_that_it_would_hide():
    viewer = ViewerModel()
    image = viewer.add_image(GRAY, name="a")
    shown = viewer.add_layer(colored("shown"))
    viewer.add_layer(new_hints_layer(image))
    viewer.add_image(GRAY, name="b")
    bring_up(viewer.layers, shown)
    assert names(viewer) == ["a", "b", "shown", "a hints"]
    before = list(viewer.layers)
    bring_up(viewer.layers, shown)
    assert list(viewer.layers) == before


@pytest.mark.parametrize("grid", [False, True])
def test_what_is_shown_is_the_topmost_and_never_below_a_small_preview(grid):
    viewer = ViewerModel()
    getattr(viewer, "canvas", viewer).grid.enabled = grid
    below, above = viewer.add_layer(colored("below")), viewer.add_layer(colored("above"))
    viewer.layers.selection.active = below
    assert shown_layer(viewer) is (below if grid else above)
    above.visible = False
    assert shown_layer(viewer) is below
    viewer.add_image(RGB, rgb=True, metadata={PROVENANCE_KEY: {}})
    viewer.layers.selection.active = viewer.layers[0]
    assert shown_layer(viewer) is (below if grid else None)
