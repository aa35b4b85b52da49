from __future__ import annotations

import json
import tracemalloc

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.color import rgb2lab

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.imaging import lightness as module
from napari_abdiffuser.imaging.colorspace import render
from napari_abdiffuser.imaging.lightness import display_range, lightness_digest, to_lightness

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def gray_of(lightness):
    """8-bit grays of L*, by way of the renderer."""
    return render(lightness, np.zeros((*lightness.shape, 2), np.float32))[0][..., 0]


def noisy(dtype, low, high, shape=(20, 30)):
    return np.random.default_rng(0).uniform(low, high, shape).astype(dtype)


def test_an_8_bit_picture_defines_its_own_lightness():
    result = to_lightness(RAMP)
    np.testing.assert_array_equal(gray_of(result.display), RAMP)
    expected = rgb2lab(np.repeat(RAMP[..., None], 3, axis=-1))[..., 0]
    np.testing.assert_allclose(result.display, expected, atol=1e-4)
    assert result.valid is None
    assert result.report["mapping"] == "srgb-gray"
    low_contrast = to_lightness(RAMP // 4 + 50)
    np.testing.assert_array_equal(gray_of(low_contrast.display), RAMP // 4 + 50)
    assert low_contrast.network.min() == 0
    assert low_contrast.network.max() == 100


def test_contrast_limits_do_not_touch_8_bit_and_color_pictures():
    for picture in (RAMP, RAMP > 100, np.stack([RAMP] * 3, axis=-1)):
        result = to_lightness(picture, contrast_limits=(10, 20))
        np.testing.assert_array_equal(result.display, to_lightness(picture).display)
        assert result.report["contrast_limits_ignored"]


def test_other_depths_are_shown_from_smallest_to_largest_or_between_limits():
    deep = RAMP.astype(np.uint16) * 100 + 3000
    result = to_lightness(deep)
    np.testing.assert_array_equal(gray_of(result.display), RAMP)
    assert result.report["mapping"] == "data-range"
    assert result.report["limits"] == [3000, 28500]
    result = to_lightness(deep, contrast_limits=(3000, 3000 + 25500 * 2))
    assert np.abs(gray_of(result.display) - RAMP / 2).max() <= 0.5
    assert result.report["mapping"] == "contrast_limits"
    assert not result.report["contrast_limits_ignored"]
    result = to_lightness(deep, contrast_limits=(8000, 9000))
    assert result.display[deep <= 8000].max() == 0
    assert result.display[deep >= 9000].min() == 100


def test_the_network_sees_more_than_8_bits():
    deep = np.linspace(0, 60000, 40000).reshape(200, 200).astype(np.uint16)
    deep[0, 0] = 65535
    result = to_lightness(deep)
    assert np.unique(result.display).size <= 256
    assert np.unique(result.network).size > 5000
    # A hot pixel takes nothing from it.
    hot = deep.astype(np.float32)
    hot[5, 5] = 1e20
    change = np.abs(to_lightness(hot).network - result.network)
    change[5, 5] = 0
    assert change.max() < 0.5


@pytest.mark.parametrize(
    "dtype", ["i1", "i2", "u2", ">u2", "i4", "u4", "i8", "u8", "f2", "f4", ">f8"]
)
def test_any_real_type(dtype):
    picture = noisy(dtype, 0, 120)
    result = to_lightness(picture)
    assert result.display.dtype == result.network.dtype == np.float32
    assert result.display.min() == 0
    assert result.display.max() == 100
    assert json.loads(json.dumps(result.report)) == result.report
    np.testing.assert_array_equal(result.display, to_lightness(picture.astype("f8")).display)


def test_whole_ranges_of_wide_types():
    for picture in (
        np.array([[np.iinfo("i8").min, 0, np.iinfo("i8").max]]),
        np.array([[0, 2**63, 2**64 - 1]], np.uint64),
        np.array([[-1.7e308, 0, 1.7e308]]),
        np.array([[0, 5e-324]]),
        np.array([[-65504, 0, 65504]], np.float16),
    ):
        grays = gray_of(to_lightness(picture).display)[0].tolist()
        assert grays in ([0, 128, 255], [0, 255])
    large = np.array([[2**31 - 3, 2**31 - 2, 2**31 - 1]], np.int32)
    assert gray_of(to_lightness(large).display)[0].tolist() == [0, 128, 255]


def test_bool():
    result = to_lightness(RAMP > 7)
    np.testing.assert_array_equal(gray_of(result.display), np.where(RAMP > 7, 255, 0))


@pytest.mark.parametrize("channels", [3, 4])
def test_color_gives_its_lightness_and_alpha_nothing(channels):
    rgb = np.random.default_rng(0).integers(0, 256, (15, 17, channels), dtype=np.uint8)
    expected = rgb2lab(rgb[..., :3])[..., 0]
    result = to_lightness(rgb)
    np.testing.assert_allclose(result.display, expected, atol=1e-3)
    assert result.report["alpha_ignored"] == (channels == 4)
    assert result.report["mapping"] == "srgb"
    for same in (rgb / 255.0, rgb.astype(np.uint16) * 257, rgb.astype(np.int64)):
        np.testing.assert_allclose(to_lightness(same).display, expected, atol=1e-3)


def test_equal_channels_are_that_gray():
    for picture in (RAMP, RAMP / 255.0):
        color = to_lightness(np.stack([picture] * 3, axis=-1))
        np.testing.assert_allclose(color.display, to_lightness(RAMP).display, atol=1e-3)
        np.testing.assert_allclose(color.network, to_lightness(RAMP).network, atol=0.1)


def test_color_floats_beyond_one_are_taken_by_their_range():
    rgb = noisy("f4", -3, 9, (8, 9, 3))
    result = to_lightness(rgb)
    assert result.report["limits"] == [float(rgb.min()), float(rgb.max())]
    scaled = (rgb - rgb.min()) / (rgb.max() - rgb.min())
    np.testing.assert_allclose(result.display, rgb2lab(scaled)[..., 0], atol=0.5)


@pytest.mark.parametrize("value", [0, 7, 255, -3.5, 1e300])
@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (3, 4, 3)])
def test_constant_pictures(value, shape):
    for dtype in ("u1", "i4", "f8"):
        if dtype != "f8" and not 0 <= value <= 255:
            continue
        result = to_lightness(np.full(shape, value, dtype))
        assert result.display.shape == shape[:2]
        assert np.unique(result.display).size == 1
        assert 0 <= result.display[0, 0] <= 100
        np.testing.assert_allclose(result.network, result.display, atol=0.02)
    assert to_lightness(np.full(shape[:2], value, "f8")).report["constant"]


def test_few_pixels_that_differ_are_still_seen():
    picture = np.zeros((100, 100), np.uint8)
    picture[50, 50] = 3
    assert to_lightness(picture).network[50, 50] == 100


def test_layouts_in_memory(tmp_path):
    picture = noisy("u2", 0, 60000, (41, 53))
    expected = to_lightness(picture)
    mapped = np.memmap(tmp_path / "picture", np.uint16, "w+", shape=picture.shape)
    mapped[:] = picture
    double = np.repeat(np.repeat(picture, 2, axis=0), 3, axis=1)
    for same in (
        np.asfortranarray(picture),
        picture[::-1, ::-1].copy()[::-1, ::-1],
        double[::2, ::3],
        mapped,
        picture[..., None],
        picture.tolist(),
        torch.from_numpy(picture.astype(np.int32)),
    ):
        result = to_lightness(same)
        np.testing.assert_array_equal(result.display, expected.display)
        np.testing.assert_allclose(result.network, expected.network, atol=0.02)
    flipped = to_lightness(RAMP[::-1, ::2] > 99)
    np.testing.assert_array_equal(gray_of(flipped.display) > 0, RAMP[::-1, ::2] > 99)


def test_lazy_arrays():
    dask_array = pytest.importorskip("dask.array")
    picture = noisy("u2", 0, 60000)
    lazy = dask_array.from_array(picture, chunks=7)
    np.testing.assert_array_equal(to_lightness(lazy).display, to_lightness(picture).display)


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.uint8, np.uint16]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    ),
    st.one_of(st.none(), st.sampled_from([(0, 1), (-1e300, 1e300), (0, 5e-324), (100, 101.5)])),
)
def test_never_anything_but_lightness(image, limits):
    if not np.isfinite(image).any():
        return
    result = to_lightness(image, limits)
    for plane in (result.display, result.network):
        assert plane.shape == image.shape
        assert (plane >= 0).all()
        assert (plane <= 100).all()


def test_memory_stays_that_of_the_results():
    picture = np.random.default_rng(0).integers(0, 60000, (2000, 2000), dtype=np.uint16)
    to_lightness(picture[:10])
    tracemalloc.start()
    result = to_lightness(picture)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < result.display.nbytes + result.network.nbytes + 24e6


def test_the_digest_tells_pictures_apart_and_outlasts_their_way_to_8_bit_grays():
    deep = np.random.default_rng(0).integers(0, 4000, (40, 50), dtype=np.uint16)
    limits = (100.0, 3900.0)
    told = to_lightness(deep, limits).report["lightness_sha256"]
    assert lightness_digest(deep, limits) == told
    assert lightness_digest(gray_of(to_lightness(deep, limits).display)) == told
    other = deep.copy()
    other[20, 20] += 400
    assert lightness_digest(other, limits) != told
    assert lightness_digest(deep, (0.0, 4000.0)) != told
    assert lightness_digest(deep.reshape(50, 40), limits) != told


def test_pixels_that_are_not_finite():
    picture = noisy("f4", 10, 20)
    picture[3, 4], picture[5, 6], picture[7, 8] = np.nan, np.inf, -np.inf
    result = to_lightness(picture)
    assert result.display[3, 4] == result.display[7, 8] == 0
    assert result.display[5, 6] == 100
    np.testing.assert_array_equal(result.valid, np.isfinite(picture))
    assert result.report["n_invalid"] == 3
    for y, x in ((3, 4), (5, 6), (7, 8)):
        around = [result.network[y - 1, x], result.network[y + 1, x]]
        around += [result.network[y, x - 1], result.network[y, x + 1]]
        assert result.network[y, x] in around
    assert np.isfinite(result.display).all()


def test_invalid_pixels_of_color_pictures():
    rgb = noisy("f4", 0.2, 0.8, (8, 9, 4))
    rgb[1, 1, 0], rgb[2, 2, :3], rgb[3, 3, 3] = np.nan, np.inf, np.nan
    result = to_lightness(rgb)
    assert result.report["n_invalid"] == 2
    assert result.display[1, 1] == 0
    assert result.display[2, 2] == 100


@pytest.mark.parametrize("lazy", [False, True])
def test_masked_pixels_count_as_nan(lazy):
    values = noisy(np.uint16, 100, 4000)
    mask = np.zeros(values.shape, bool)
    mask[3:6, 4:20] = mask[0, 0] = True
    holes = np.where(mask, np.nan, values.astype(float))
    masked = np.ma.masked_array(np.where(mask, 65535, values), mask)
    result = to_lightness(da.from_array(masked) if lazy else masked)
    expected = to_lightness(holes)
    for name in ("display", "network", "valid"):
        np.testing.assert_array_equal(getattr(result, name), getattr(expected, name))
    assert result.report["n_invalid"] == mask.sum()
    nothing = to_lightness(np.ma.masked_array(values, False))
    assert nothing.valid is None


def test_masked_8_bit_and_color_pictures():
    mask = np.zeros(RAMP.shape, bool)
    mask[:, 3] = True
    color = np.stack([RAMP] * 3, -1)
    for picture, hidden in ((RAMP, mask), (color, np.stack([mask, ~mask & mask, mask], -1))):
        result = to_lightness(np.ma.masked_array(picture, hidden))
        np.testing.assert_array_equal(result.valid, ~mask)
        np.testing.assert_array_equal(gray_of(result.display), np.where(mask, 0, RAMP))
        np.testing.assert_array_equal(np.isin(result.network[mask], result.network[~mask]), True)
    with pytest.raises(InvalidImage, match="masked"):
        to_lightness(np.ma.masked_array(RAMP, True))


def test_large_holes_are_filled_across_tiles(monkeypatch):
    monkeypatch.setattr(module, "_TILE", 8)
    monkeypatch.setattr(module, "_HALO", 4)
    picture = noisy("f4", 0, 1, (40, 50))
    picture[2:35, 5:48] = np.nan
    result = to_lightness(picture)
    assert np.isfinite(result.network).all()
    assert result.network[2, 20] == result.network[1, 20]
    assert 0 < result.network[20, 25] < 100


@pytest.mark.parametrize(
    ("image", "what"),
    [
        (np.zeros((0, 5)), "empty"),
        (np.zeros((5, 0, 3)), "empty"),
        (np.full((3, 3), np.nan), "No pixel"),
        (np.full((3, 3, 3), np.inf), "No pixel"),
        (np.zeros((3, 3), complex), "np.abs"),
        (np.zeros((3, 3), object), "astype"),
        (np.array([["a", "b"]]), "astype"),
        (np.zeros((3, 3), "M8[s]"), "astype"),
        (np.zeros((3, 3), [("a", int)]), "astype"),
        (None, "astype"),
        ([[1, 2], [3]], "cannot be read as an array"),
        (torch.zeros(3, 3, requires_grad=True), "cannot be read as an array"),
        (np.zeros(5), "two axes"),
        (3.0, "two axes"),
        (np.zeros((2, 3, 4, 3)), "image\\[0, 0\\]"),
        (np.zeros((2, 3, 5)), "image\\[0\\]"),
        (np.zeros((3, 8, 9)), "moveaxis"),
        (np.zeros((8, 9, 2)), "second channel"),
    ],
)
def test_what_is_no_picture_is_told_what_to_do(image, what):
    with pytest.raises(InvalidImage, match=what):
        to_lightness(image)


@pytest.mark.parametrize(
    "limits",
    [(1,), (1, 2, 3), (2, 1), (1, 1), (0, np.nan), (0, np.inf), "ab", 5, (None, 1), [[1, 2]]],
)
def test_contrast_limits_must_be_two_increasing_numbers(limits):
    with pytest.raises(InvalidImage, match="two finite numbers"):
        to_lightness(RAMP, contrast_limits=limits)


def test_neither_a_data_bar_nor_hot_pixels_set_the_display_range():
    deep = np.random.default_rng(0).integers(2000, 6000, (96, 120)).astype(np.uint16)
    deep[3, 4], deep[-16:] = 65535, 0
    low, high = display_range(deep, 80)
    assert 2000 <= low < 2050
    assert 5950 < high <= 6000
    assert display_range(deep.astype(np.uint8)) is None
    assert display_range(np.full((9, 9), 7.0)) is None
