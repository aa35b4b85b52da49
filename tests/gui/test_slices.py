"""Stacks, data bars and changes of picture: what is made of one never gets into another."""

from __future__ import annotations

import numpy as np
from napari.layers import Layer  # noqa: F401  (napari before Qt)

from napari_abdiffuser.widgets.figure_shown import shown_colouring

STACK = np.random.default_rng(1).integers(0, 200, (3, 33, 46), dtype=np.uint8)


def test_every_slice_has_its_gallery_and_its_layers(stack):
    w = stack(STACK)
    w.go(0)
    w.run()
    assert w.captions() == ["best", "1", "2"]
    w.gallery.list.setCurrentRow(2)
    w.go(2)
    assert w.captions() == []
    assert w.gallery.elsewhere.text().startswith("3 colourings of other slices")
    assert not w.gallery.like_button.isEnabled()
    assert w.results.layer_of(3).visible  # on its own slice
    w.run()
    assert w.captions() == ["best 2", "3", "4"]
    names = [x.name for x in w.named("image ")]
    assert {"image colorized", "image variation 2", "image colorized 2", "image variation 4"} < set(
        names
    )
    w.gallery.star_button.click()
    w.gallery.rest_button.click()  # takes nothing away from the other slice
    w.go(0)
    assert w.captions() == ["best", "1", "2"]
    assert w.shown().number == 3
    assert w.results.layer_of(3).visible
    # Colourings of other slices are visible, too, and no figure of this one.
    assert w.results.layer_of(4).visible
    shown = shown_colouring(w.viewer, w.widget.sources)
    np.testing.assert_array_equal(shown.rgb, w.shown().rgb)
    assert shown.candidates[0].index == (0, None, None)
    assert not w.results.layer_of(1).visible


def test_a_run_that_ends_on_another_slice_stays_with_its_own(stack, colorizer):
    w = stack(STACK)
    w.go(1)
    colorizer.go.clear()
    w.button.click()
    w.go(2, opened=False)
    colorizer.go.set()
    w.finished()
    assert "of slice 1: move the slider" in w.widget.footer.status.text()
    assert w.captions() == []
    w.go(1)
    assert w.captions() == ["best", "1", "2"]
    layer = w.results.layer_of(w.shown().number)
    assert (layer.visible, float(layer.translate[0])) == (True, 1.0)


def test_a_run_that_ends_with_another_image_goes_to_the_one_it_was_made_from(stack, colorizer):
    w = stack(STACK[0], 255 - STACK[1])
    first, second = w.viewer.layers[0], w.viewer.layers[1]
    w.widget.sources.image_field.choose(first)
    w.opened()
    colorizer.go.clear()
    w.button.click()
    w.widget.sources.image_field.choose(second)
    colorizer.go.set()
    w.finished()
    w.opened()
    assert f"are with '{first.name}'" in w.widget.footer.status.text()
    assert (w.captions(), w.store.state.gallery.variations) == ([], ())
    made = w.named(f"{first.name} colorized")
    assert [layer.visible for layer in made] == [False]
    w.run()
    assert w.captions() == ["best", "1", "2"]
    w.widget.sources.image_field.choose(first)
    w.opened()
    assert w.captions() == ["best", "1", "2"]
    source = made[0].metadata["abdiffuser"]["source"]
    assert (made[0].visible, source["layer"]) == (True, first.name)
    np.testing.assert_array_equal(w.shown().rgb, made[0].data)


def test_a_run_whose_image_was_deleted_is_not_lost(stack, colorizer):
    w = stack(STACK[0], STACK[1])
    first = w.viewer.layers[0]
    w.widget.sources.image_field.choose(first)
    w.opened()
    colorizer.go.clear()
    w.button.click()
    w.viewer.layers.remove(first)
    colorizer.go.set()
    w.finished()
    w.opened()
    assert w.captions() == []
    assert [layer.visible for layer in w.named("colorized")] == [True]
    assert len(w.named("variation")) == 2
    assert w.widget.sources.image.name == "image [1]"
