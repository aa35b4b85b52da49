from __future__ import annotations

import json

import numpy as np
import pytest

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.studio.figure.caption import caption
from napari_abdiffuser.studio.figure.compose import compose
from napari_abdiffuser.studio.figure.drawing import font_for
from napari_abdiffuser.studio.figure.options import FigureOptions
from napari_abdiffuser.studio.figure.panels import colored_panel, gray_panel
from napari_abdiffuser.studio.figure.scale_bar import scale_bar
from napari_abdiffuser.studio.figure.units import in_metres, symbol
from napari_abdiffuser.studio.legend.classes import Legend

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (120, 200, 3), np.uint8)
GRAY = RNG.integers(0, 256, (120, 200), np.uint8)
LEGEND = Legend.of({"cells": "purple", "minerals": "gold", "Körner µ": "teal"})


@pytest.mark.parametrize("legend", ["none", "right", "below"])
@pytest.mark.parametrize("bar", ["none", "inside", "below"])
@pytest.mark.parametrize("original", [False, True])
def test_the_pictures_own_pixels_are_kept(legend, bar, original):
    options = FigureOptions(legend=legend, scale_bar=bar, original=original)
    figure = compose(RGB, options, LEGEND.classes[1:], GRAY, pixel_size=0.1, unit="µm")
    shown = figure.pixels[figure.colored.slices]
    changed = np.any(shown != RGB, axis=-1)
    if bar != "inside":
        assert not changed.any()
    else:  # the bar's corner alone
        assert changed[80:, 100:].any()
        assert not changed[:80].any()
        assert not changed[:, :100].any()
    assert (figure.original is not None) == original
    if original:
        left = figure.pixels[figure.original.slices]
        assert np.array_equal(left[:80], GRAY[:80, :, None].repeat(3, axis=-1))
    plain = legend == "none" and bar != "below" and not original
    assert (figure.pixels.shape == RGB.shape) == plain


def test_the_legend_shows_every_color_and_the_bar_its_length():
    options = FigureOptions(scale_bar="below")
    figure = compose(RGB, options, LEGEND.classes[1:], pixel_size=2.0, unit="nm")
    aside = figure.pixels[:, 200:].reshape(-1, 3)
    for entry in LEGEND.classes[1:]:
        color = np.round(np.array(entry.color) * 255)
        assert np.sum(np.all(aside == color, axis=-1)) > 30
    assert figure.bar.text == "50 nm"
    below = figure.pixels[120:, :200]
    black = np.all(below == 0, axis=-1).sum(axis=1)
    assert black.max() == 25  # 50 nm at 2 nm a pixel
    assert figure.pixels[0, -1].tolist() == [255, 255, 255]
    assert compose(RGB, FigureOptions(background="black"), LEGEND.classes).pixels[-1, -1].sum() == 0


def test_what_there_is_nothing_for_is_left_out():
    options = FigureOptions(legend="below", scale_bar="below", original=True, letters=False)
    assert np.array_equal(compose(RGB, options).pixels, RGB)
    assert compose(RGB, options, pixel_size=0.0, unit="µm").bar is None


def test_a_bar_keeps_clear_of_the_data_bar_in_every_corner():
    for corner in ("lower right", "lower left", "upper right", "upper left"):
        options = FigureOptions(corner=corner, keep_clear=30, legend="none")
        figure = compose(RGB, options, pixel_size=0.1, unit="µm")
        changed = np.any(figure.pixels != RGB, axis=-1)
        rows, columns = (changed.any(axis=axis).nonzero()[0] for axis in (1, 0))
        assert rows.max() < 90
        assert (rows.max() < 60) == corner.startswith("upper")
        assert (columns.max() < 100) == corner.endswith("left")


def test_tiny_and_odd_pictures_have_figures_too():
    options = FigureOptions(original=True, letters=True)
    for shape in ((1, 1, 3), (3, 200, 3), (200, 2, 3)):
        figure = compose(np.zeros(shape, np.uint8), options, LEGEND.classes, np.zeros(shape[:2]))
        assert figure.colored[2:] == shape[:2]
    with pytest.raises(InvalidImage, match="pixels"):
        compose(RGB, options, original=GRAY[:50])


def test_every_depth_becomes_eight_bits():
    wide = RGB.astype(np.uint16) * 257
    assert np.array_equal(colored_panel(wide), RGB)
    assert np.array_equal(colored_panel(RGB / 255), RGB)
    floats = np.array([[[np.nan, -1.0, 2.0]]])
    assert colored_panel(floats).tolist() == [[[0, 0, 255]]]
    assert np.array_equal(gray_panel(GRAY)[..., 0], GRAY)
    ramp = gray_panel(np.linspace(5.0, 9.0, 256)[None], (5.0, 9.0))
    assert np.array_equal(ramp[0, :, 0], np.arange(256))
    for wrong in (GRAY, RGB.astype(int), np.zeros((0, 3, 3), np.uint8)):
        with pytest.raises(InvalidImage):
            colored_panel(wrong)


@pytest.mark.parametrize(
    ("width", "size", "unit", "text", "pixels"),
    [
        (1000, 0.01, "um", "2 µm", 200),
        (1024, 2.5, "nm", "500 nm", 200),
        (2048, 0.5, "micrometer", "200 µm", 400),
        (1000, 1.0, "angstrom", "200 Å", 200),
        (1000, 1e-3, "nanometre", "200 pm", 200),
        (1000, 5e-9, "m", "1 µm", 200),
        (1000, 1.0, "mm", "200 mm", 200),
        (1000, 0.045, "\\u00B5m", "5 µm", 111.1),
        (100, 1.0, "pixel", "20 pixel", 20),
        (1000, 4e-4, "pixel", "0.05 pixel", 125),
    ],
)
def test_bars_have_round_lengths(width, size, unit, text, pixels):
    bar = scale_bar(width, size, unit)
    assert bar.text == text
    assert bar.pixels == pytest.approx(pixels, abs=0.1)


def test_bars_fit_and_are_not_much_shorter_than_they_may_be():
    for size in np.geomspace(1e-6, 1e6, 121):
        for unit in ("nm", "µm", "m"):
            bar = scale_bar(1000, float(size), unit, share=0.2)
            assert 200 / 2.5 - 1e-6 <= bar.pixels <= 200 + 1e-6
            number, name = bar.text.split()
            assert float(number) * in_metres(name) == pytest.approx(bar.metres)
    for nothing in (0.0, -1.0, float("nan"), float("inf")):
        assert scale_bar(100, nothing, "nm") is None


def test_units_as_people_write_them():
    words = ["µm", "μm", "um", "Micron", "micrometers", "nanometres", "MM", " nm ", "Å", "inch"]
    found = ["µm", "µm", "µm", "µm", "µm", "nm", "mm", "nm", "Å", "in"]
    assert [symbol(word) for word in words] == found
    assert in_metres("pixel") is None


def test_letters_that_a_font_lacks_are_found_in_another():
    for text in ("20 µm", "plain"):
        font, shown = font_for(text, 20)
        assert shown == text
        assert font.getlength(shown) > 0
    # Where no font has them, nothing breaks.
    assert font_for("\U0010fffd µ", 20)[1] == "\U0010fffd u"


def test_the_caption_declares_the_coloring():
    short = caption(LEGEND.classes[:3], "1.2.0", guessed=False)
    assert short == (
        "False colour: purple, cells; gold, minerals. Colour added with napari-abdiffuser 1.2.0; "
        "lightness unchanged."
    )
    full = caption(LEGEND.classes, "1.2.0", model="default", scale_bar="20 µm", letters=("a", "b"))
    assert full.startswith("(a) Original. (b) False colour: purple, cells; gold, minerals; teal,")
    assert "(model default)" in full
    assert "carry no meaning" in full
    assert full.endswith("Scale bar, 20 µm.")
    twins = Legend.of({"a": "#2f6fd0", "b": "#3070d8"})
    assert "blue (#2f6fd0), a; blue (#3070d8), b" in caption(twins.classes, "1")
    unnamed = Legend.of({"blue": "#2f6fd0"})
    assert caption(unnamed.classes, "1").startswith("False colour: blue. ")
    assert caption((), "1", edited=True, guessed=False) == (
        "False colour. Colour added with napari-abdiffuser 1."
    )


def test_options_are_json():
    assert FigureOptions(**json.loads(json.dumps(FigureOptions().to_dict()))) == FigureOptions()
