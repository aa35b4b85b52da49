"""Hard regions: their colour fills them exactly, and not one pixel more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from napari_abdiffuser import Hints
from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.colorspace import gamut_map
from napari_abdiffuser.imaging.hints.hard_regions import hardened

SHAPE = (66, 90)
WAVES = np.add.outer(np.sin(np.arange(66) / 9), np.cos(np.arange(90) / 7))
IMAGE = ((WAVES + 2) * 63).astype(np.uint8)
LIGHT = rgb2lab(np.repeat(IMAGE[..., None], 3, -1))[..., 0].astype(np.float32)
LABELS = np.zeros(SHAPE, np.int32)
LABELS[11:40, 20:61] = 1
LABELS[11:40, 61:80] = 2  # they touch
COLORS = {1: "#2060e0", 2: "#c02040"}
NAMES = {1: "cell", 2: "mineral"}
HARD = Hints.from_labels(LABELS, COLORS, NAMES, hard=True)
POINTS = Hints.from_points([[55, 10]], ["gold"], sizes=3, classes=["ground"])


@pytest.fixture(scope="module")
def picture(tiny_colorizer):
    return tiny_colorizer.open(IMAGE)


def expected(color, where):
    """The colour at the picture's own lightness, as far as sRGB shows it; by scikit-image."""
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    chroma = np.broadcast_to(rgb2lab(rgb)[1:].astype(np.float32), (*SHAPE, 2))
    shown = np.dstack([LIGHT, gamut_map(LIGHT, np.ascontiguousarray(chroma))])
    return lab2rgb(shown)[where] * 255


@pytest.mark.parametrize("background", ["auto", "gray"])
@pytest.mark.parametrize("others", [Hints(), POINTS], ids=["alone", "with a point"])
def test_inside_is_exact_and_outside_as_if_it_were_not_there(picture, background, others):
    made = picture.paint(HARD + others, 2, seed=4, background=background)
    without = picture.paint(others, 2, seed=4, background=background)
    for value, color in COLORS.items():
        where = value == LABELS
        for rgb in (made.best, *made.rgb):
            assert np.abs(rgb[where] - expected(color, where)).max() <= 1.01
    outside = LABELS == 0
    np.testing.assert_array_equal(made.best[outside], without.best[outside])
    np.testing.assert_array_equal(made.rgb[:, outside], without.rgb[:, outside])


def test_soft_regions_spread(picture):
    """What the test above compares with is no matter of course."""
    soft = picture.paint(hardened(HARD, hard=False), 0).best
    assert (soft[LABELS == 0] != picture.paint(None, 0).best[LABELS == 0]).any(-1).mean() > 0.1


def test_everything_else_keeps_to_the_edges(picture):
    hints = HARD + POINTS
    found = picture.class_map(hints, background="gray")
    alone = picture.class_map(POINTS, background="gray")
    cell = found.names.index("cell") + 1
    np.testing.assert_array_equal(found.labels == cell, LABELS == 1)
    assert found.fractions[cell - 1] == (LABELS == 1).mean()
    outside = LABELS == 0
    np.testing.assert_array_equal(found.labels[outside], alone.labels[outside])
    shares, names = picture.share_maps(hints)
    np.testing.assert_array_equal(shares[1 + names.index("mineral")], LABELS == 2)
    assert (picture.uncertainty(hints)[~outside] == 0).all()
    assert LABELS[picture.suggest_place(hints)] == 0
    recolored = picture.spread(hints).recolor({"cell": "#20a040"}).best
    where = LABELS == 1
    assert np.abs(recolored[where] - expected("#20a040", where)).max() <= 1.01
    np.testing.assert_array_equal(recolored[outside], picture.paint(POINTS, 0).best[outside])


def test_corrections_and_previews(picture):
    before = picture.paint(POINTS, 1, seed=1).rgb[0]
    region = np.zeros(SHAPE, bool)
    region[5:50, 10:40] = True
    made = picture.inpaint(before, region, HARD, 1, seed=2).rgb[0]
    plain = picture.inpaint(before, region, None, 1, seed=2).rgb[0]
    where = region & (LABELS == 1)
    assert np.abs(made[where] - expected(COLORS[1], where)).max() <= 1.01
    np.testing.assert_array_equal(made[~where], plain[~where])
    small, without = (picture.preview(h, 45).rgb for h in (HARD + POINTS, POINTS))
    changed = (small != without).any(-1)
    assert changed.sum() > 100
    assert (LABELS[1::2, 1::2][changed] > 0).all()


def test_more_like_a_coloring_takes_no_color_out_of_its_hard_regions(picture):
    made = []
    for color in ("#20a040", "#c02040"):
        hints = Hints.from_labels(LABELS == 1, {1: color}, hard=True) + POINTS
        chosen = picture.paint(hints, 1, seed=1).rgb[0]
        made.append(picture.more_like(chosen, hints, 2, seed=3).rgb)
    green, red = made
    np.testing.assert_array_equal(green[:, LABELS != 1], red[:, LABELS != 1])
    assert (green[:, LABELS == 1] != red[:, LABELS == 1]).any(-1).all()


def test_a_pixel_model_keeps_to_the_edges_too():
    from napari_abdiffuser.colorizer.baseline.hint_map import pixel_hint_map

    shown = pixel_hint_map(HARD + POINTS, LIGHT, SHAPE)
    assert not shown[:, LABELS > 0].any()
    assert shown[2].sum() == 9


def test_files_keep_the_kind_of_edge(tmp_path):
    hints = HARD + hardened(HARD, hard=False) + Hints.from_labels(LABELS, COLORS) + POINTS
    hints.save(tmp_path / "hints.json")
    again = Hints.load(tmp_path / "hints.json")
    assert again == hints
    assert [r.hard for r in again.regions] == [True, True, False, False, None, None]
    assert [r.hard for r in hardened(again, hard=True).regions] == [True] * 4 + [None] * 2
    assert hash(HARD) != hash(replace(HARD, regions=hardened(HARD, hard=False).regions))
    broken = {**HARD.to_dict(), "regions": [{**HARD.to_dict()["regions"][0], "hard": "yes"}]}
    with pytest.raises(InvalidHints, match='"hard" must be true or false'):
        Hints.from_dict(broken)
