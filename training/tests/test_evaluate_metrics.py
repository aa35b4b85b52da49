"""Oracles of the measures: formulas by hand."""

from __future__ import annotations

import numpy as np
import pytest

from abdiffuser_training.evaluate.measures import metrics, perceptual
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colorspace import lab_to_srgb, srgb_to_lab


def test_psnr_by_hand():
    truth = np.zeros((4, 4, 3), np.uint8)
    off = truth.copy()
    off[..., 0] = 51  # 0.2 in one channel of three
    assert metrics.mse(off, truth) == pytest.approx(0.04 / 3)
    assert metrics.psnr(0.01) == pytest.approx(20)
    assert metrics.psnr(0) == pytest.approx(50)  # the floor of 1e-5
    assert metrics.mean_psnr([0.1, 0.001]) == pytest.approx(20)
    assert metrics.pooled_psnr([0.1, 0.001]) == pytest.approx(-10 * np.log10(0.0505))


def test_color_measures():
    gray = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1), 3, axis=2)
    assert metrics.colorfulness(gray) == 0
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255  # no spread; means 255 and 127.5
    assert metrics.colorfulness(red) == pytest.approx(0.3 * np.hypot(255, 127.5))
    assert metrics.ciede2000(gray, gray).max() == 0
    black, white = np.zeros((1, 1, 3)), np.ones((1, 1, 3))
    assert metrics.ciede2000(white, black) == pytest.approx(100, abs=0.01)
    assert metrics.ssim(gray, gray) == pytest.approx(1)
    lightness = srgb_to_lab(gray / 255)[..., 0]
    assert metrics.lightness_error(gray, lightness + 3) == pytest.approx(3)


def test_perceptual_distance_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    perceptual._network.cache_clear()
    monkeypatch.setattr(perceptual, "import_module", missing)
    gray = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(InvalidRequest, match=r"abdiffuser-training\[lpips\]"):
        perceptual.lpips(gray, gray)


def test_ciede2000_is_the_published_formula():
    """Some pairs of Sharma, Wu and Dalal 2005, table 1, that sRGB can show nearly."""
    # scikit-image checks all 34 itself; here it is that Lab of both pictures goes in, L* first.
    first, second = np.array([50.0, 2.5, 0.0]), np.array([73.0, 25.0, -18.0])
    rgb = [lab_to_srgb(lab[None, None]) for lab in (first, second)]
    assert metrics.ciede2000(rgb[1], rgb[0])[0, 0] == pytest.approx(27.1492, abs=0.01)
