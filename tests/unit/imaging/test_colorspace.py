from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging import colorspace
from napari_abdiffuser.imaging.colorspace import (
    gamut_map,
    lab_to_srgb,
    lightness_of_gray8,
    max_chroma_table,
    render,
    srgb_to_lab,
)

GRAYS = np.arange(256, dtype=np.uint8)
LIGHTNESS = lightness_of_gray8(GRAYS)


def on_hues(chroma, n_hues=180):
    """Chroma (256, n_hues, 2) of every gray in every hue."""
    hue = np.linspace(0, 2 * np.pi, n_hues, endpoint=False)
    pairs = np.stack([np.cos(hue), np.sin(hue)], axis=-1) * chroma
    return np.broadcast_to(pairs, (256, n_hues, 2)).astype(np.float32)


def exact_lab(lightness, chroma):
    return np.concatenate([lightness[..., None], chroma], axis=-1).astype(np.float64)


@pytest.mark.parametrize("chroma", [0.01, 3.0, 12.0, 30.0, 60.0, 85.0, 128.0, 1e4, 1e8, 3e38])
def test_lightness_survives_rendering(chroma):
    lightness = np.broadcast_to(LIGHTNESS[:, None], (256, 180))
    rgb, shown = render(lightness, on_hues(chroma))
    assert np.abs(rgb2lab(rgb)[..., 0] - lightness).max() < 0.4
    assert np.isfinite(shown).all()


@settings(deadline=None)
@given(
    st.integers(0, 255),
    st.floats(-1e6, 1e6, width=32),
    st.floats(-1e6, 1e6, width=32),
)
def test_lightness_survives_any_chroma(gray, a, b):
    lightness = lightness_of_gray8(np.array([gray], np.uint8))
    rgb, shown = render(lightness, np.array([[a, b]], np.float32))
    assert abs(rgb2lab(rgb)[0, 0] - lightness[0]) < 0.4
    # Same hue, no more chroma.
    assert np.hypot(*shown[0].astype(float)) <= np.hypot(a, b) * (1 + 1e-5) + 1e-6
    assert abs(shown[0, 0] * b - shown[0, 1] * a) <= 1e-4 * max(np.hypot(a, b), 1e-3)
    assert shown[0, 0] * a >= 0
    assert shown[0, 1] * b >= 0


def test_no_chroma_gives_the_very_gray():
    rgb, shown = render(LIGHTNESS, np.zeros((256, 2), np.float32))
    np.testing.assert_array_equal(rgb, np.repeat(GRAYS[:, None], 3, axis=1))
    assert not shown.any()


def test_mapped_colors_are_displayable_and_displayable_colors_unchanged():
    rng = np.random.default_rng(0)
    lightness = rng.uniform(0, 100, 20000).astype(np.float32)
    chroma = rng.normal(0, 60, (20000, 2)).astype(np.float32)
    mapped = gamut_map(lightness, chroma)
    rgb = lab_to_srgb(exact_lab(lightness, mapped))
    assert rgb.min() > -0.17 / 255
    assert rgb.max() < 1 + 0.17 / 255
    np.testing.assert_allclose(gamut_map(lightness, mapped), mapped, atol=1e-3)

    lab = srgb_to_lab(rng.random((20000, 3))).astype(np.float32)
    np.testing.assert_array_equal(gamut_map(lab[:, 0], lab[:, 1:]), lab[:, 1:])


def test_pure_colors_come_back():
    corners = np.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)], np.uint8)
    lab = srgb_to_lab(corners / 255.0).astype(np.float32)
    np.testing.assert_array_equal(render(lab[:, 0], lab[:, 1:])[0], corners)


def test_the_table_loses_little_chroma():
    rng = np.random.default_rng(1)
    lightness = rng.uniform(2, 92, 5000).astype(np.float32)
    hue = rng.uniform(0, 2 * np.pi, 5000)
    direction = np.stack([np.cos(hue), np.sin(hue)], axis=-1).astype(np.float32)
    scale = colorspace._largest_scale(
        lightness,
        160 * direction[:, 0],
        160 * direction[:, 1],
        np,
        start=np.zeros(5000),
        tolerance=0,
    )
    mapped = np.hypot(*gamut_map(lightness, 160 * direction).T)
    assert (mapped <= 160 * scale + 0.1).all()
    assert np.percentile(160 * scale - mapped, 99) < 2.5


def test_every_entry_of_the_table_can_be_shown_in_its_cell():
    table = max_chroma_table()
    rng = np.random.default_rng(2)
    u, v = rng.random((2, *table.shape))
    lightness = (np.arange(table.shape[0])[:, None] + u) / 4
    direction = (np.arange(table.shape[1]) + v) / 128
    b = np.where(direction < 2, direction - 1, 3 - direction)
    a = np.where(direction < 2, 1, -1) * (1 - np.abs(b))
    pairs = np.stack([a, b], axis=-1) * (table / np.hypot(a, b))[..., None]
    rgb = lab_to_srgb(exact_lab(lightness, pairs))
    inside = (rgb.min(axis=-1) >= -1e-6) & (rgb.max(axis=-1) <= 1 + 1e-6)
    yellow = (lightness > 93) & (b > 0.6)
    assert inside[~yellow].all()
    assert inside.mean() > 0.999
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0] = 1


def test_a_hole_in_the_gamut_is_mapped_inside():
    # Near yellow, chroma 60 cannot be shown although 30 and 90 can.
    lightness = np.array([96.5], np.float32)
    hue = np.radians(103.0)
    for chroma, keeps in [(30, True), (60, False), (90, True), (99, False)]:
        pair = np.array([[np.cos(hue), np.sin(hue)]], np.float32) * chroma
        mapped = gamut_map(lightness, pair)
        assert np.allclose(mapped, pair) == keeps
        assert lab_to_srgb(exact_lab(lightness, mapped)).max() < 1 + 0.17 / 255


def test_not_a_number_and_infinity_are_gray():
    chroma = np.array([[np.nan, 3], [np.inf, 0], [-np.inf, np.inf], [5, 5]], np.float32)
    rgb, shown = render(np.full(4, 50, np.float32), chroma)
    np.testing.assert_array_equal(shown[:3], 0)
    assert (rgb[:3] == rgb[:3, :1]).all()
    rgb, _ = render(np.array([np.nan, -5, 120], np.float32), np.zeros((3, 2), np.float32))
    np.testing.assert_array_equal(rgb[:, 0], [0, 0, 255])


def test_batches_and_blocks_do_not_show():
    rng = np.random.default_rng(3)
    lightness = lightness_of_gray8(rng.integers(0, 256, (230, 301), dtype=np.uint8))
    chroma = rng.normal(0, 40, (3, 230, 301, 2)).astype(np.float32)
    rgb, shown = render(lightness, chroma)
    assert rgb.shape == (3, 230, 301, 3)
    one, one_shown = render(lightness[7:9, ::3], chroma[2, 7:9, ::3])
    np.testing.assert_array_equal(one, rgb[2, 7:9, ::3])
    np.testing.assert_array_equal(one_shown, shown[2, 7:9, ::3])
    np.testing.assert_array_equal(gamut_map(lightness, chroma), shown)
    assert render(lightness[:0], chroma[:, :0])[0].shape == (3, 0, 301, 3)


def test_torch_gives_the_same_picture():
    rng = np.random.default_rng(4)
    lightness = lightness_of_gray8(rng.integers(0, 256, (40, 50), dtype=np.uint8))
    chroma = rng.normal(0, 40, (40, 50, 2)).astype(np.float32)
    rgb, shown = render(lightness, chroma)
    tensors = torch.from_numpy(lightness), torch.from_numpy(chroma).requires_grad_()
    rgb_torch, shown_torch = render(*tensors)
    assert rgb_torch.dtype == torch.uint8
    np.testing.assert_array_equal(rgb_torch.numpy(), rgb)
    np.testing.assert_array_equal(shown_torch.numpy(), shown)
    # As on a GPU, where the work stays in torch.
    rgb_device, shown_device = colorspace._run_blocks(
        tensors[0], tensors[1].detach(), device="cpu", with_rgb=True
    )
    np.testing.assert_allclose(shown_device.numpy(), shown, atol=1e-3)
    assert (rgb_device.numpy() == rgb).mean() > 0.999


@pytest.mark.parametrize("shapes", [((4, 5), (4, 5)), ((4, 5), (5, 4, 2)), ((4, 5), (4, 5, 3))])
def test_shapes_must_fit(shapes):
    with pytest.raises(InvalidRequest, match="last axis of chroma"):
        render(np.zeros(shapes[0], np.float32), np.zeros(shapes[1], np.float32))
