"""Pictures whose stored values are not what they look like: read as viewers show them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.files.pictures import is_turned_or_encoded, read
from napari_abdiffuser.files.sem.read import sem_info

GRAY = np.add.outer(np.arange(24), 4 * np.arange(40)).astype(np.uint8)
RGB = np.dstack([GRAY, 255 - GRAY, GRAY // 2])
EXIF = {  # number → how the stored rows and columns have to be turned
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p.T, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("turn", EXIF)
@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg"])
def test_pictures_are_turned_upright(tmp_path, turn, name):
    exif = Image.Exif()
    exif[274] = turn
    if name == "a.tif":
        tag = (274, 3, 1, turn, True)
        tifffile.imwrite(tmp_path / name, GRAY, extratags=[tag])
    else:
        Image.fromarray(GRAY).save(tmp_path / name, exif=exif, quality=100)
    expected = EXIF[turn](GRAY)
    seen = read(tmp_path / name).pixels
    assert seen.shape == expected.shape
    np.testing.assert_allclose(seen.astype(int), expected, atol=3)
    assert is_turned_or_encoded(tmp_path / name) == (turn != 1)


def test_sides_of_a_pixel_turn_with_the_picture(tmp_path):
    text = b"[Scan]\nPixelWidth=2e-9\nPixelHeight=3e-9\n\0"
    tags = [(34682, 2, len(text), text, True), (274, 3, 1, 6, True)]
    tifffile.imwrite(tmp_path / "a.tif", GRAY, extratags=tags)
    assert sem_info(tmp_path / "a.tif").pixel_size == pytest.approx((2e-9, 3e-9))


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB"])
def test_other_colors_become_srgb(tmp_path, mode):
    picture = Image.fromarray(RGB)
    if mode == "LAB":
        srgb, lab = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
        picture = ImageCms.applyTransform(picture, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / "a.tif")
    assert picture.mode == mode
    assert is_turned_or_encoded(tmp_path / "a.tif")
    off = np.abs(read(tmp_path / "a.tif").pixels.astype(int) - RGB)
    assert np.quantile(off, 0.8) <= 4  # dark and strong colours lose some digits in 8-bit CIELAB


def test_cmyk_of_a_photograph_becomes_srgb(tmp_path):
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / "a.jpg", quality=100, subsampling=0)
    np.testing.assert_allclose(read(tmp_path / "a.jpg").pixels.astype(int), RGB, atol=10)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_gray_with_transparency_is_gray(tmp_path, name):
    both = np.dstack([GRAY, np.full_like(GRAY, 9)])
    if name == "a.png":
        Image.fromarray(both, "LA").save(tmp_path / name)
    else:
        tifffile.imwrite(tmp_path / name, both, photometric="minisblack", extrasamples=[2],
                         planarconfig="contig")  # fmt: skip
    np.testing.assert_array_equal(read(tmp_path / name).pixels, GRAY)


def test_a_thumbnail_is_not_the_picture(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(GRAY[::4, ::4], metadata=None)
        file.write(GRAY, metadata=None)
    np.testing.assert_array_equal(read(tmp_path / "a.tif").pixels, GRAY)


def test_of_two_pictures_of_one_size_none_is_chosen(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(GRAY, metadata=None)
        file.write(RGB, photometric="rgb", metadata=None)
    with pytest.raises(InvalidImage, match="no one is the largest"):
        read(tmp_path / "a.tif")
