"""The promises of the programming interface, kept by a model that has learned nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000, rgb2lab

from napari_abdiffuser import Hints
from napari_abdiffuser.colorizer.native import painter as native
from napari_abdiffuser.errors import Cancelled
from napari_abdiffuser.imaging.colorspace import gamut_map, render, srgb_to_lab
from napari_abdiffuser.imaging.lightness import to_lightness
from napari_abdiffuser.weights import sha256_of

RNG = np.random.default_rng(4)
NOISE = RNG.integers(0, 256, (37, 52), dtype=np.uint8)
WAVES = np.add.outer(np.sin(np.arange(37) / 9), np.cos(np.arange(52) / 7))
SMOOTH = ((WAVES + 2) * 63).astype(np.uint8)
HINTS = Hints.from_points([[5, 5], [20, 40], [30, 10]], ["red", "#2060e0", "gray"], sizes=5)

kinds = st.sampled_from(["noise", "smooth", "constant", "rgb", "uint16", "nan", "bool"])
shapes = st.one_of(
    st.sampled_from([(1, 1), (1, 31), (45, 1), (2, 3)]),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
)


def picture(kind, shape, seed):
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, shape, dtype=np.uint8)
    if kind == "smooth":
        ramp = np.add.outer(np.arange(shape[0]), np.arange(shape[1]))
        return (255 * ramp / max(1, ramp.max())).astype(np.uint8)
    if kind == "constant":
        return np.full(shape, noise.flat[0])
    if kind == "rgb":
        return rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    if kind == "uint16":
        return (noise.astype(np.uint16) + 3) * 200
    if kind == "nan":
        values = rng.normal(size=shape)
        values[rng.random(shape) < 0.2] = np.nan
        values.flat[0] = 1.5
        return values
    return noise > 128 if kind == "bool" else noise


def saturated(shape, seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 6))
    places = rng.random((count, 2)) * (np.array(shape) - 1)
    return Hints.from_points(
        places, rng.integers(0, 2, (count, 3)) * 1.0, rng.integers(1, 12, count)
    )


def own_lightness(image):
    if image.dtype == np.uint8:
        rgb = image if image.ndim == 3 else np.repeat(image[..., None], 3, -1)
        return rgb2lab(rgb)[..., 0]
    return to_lightness(image).display


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=kinds, shape=shapes, seed=st.integers(0, 999), background=st.sampled_from(["auto", "gray"])
)
def test_lightness_shapes_and_hints_are_kept_for_any_picture(
    tiny_colorizer, kind, shape, seed, background
):
    image, hints = picture(kind, shape, seed), saturated(shape, seed)
    result = tiny_colorizer(image, hints, n_outputs=2, steps=1, seed=seed, background=background)
    assert result.best.shape == (*shape, 3)
    assert result.rgb.shape == (2, *shape, 3)
    assert result.best.dtype == result.rgb.dtype == np.uint8
    lightness = own_lightness(image)
    shown = to_lightness(image).display
    for rgb in (result.best, *result.rgb):
        lab = rgb2lab(rgb)
        assert np.abs(lab[..., 0] - lightness).max() < 0.6
        for i, point in enumerate(hints.points):
            y, x = round(point.y), round(point.x)
            if any(
                y in range(*s[0].indices(shape[0])) and x in range(*s[1].indices(shape[1]))
                for s in (later.patch(shape) for later in hints.points[i + 1 :])
            ):
                continue  # painted over
            ab = np.asarray(srgb_to_lab(np.array(point.color, np.float32)))[1:].astype(np.float32)
            level = shown[y : y + 1, x]
            wanted, _ = render(level, ab[None])
            assert deltaE_ciede2000(lab[y, x], rgb2lab(wanted[0])) < 0.01
            if len(set(point.color)) == 1:
                assert np.hypot(*lab[y, x, 1:]) < 4


@pytest.mark.parametrize("color", ["red", "lime", "#2030ff", "yellow", "#c8a24a", "#804080"])
@pytest.mark.parametrize("level", [30, 90, 160, 230])
def test_a_hint_is_obeyed_within_the_rounding_to_8_bit(tiny_colorizer, color, level):
    image = np.full((9, 9), level, np.uint8)
    hints = Hints.from_points([[4, 4]], [color], sizes=1)
    result = tiny_colorizer(image, hints, n_outputs=2, steps=1)
    light = to_lightness(image).display[4, 4:5]
    ab = np.asarray(srgb_to_lab(np.array(hints.points[0].color, np.float32)), np.float32)[1:]
    asked = np.concatenate([light, gamut_map(light, ab[None])[0]])
    for rgb in (result.best, *result.rgb):
        assert deltaE_ciede2000(rgb2lab(rgb[4, 4]), asked) < 3


def test_a_gray_hint_is_gray_and_not_the_same_as_none(tiny_colorizer):
    opened_picture = tiny_colorizer.open(SMOOTH)
    hints = Hints.from_points([[18, 25]], ["#808080"], sizes=3)
    gray, none = opened_picture.paint(hints, 2), opened_picture.paint(None, 2)
    for rgb in (gray.best, *gray.rgb):
        assert np.hypot(*rgb2lab(rgb)[17:20, 24:27, 1:].reshape(-1, 2).T).max() < 4
    assert not np.array_equal(gray.best, none.best)
    assert not np.array_equal(gray.rgb, none.rgb)


def test_a_region_has_exactly_its_color(tiny_colorizer):
    labels = np.zeros(SMOOTH.shape, int)
    labels[3:20, 4:30] = 1
    labels[25:, 40:] = 2
    hints = Hints.from_labels(labels, {1: "orange", 2: (0.1, 0.7, 0.3)})
    result = tiny_colorizer(SMOOTH, hints, n_outputs=2)
    light = to_lightness(SMOOTH).display
    for region in hints.regions:
        ab = np.asarray(srgb_to_lab(np.array(region.color, np.float32)), np.float32)[1:]
        expected, _ = render(light, np.broadcast_to(ab, (*light.shape, 2)).copy())
        for rgb in (result.best, *result.rgb):
            np.testing.assert_array_equal(rgb[region.mask], expected[region.mask])


def test_background_gray(tiny_colorizer):
    opened_picture = tiny_colorizer.open(SMOOTH)
    result = opened_picture.paint(None, 2, background="gray")
    for rgb in (result.best, *result.rgb):
        np.testing.assert_array_equal(rgb, np.repeat(SMOOTH[..., None], 3, -1))
    hinted = opened_picture.paint(HINTS, 1, background="gray").best
    assert np.ptp(hinted.astype(int), axis=-1).max() > 20
    assert np.ptp(opened_picture.paint(None, 0).best.astype(int), axis=-1).max() > 0


def test_same_seed_same_bytes_from_any_thread(tiny_colorizer):
    opened_picture = tiny_colorizer.open(NOISE)
    alone = opened_picture.paint(HINTS, 3, seed=7)
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(tiny_colorizer, NOISE, HINTS, n_outputs=3, seed=7) for _ in range(2)]
        calls += [pool.submit(opened_picture.paint, HINTS, 3, seed=7) for _ in range(4)]
        results = [call.result() for call in calls]
    for result in results:
        np.testing.assert_array_equal(result.best, alone.best)
        np.testing.assert_array_equal(result.rgb, alone.rgb)
        np.testing.assert_array_equal(result.chroma, alone.chroma)
    other = opened_picture.paint(HINTS, 3, seed=8)
    assert not np.array_equal(other.rgb, alone.rgb)
    np.testing.assert_array_equal(other.best, alone.best)


def test_variations_differ_and_do_not_depend_on_how_many_there_are(tiny_colorizer):
    opened_picture = tiny_colorizer.open(NOISE)
    three = opened_picture.paint(HINTS, 3).rgb
    assert not any(np.array_equal(three[i], three[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    one = opened_picture.paint(HINTS, 1).rgb
    assert np.abs(one[0].astype(int) - three[0]).max() <= 1


def test_no_variations(tiny_colorizer):
    result = tiny_colorizer(NOISE, HINTS, n_outputs=0)
    assert result.rgb.shape == (0, *NOISE.shape, 3)
    assert result.chroma.shape == (0, *NOISE.shape, 2)
    np.testing.assert_array_equal(result.best, tiny_colorizer(NOISE, HINTS).best)


def test_chroma_is_that_of_the_pictures(tiny_colorizer):
    result = tiny_colorizer(SMOOTH, HINTS, n_outputs=2)
    assert result.chroma.dtype == np.float32
    light = np.broadcast_to(to_lightness(SMOOTH).display, (2, *SMOOTH.shape))
    np.testing.assert_array_equal(render(light.copy(), result.chroma)[0], result.rgb)
    away = np.abs(rgb2lab(result.rgb)[..., 1:] - result.chroma)
    assert away.max() < 2.5  # half a grey level of blue, in the dark
    assert away.mean() < 0.4


def test_provenance(tiny_colorizer, tiny_model):
    image = (NOISE.astype(np.uint16) + 10) * 100
    opened_picture = tiny_colorizer.open(image, contrast_limits=(0, 20000))
    made = json.loads(json.dumps(opened_picture.paint(HINTS, 2, 5, 9, "gray").provenance))
    assert made["model"] == {"name": "tiny", "sha256": sha256_of(tiny_model)}
    assert (made["seed"], made["steps"], made["n_outputs"]) == (9, 5, 2)
    assert made["background"] == "gray"
    assert made["device"] == "cpu"
    assert Hints.from_dict(made["hints"]).to_dict() == HINTS.to_dict()
    assert {"napari-abdiffuser", "torch", "numpy"} <= set(made["versions"])
    assert made["input"]["mapping"] == "contrast_limits"
    assert made["input"]["limits"] == [0, 20000]
    assert made["input"]["dtype"] == "uint16"
    assert opened_picture.paint(None).provenance["steps"] == tiny_colorizer.default_steps == 3


def test_progress_and_cancelling_at_every_moment(tiny_colorizer, monkeypatch):
    monkeypatch.setattr(native, "_BLOCK_PIXELS", 10 * NOISE.shape[1])
    opened_picture = tiny_colorizer.open(NOISE)
    seen, asked = [], []
    opened_picture.paint(
        HINTS, 2, 3, progress=lambda *a: seen.append(a), cancel=lambda: bool(asked.append(1))
    )
    done, totals = zip(*seen, strict=True)
    assert set(totals) == {3 + 4}
    assert sorted(done) == list(done)
    assert set(done) == set(range(8))
    assert len(asked) >= 7
    for index in range(len(asked)):
        left = iter([False] * index + [True])
        with pytest.raises(Cancelled):
            opened_picture.paint(HINTS, 2, 3, cancel=lambda left=left: next(left))


@pytest.mark.slow
def test_a_large_picture_has_no_seams(tiny_colorizer, monkeypatch):
    rows, columns = np.ogrid[:1500, :2000]
    image = (127 + 60 * np.sin(rows / 31) + 60 * np.cos(columns / 47)).astype(np.uint8)
    hints = Hints.from_points([[65, 100], [1400, 1900]], ["red", "blue"], sizes=31)
    expected = tiny_colorizer(image, hints, steps=1)
    monkeypatch.setattr(native, "_BLOCK_PIXELS", 2000 * 97)
    again = tiny_colorizer(image, hints, steps=1)
    np.testing.assert_array_equal(again.best, expected.best)
    np.testing.assert_array_equal(again.rgb, expected.rgb)
    light = np.repeat(image[:, :, None], 3, -1)
    assert np.abs(rgb2lab(expected.best)[..., 0] - rgb2lab(light)[..., 0]).max() < 0.6


def test_many_hints(tiny_colorizer):
    places = RNG.random((400, 2)) * (np.array(NOISE.shape) - 1)
    result = tiny_colorizer(NOISE, Hints.from_points(places, RNG.random((400, 3)), sizes=1))
    assert result.rgb.shape == (1, *NOISE.shape, 3)


def test_a_small_picture_is_seen_enlarged_and_a_large_one_reduced(tiny_colorizer):
    assert tiny_colorizer.work_size == 64
    cells = {
        shape: tiny_colorizer.open(np.zeros(shape, np.uint8)).encoded.shape
        for shape in [(20, 24), (37, 52), (64, 40), (200, 100), (1, 1)]
    }
    assert cells == {
        (20, 24): (20, 24),  # twice as large: a cell for every pixel
        (37, 52): (23, 32),
        (64, 40): (32, 20),
        (200, 100): (32, 16),
        (1, 1): (1, 1),
    }
