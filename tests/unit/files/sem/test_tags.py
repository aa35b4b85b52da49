"""Private tags of microscopes: the scale is right or absent, whatever happened to the picture."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_abdiffuser.files.sem.read import sem_info
from napari_abdiffuser.layers.readers.sem import layer_data

BAR = 16
TRUE = 2.5e-9


def picture(height=96, width=120, bar=BAR):
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :width]
    gray = 90 + 30 * np.sin(columns / 9) + 25 * np.cos(rows / 13)
    pixels = np.clip(gray + rng.normal(0, 7, gray.shape), 0, 255).astype(np.uint8)
    if bar:
        pixels[-bar:] = 0
        pixels[-bar + 5 : -bar + 11, 12:80:3] = 255
    return pixels


def fei(value, size=(80, 120)):
    return (
        34682,
        2,
        (
            f"[EScan]\r\nPixelWidth={value}\r\nPixelHeight={value}\r\n[Image]\r\n"
            f"ResolutionX={size[1]}\r\nResolutionY={size[0]}\r\n[PrivateFei]\r\nDatabarHeight={BAR}\r\n"
        ),
    )


def tescan(value, size=None):
    return 50431, 1, f"[MAIN]\nAccFrames=1\nImageStripSize={BAR}\nPixelSizeX={value}\n"


def zeiss(value, size=(96, 120)):
    stored = f"DP_IMAGE_STORE\r\nStore resolution = {size[1]} * {size[0]}\r\n"
    number = value.replace("e-09", "")
    return (
        34118,
        2,
        (
            f"\r\n0\r\n0\r\n{value}\r\nDP_SEM\r\nSEM = Sigma\r\n{stored}"
            f"AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = {number} nm\r\n"
        ),
    )


def phenom(value, size=None):
    number = value.replace("e-09", "")
    return (
        34683,
        2,
        (
            f'<?xml version="1.0"?><FeiImage><databarHeight>{BAR}</databarHeight>'
            f'<pixelWidth unit="nm">{number}</pixelWidth></FeiImage>'
        ),
    )


VENDORS = [fei, tescan, zeiss, phenom]


@pytest.fixture
def save(tmp_path):
    def write(tag, pixels):
        code, kind, text = tag
        data = text.encode("latin-1") + b"\0"
        path = tmp_path / "picture.tif"
        tifffile.imwrite(path, pixels, extratags=[(code, kind, len(data), data, True)])
        return path

    return write


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("value", ["2.5e-09", "2,5e-09"])
def test_points_and_commas_give_the_same_pixel(save, vendor, value):
    assert sem_info(save(vendor(value), picture())).pixel_size[1] == pytest.approx(TRUE)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("value", ["2,500,000e-09", "2,5e+09", "?e-09", "-2.5e-09"])
def test_what_is_no_size_of_a_pixel_gives_none(save, vendor, value):
    info = sem_info(save(vendor(value), picture()))
    assert info is None or info.pixel_size is None


@pytest.mark.parametrize("vendor", [fei, zeiss])
def test_a_picture_of_another_width_has_no_scale(save, vendor):
    info = sem_info(save(vendor("2.5e-09", (160, 240)), picture(bar=8)))
    assert info.pixel_size is None


@pytest.mark.parametrize("vendor", [fei, tescan, phenom])
def test_a_bar_that_was_cut_off_is_not_marked(save, vendor):
    path = save(vendor("2.5e-09"), picture(96 - BAR, bar=0))
    rows = layer_data(path)[0][1]["metadata"]["sem"]["data_bar_rows"]
    assert rows is None or rows[0] == rows[1]


@pytest.mark.parametrize("vendor", [fei, tescan, phenom])
def test_a_bar_that_is_there_is_marked(save, vendor):
    (layer,) = layer_data(save(vendor("2.5e-09"), picture()))
    assert layer[1]["metadata"]["sem"]["data_bar_rows"] == [96 - BAR, 96]
    assert layer[1]["scale"] == pytest.approx((2.5, 2.5))
