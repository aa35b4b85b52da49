"""What hints tell beyond their objects: shadows' tint, and their own surroundings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_abdiffuser import Hints
from napari_abdiffuser.colorizer import Colorizer
from napari_abdiffuser.colorizer.coarse import painting, trends
from napari_abdiffuser.imaging.colorspace import lab_to_srgb, srgb_to_lab

SHAPE = (96, 128)


@pytest.fixture(scope="module")
def lightness():
    noise = gaussian_filter(np.random.default_rng(2).random(SHAPE), 3)
    return (30 + 40 * (noise - noise.min()) / np.ptp(noise)).astype(np.float32)


@pytest.fixture(scope="module")
def picture(lightness):
    """The embedded model's view of one rough surface."""
    lab = np.stack([lightness, 0 * lightness, 0 * lightness], -1)
    gray = np.round(lab_to_srgb(lab)[..., 0].clip(0, 1) * 255).astype(np.uint8)
    return Colorizer.load(device="cpu").open(gray)


def chroma(rgb):
    return srgb_to_lab(rgb / 255)[..., 1:]


def tinted(lightness):
    """Blue shadows, yellow lights: (H, W, 2) a* and b*."""
    return np.stack([0 * lightness, lightness - 50], -1)


def true_hints(lightness, count):
    truth = tinted(lightness)
    places = np.random.default_rng(5).integers(4, np.array(SHAPE) - 4, (count, 2))
    colors = []
    for y, x in places:
        around = (slice(y - 2, y + 3), slice(x - 2, x + 3))
        means = truth[around].mean((0, 1))
        colors.append(lab_to_srgb(np.array([lightness[around].mean(), *means])).clip(0, 1))
    return Hints.from_points(places, colors, sizes=5)


def test_some_hints_tell_how_a_picture_tints_its_shadows(picture, lightness, monkeypatch):
    hints, truth = true_hints(lightness, 40), tinted(lightness)

    def error(rgb):
        return float(np.sqrt(np.square(chroma(rgb) - truth).mean()))

    made = picture.paint(hints, 2)
    monkeypatch.setattr(painting, "trend_slopes", lambda *args: None)
    flat = picture.paint(hints, 2)
    assert error(made.best) < 0.6 * error(flat.best)
    for one, other in zip(made.rgb, flat.rgb, strict=True):
        assert error(one) < 0.8 * error(other)


def test_around_a_hint_the_coloring_is_nearer_to_its_color(picture, monkeypatch):
    """Hints that are mixed, because the guide sees one surface, show less as spots."""
    rng = np.random.default_rng(3)
    places, colors = rng.integers(10, np.array(SHAPE) - 10, (12, 2)), rng.random((12, 3))
    hints = Hints.from_points(places, colors, sizes=5)
    rows, columns = np.indices(SHAPE)

    def apart(rgb):
        """Mean distance of the ring around each hint from the hint's own colour."""
        colors, total = chroma(rgb), 0.0
        for y, x in places:
            away = np.hypot(rows - y, columns - x)
            ring = colors[(away > 4) & (away < 8)].mean(0)
            total += float(np.linalg.norm(ring - colors[away < 2].mean(0)))
        return total / len(places)

    met = picture.paint(hints, 1)
    monkeypatch.setattr(trends, "MAX_NARROW", 0)
    mixed = picture.paint(hints, 1)
    # Where the surface's roughness ends the paths, hints hardly mix, and little is left to spread.
    assert apart(met.best) < apart(mixed.best)
    assert apart(met.rgb[0]) < 1.02 * apart(mixed.rgb[0])


def test_gray_hints_alone_leave_a_picture_gray(picture):
    places = np.random.default_rng(7).integers(4, np.array(SHAPE) - 4, (30, 2))
    made = picture.paint(Hints.from_points(places, ["gray"] * 30, sizes=5), 0)
    assert np.hypot(*np.moveaxis(chroma(made.best), -1, 0)).mean() < 3


def test_a_hint_in_a_dark_place_gives_its_object_about_the_color_asked_for():
    """Red on the core of a dark-centred disc, which can show little of it."""
    rows, columns = np.indices((120, 160))
    away = np.hypot(rows - 60, columns - 50)
    other = np.hypot(rows - 60, columns - 115)
    gray = np.full(rows.shape, 185.0)
    for radius in (away, other):
        gray[radius < 25] = 20 + 4.5 * radius[radius < 25]
    asked, place = np.hypot(*chroma(np.array([[[150, 60, 60]]])).ravel()), (60, 50)
    opened = Colorizer.load(device="cpu").open(gaussian_filter(gray, 1).astype(np.uint8))
    hints = Hints.from_points([place, [20, 80]], [(150 / 255, 60 / 255, 60 / 255), "gray"], sizes=5)
    made = opened.paint(hints, 0, background="gray").best
    found = np.hypot(*np.moveaxis(chroma(made), -1, 0))
    rim = (away > 14) & (away < 21)
    assert 0.9 * asked < np.median(found[rim]) < 1.4 * asked
    assert np.median(found[other < 25]) < 0.2 * asked
