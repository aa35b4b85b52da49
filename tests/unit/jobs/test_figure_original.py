"""The original beside a colouring is the picture that was colorized, and no other of its name."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Layer

from napari_abdiffuser.imaging.lightness import to_lightness
from napari_abdiffuser.jobs.figure import look, write
from napari_abdiffuser.jobs.figure_original import Originals
from napari_abdiffuser.layers.images import read_image
from napari_abdiffuser.layers.readers.own_files import restored_layers
from napari_abdiffuser.layers.shown import Shown
from napari_abdiffuser.studio.figure.options import FigureOptions
from napari_abdiffuser.studio.figure.panels import gray_panel

LIMITS = (500.0, 50000.0)
DEEP, OTHER = (
    np.random.default_rng(seed).integers(0, 60000, (40, 60), dtype=np.uint16) for seed in (0, 1)
)
RGB = gray_panel(DEEP, LIMITS)


def layer(pixels, limits=LIMITS):
    return Image(pixels, name="pollen", contrast_limits=limits)


def shown(*layers, told=True, rgb=RGB):
    provenance = {"seed": 0}
    if told:
        provenance["input"] = to_lightness(DEEP, LIMITS).report
    return Shown(rgb, provenance, "pollen", tuple(map(read_image, layers)), None, "")


def looked(what, originals=None):
    options = FigureOptions(original=True, scale_bar="none")
    return look(what, options, originals or Originals(), lambda: False)


@pytest.mark.parametrize("told", [True, False])
def test_another_picture_of_the_name_and_size_is_not_the_original(told):
    what = shown(layer(OTHER), told=told)
    made = looked(what)
    assert not made.has_original
    assert made.figure.original is None
    assert "unchanged" not in made.caption
    assert not any(made.caption.startswith(letter) for letter in "(a")


@pytest.mark.parametrize("told", [True, False])
def test_of_several_of_its_name_the_one_that_was_colorized_is_beside(told, tmp_path):
    what = shown(layer(OTHER), layer(DEEP), told=told)
    found = Originals().find(what, RGB)
    np.testing.assert_array_equal(found.pixels, DEEP)
    options = FigureOptions(original=True, scale_bar="none", legend="none")
    _, made = write(tmp_path / "f.png", what, options, lambda: False)
    np.testing.assert_array_equal(made.figure.pixels[:40, :60], RGB)
    assert "lightness unchanged" in made.caption


def test_without_an_original_nothing_is_claimed():
    assert "unchanged" not in looked(shown()).caption


def test_contrast_that_was_moved_since_does_not_matter():
    """The original is shown as it was colorized, and the claim holds."""
    made = looked(shown(layer(DEEP, (0.0, 65535.0))))
    assert made.has_original
    assert "lightness unchanged" in made.caption


def test_a_change_by_another_tool_is_seen_although_the_original_is_there():
    changed = RGB.copy()
    changed[5:15, 5:15] = 255
    made = looked(shown(layer(DEEP), rgb=changed))
    assert made.has_original
    assert "unchanged" not in made.caption


def test_what_was_found_out_is_known_until_the_pixels_are_others():
    originals, image = Originals(), layer(DEEP)
    wrong = shown(layer(OTHER))
    assert originals.known(wrong)  # it may be
    assert not looked(wrong, originals).has_original
    assert not originals.known(wrong)
    assert looked(shown(image), originals).has_original
    image.data = OTHER.copy()
    assert originals.known(shown(image))
    assert not looked(shown(image), originals).has_original


def test_the_original_that_a_figure_brings_back_is_the_original(tmp_path):
    """Also of a deep picture, which the figure has in 8-bit grays."""
    options = FigureOptions(original=True, scale_bar="none")
    path, _ = write(tmp_path / "f.png", shown(layer(DEEP)), options, lambda: False)
    gray, colouring = (Layer.create(*made) for made in restored_layers(path))
    told = colouring.metadata["abdiffuser"]
    what = Shown(colouring.data, told, "pollen", (read_image(gray),), None, "")
    made = looked(what)
    assert made.has_original
    assert "lightness unchanged" in made.caption


def test_one_layer_of_a_stack_tells_of_its_first_slice_alone():
    """So its other slices are told by their lightness."""
    what = shown(layer(DEEP))
    what.provenance["input"] = to_lightness(OTHER, LIMITS).report
    what.provenance["source"] = {"layer": "pollen", "first": [0, None, None]}
    assert looked(what).has_original
