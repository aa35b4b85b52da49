from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab

from napari_abdiffuser.imaging.conversion import lab_to_srgb, lightness_of_gray8, srgb_to_lab

# Sharma, Wu & Dalal 2005, "The CIEDE2000 color-difference formula", table 1: two colours, ΔE2000.
SHARMA = """
50.0000 2.6772 -79.7751   50.0000 0.0000 -82.7485   2.0425
50.0000 3.1571 -77.2803   50.0000 0.0000 -82.7485   2.8615
50.0000 2.8361 -74.0200   50.0000 0.0000 -82.7485   3.4412
50.0000 -1.3802 -84.2814  50.0000 0.0000 -82.7485   1.0000
50.0000 -1.1848 -84.8006  50.0000 0.0000 -82.7485   1.0000
50.0000 -0.9009 -85.5211  50.0000 0.0000 -82.7485   1.0000
50.0000 0.0000 0.0000     50.0000 -1.0000 2.0000    2.3669
50.0000 -1.0000 2.0000    50.0000 0.0000 0.0000     2.3669
50.0000 2.4900 -0.0010    50.0000 -2.4900 0.0009    7.1792
50.0000 2.4900 -0.0010    50.0000 -2.4900 0.0010    7.1792
50.0000 2.4900 -0.0010    50.0000 -2.4900 0.0011    7.2195
50.0000 2.4900 -0.0010    50.0000 -2.4900 0.0012    7.2195
50.0000 -0.0010 2.4900    50.0000 0.0009 -2.4900    4.8045
50.0000 -0.0010 2.4900    50.0000 0.0010 -2.4900    4.8045
50.0000 -0.0010 2.4900    50.0000 0.0011 -2.4900    4.7461
50.0000 2.5000 0.0000     50.0000 0.0000 -2.5000    4.3065
50.0000 2.5000 0.0000     73.0000 25.0000 -18.0000  27.1492
50.0000 2.5000 0.0000     61.0000 -5.0000 29.0000   22.8977
50.0000 2.5000 0.0000     56.0000 -27.0000 -3.0000  31.9030
50.0000 2.5000 0.0000     58.0000 24.0000 15.0000   19.4535
50.0000 2.5000 0.0000     50.0000 3.1736 0.5854     1.0000
50.0000 2.5000 0.0000     50.0000 3.2972 0.0000     1.0000
50.0000 2.5000 0.0000     50.0000 1.8634 0.5757     1.0000
50.0000 2.5000 0.0000     50.0000 3.2592 0.3350     1.0000
60.2574 -34.0099 36.2677  60.4626 -34.1751 39.4387  1.2644
63.0109 -31.0961 -5.8663  62.8187 -29.7946 -4.0864  1.2630
61.2901 3.7196 -5.3901    61.4292 2.2480 -4.9620    1.8731
35.0831 -44.1164 3.7933   35.0232 -40.0716 1.5901   1.8645
22.7233 20.0904 -46.6940  23.0331 14.9730 -42.5619  2.0373
36.4612 47.8580 18.3852   36.2715 50.5065 21.2231   1.4146
90.8027 -2.0831 1.4410    91.1528 -1.6435 0.0447    1.4441
90.9257 -0.5406 -0.9208   88.6381 -0.8985 -0.7239   1.5381
6.7747 -0.2908 -2.4247    5.8714 -0.0985 -2.2286    0.6377
2.0776 0.0795 -1.1350     0.9033 -0.0636 -0.5514    0.9082
"""


def test_ciede2000_is_the_published_one():
    table = np.array(SHARMA.split(), float).reshape(34, 7)
    np.testing.assert_allclose(
        deltaE_ciede2000(table[:, :3], table[:, 3:6]), table[:, 6], atol=1e-4
    )
    np.testing.assert_allclose(
        deltaE_ciede2000(table[:, 3:6], table[:, :3]), table[:, 6], atol=1e-4
    )


def test_lab_agrees_with_scikit_image():
    rgb = np.random.default_rng(0).random((64, 64, 3))
    np.testing.assert_allclose(srgb_to_lab(rgb), rgb2lab(rgb), atol=0.02)
    np.testing.assert_allclose(srgb_to_lab(rgb)[..., 0], rgb2lab(rgb)[..., 0], atol=1e-4)
    np.testing.assert_allclose(lab_to_srgb(rgb2lab(rgb)), lab2rgb(rgb2lab(rgb)), atol=5e-4)


def test_grays_have_no_chroma_and_scikit_images_lightness():
    gray = np.arange(256, dtype=np.uint8)
    rgb = np.repeat(gray[:, None] / 255.0, 3, axis=1)
    np.testing.assert_allclose(srgb_to_lab(rgb)[:, 1:], 0.0, atol=1e-9)
    np.testing.assert_allclose(lightness_of_gray8(gray), rgb2lab(rgb)[:, 0], atol=1e-4)
    lightness = lightness_of_gray8(gray.reshape(16, 16))
    assert lightness.shape == (16, 16)
    assert lightness.dtype == np.float32
    assert lightness.min() == 0.0
    assert lightness.max() == 100.0


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_there_and_back(color):
    rgb = np.array(color)
    np.testing.assert_allclose(lab_to_srgb(srgb_to_lab(rgb)), rgb, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_shares_the_arithmetic(dtype):
    rgb = torch.rand((5, 7, 3), dtype=dtype, generator=torch.Generator().manual_seed(0))
    lab = srgb_to_lab(rgb)
    assert lab.dtype == dtype
    atol = 1e-3 if dtype == torch.float32 else 1e-9
    np.testing.assert_allclose(lab.numpy(), srgb_to_lab(rgb.numpy()), atol=atol)
    np.testing.assert_allclose(lab_to_srgb(lab).numpy(), rgb.numpy(), atol=1e-5)
    gray = torch.arange(256, dtype=torch.uint8)
    np.testing.assert_array_equal(
        lightness_of_gray8(gray).numpy(), lightness_of_gray8(gray.numpy())
    )


def test_gradients_are_finite_at_black_and_white():
    rgb = torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.5, 1.0]], requires_grad=True)
    lab_to_srgb(srgb_to_lab(rgb)).sum().backward()
    assert torch.isfinite(rgb.grad).all()
