from __future__ import annotations

import numpy as np
import pytest

from abdiffuser_training.synth import random_scene
from abdiffuser_training.synth.colouring import BLENDS, STYLES, overlay_curve, random_coloring
from abdiffuser_training.synth.compose import ODDS, random_optics
from abdiffuser_training.synth.drawing.canvas import Canvas
from abdiffuser_training.synth.drawing.cracks import carve, crooked
from abdiffuser_training.synth.drawing.placing import Kit
from abdiffuser_training.synth.drawing.shapes import ellipsoid, lump, rod, taper
from abdiffuser_training.synth.drawing.texture import KINDS, make_texture
from abdiffuser_training.synth.drawing.threads import fibre
from abdiffuser_training.synth.microscope.detector import shot_noise
from abdiffuser_training.synth.microscope.electron import Optics, emission
from abdiffuser_training.synth.recipes.long import RECIPES
from napari_abdiffuser.imaging.colorspace import lab_to_srgb, lightness_of_gray8

SIZE = (64, 80)


def scene(seed: int):
    return random_scene(np.random.default_rng(seed), SIZE)


def test_a_seed_fixes_the_scene_and_another_changes_it() -> None:
    first, again, other = scene(1), scene(1), scene(2)
    for name in ("gray", "instances", "classes", "depth"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert np.mean(first.gray != other.gray) > 0.5


@pytest.mark.parametrize("seed", range(6))
def test_every_instance_belongs_to_one_class(seed: int) -> None:
    s = scene(seed)
    assert s.gray.shape == s.instances.shape == s.classes.shape == s.depth.shape == SIZE
    assert s.gray.dtype == np.uint8
    assert s.class_names[0] == "ground"
    assert set(np.unique(s.instances)) == set(range(s.n_instances + 1)) | {s.instances.min()}
    np.testing.assert_array_equal(s.instances == 0, s.classes == 0)
    for number in range(1, s.n_instances + 1):
        assert len(np.unique(s.classes[s.instances == number])) == 1
    assert s.classes.max() < len(s.class_names)


@pytest.mark.parametrize("kind", sorted(RECIPES))
def test_every_recipe_draws_its_kind(kind: str) -> None:
    assert kind in ODDS
    canvas = Canvas((96, 96))
    for seed in range(3):
        RECIPES[kind](Kit(np.random.default_rng(seed), 0.75, 2, False, 0.5), canvas, kind)
    assert canvas.class_names == ["ground", kind]
    assert np.count_nonzero(canvas.instances) > 100
    for field in (canvas.height, canvas.slope_y, canvas.slope_x, canvas.albedo):
        assert field.dtype == np.float32
        assert np.isfinite(field).all()


def test_a_ball_covers_exactly_its_disc() -> None:
    canvas = Canvas((40, 50))
    canvas.lay(ellipsoid((18.25, 24.5), (11.0, 11.0, 11.0)), canvas.register("ball"))
    y, x = np.mgrid[:40, :50]
    inside = (y - 18.25) ** 2 + (x - 24.5) ** 2 < 11**2
    np.testing.assert_array_equal(canvas.instances == 1, inside)


def test_the_higher_object_hides_the_lower_whatever_the_order() -> None:
    labels = []
    for order in ((0, 1), (1, 0)):
        canvas = Canvas((40, 60))
        bodies = [ellipsoid((20, 22), (14.0, 14.0, 14.0)), ellipsoid((20, 36), (14.0, 14.0, 14.0))]
        first = canvas.register("ball", 2)
        for i in order:
            canvas.lay(bodies[i], first + i, 30.0 * i)
        labels.append(canvas.labels()[0])
    np.testing.assert_array_equal(*labels)
    assert labels[0][20, 36] == 2


SHAPES = {
    "ellipsoid": lambda: ellipsoid((30.3, 30.1), (21.0, 13.0, 9.0), 0.7),
    "rod": lambda: rod((30, 30), 24.0, 9.0, 0.4, 3.0, 0.25, 0.2),
    "lump": lambda: lump((30, 30), 18.0, np.array([[0.1, 1.0], [0.06, 2.0]], np.float32)),
    "taper": lambda: taper(
        np.array([15, 12, 2], np.float32), np.array([45, 48, 9], np.float32), (8.0, 3.0)
    ),
    "fibre": lambda: fibre((60, 60), (30, 30), 0.5, 8.0, np.array([[2, 0.1, 1]], np.float32)),
}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_analytic_slopes_are_those_of_the_height(name: str) -> None:
    canvas = Canvas((60, 60), -np.inf)
    surface = SHAPES[name]()
    canvas.lay(surface, canvas.register("body"))
    with np.errstate(invalid="ignore"):
        gy, gx = np.gradient(canvas.height)
    steep = np.hypot(canvas.slope_y, canvas.slope_x)
    # Away from the silhouette, where differences of a square root mean nothing.
    flat = np.isfinite(gy) & np.isfinite(gx) & (steep < 0.8) & (canvas.instances == 1)
    assert flat.sum() > 60
    assert np.median(np.abs(gy - canvas.slope_y)[flat]) < 0.03
    assert np.median(np.abs(gx - canvas.slope_x)[flat]) < 0.03
    assert np.quantile(np.abs(gx - canvas.slope_x)[flat], 0.95) < 0.15


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wavelength", [1.0, 20.0, 700.0])
def test_textures_have_unit_slope_at_every_size(kind: str, wavelength: float) -> None:
    t = make_texture(np.random.default_rng(0), kind, wavelength)
    assert t.bump.std() == pytest.approx(1, rel=1e-3)
    assert np.mean(t.along**2 + t.across**2) == pytest.approx(1, rel=1e-3)


def test_tilt_brightens_as_the_secant() -> None:
    tilt = np.linspace(0, 1.2, 7, dtype=np.float32)[None]
    flat = np.zeros_like(tilt)
    optics = Optics(edge=1.0, limit=0.0, detector=0.0, occlusion=0.0)
    signal = emission(flat, (flat, np.tan(tilt)), np.ones_like(tilt), optics)
    np.testing.assert_allclose(signal, 1 / np.cos(tilt), rtol=1e-5)


def test_edges_give_more_electrons_on_their_upper_side() -> None:
    height = np.zeros((21, 40), np.float32)
    height[:, :20] = 10
    flat = np.zeros_like(height)
    optics = Optics(edge=0.0, detector=0.0, occlusion=0.0, crest=0.8, reach=2.0)
    signal = emission(height, (flat, flat), np.ones_like(flat), optics)[10]
    np.testing.assert_allclose(signal[[2, 37]], 1, atol=1e-3)
    assert signal[19] == pytest.approx(1.8, abs=1e-3)
    np.testing.assert_allclose(signal[20:], 1, atol=1e-5)


def test_cracks_are_deep_dark_and_objects_of_their_own() -> None:
    canvas = Canvas((60, 80))
    mask = np.zeros((60, 80), bool)
    mask[28:33] = True
    number = np.full((60, 80), canvas.register("cracks"), np.int32)
    carve(canvas, mask, number, 10.0)
    np.testing.assert_array_equal(canvas.instances == 1, mask)
    assert canvas.height[30, 40] < -5
    assert canvas.height[20, 40] == 0
    assert canvas.albedo[30, 40] < 0.5 < 1 < canvas.albedo[27, 40]


def test_a_crooked_path_joins_its_ends_in_short_steps() -> None:
    a, b = np.array([3, 4], np.float32), np.array([80, 120], np.float32)
    path = crooked(np.random.default_rng(0), a, b, 0.15, 5.0)
    np.testing.assert_array_equal(path[[0, -1]], [a, b])
    assert np.hypot(*np.diff(path, axis=0).T).max() <= 5


def test_hollows_are_darker_than_the_open() -> None:
    height = np.zeros((41, 41), np.float32)
    height[:, :18] = height[:, 23:] = 25
    flat = np.zeros_like(height)
    signal = emission(height, (flat, flat), np.ones_like(flat), Optics(detector=0.0))
    assert signal[20, 20] < 0.7 * signal[20, 4]


@pytest.mark.parametrize(("level", "dose"), [(0.2, 30.0), (0.9, 400.0)])
def test_shot_noise_has_poisson_moments(level: float, dose: float) -> None:
    n = 200_000
    noisy = shot_noise(np.random.default_rng(0), np.full((n,), level, np.float32), dose)
    variance = level / dose
    # Five standard errors of the mean and of the variance (Poisson's fourth moment).
    assert abs(noisy.mean() - level) < 5 * np.sqrt(variance / n)
    fourth = variance**2 * (2 + 1 / (level * dose))
    assert abs(noisy.var() - variance) < 5 * np.sqrt(fourth / n)


def test_random_optics_know_faint_pictures() -> None:
    assert random_optics(np.random.default_rng(0), faint=True).edge <= 0.3


@pytest.mark.parametrize("blend", BLENDS)
def test_overlays_stay_displayable_and_end_in_gray(blend: str) -> None:
    red, gold = np.array([0.8, 0.1, 0.1], np.float32), np.array([0.9, 0.8, 0.2], np.float32)
    curve = overlay_curve(red, blend, 1.0, gold)
    assert np.abs(curve[[0, 255]]).max() < 0.5
    assert np.hypot(*curve[128]) > 20
    gray = np.arange(256, dtype=np.uint8)
    lightness = np.asarray(lightness_of_gray8(gray), np.float32)
    rgb = np.asarray(lab_to_srgb(np.concatenate([lightness[:, None], curve], 1)))
    assert rgb.min() > -0.01
    assert rgb.max() < 1.01


@pytest.mark.parametrize("style", STYLES)
def test_colorings_follow_the_regions(style: str) -> None:
    s = scene(3)
    c = random_coloring(np.random.default_rng(5), s.gray, s.instances, s.classes, style)
    assert c.chroma.shape == (*SIZE, 2)
    assert c.chroma.dtype == np.float32
    assert np.hypot(*np.moveaxis(c.chroma, -1, 0)).max() > 5
    key = c.regions.astype(np.int64) * 256 + s.gray
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    flat = c.chroma.reshape(-1, 2)
    np.testing.assert_array_equal(flat, flat[first][inverse.ravel()])
    if style == "highlight":
        assert not c.chroma[c.regions == 0].any()
