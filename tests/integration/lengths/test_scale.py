"""Every maker, style of numbers, changed picture and way of reading: the scale is right or absent.

The files are written here, as small as they can be; a pixel is 2.5 nm when they are written.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_abdiffuser import cli
from napari_abdiffuser.cli import common
from napari_abdiffuser.files.sem.info import SemInfo, length
from napari_abdiffuser.layers.readers.own_files import restored_layers
from napari_abdiffuser.layers.readers.reader import as_napari_does, get_reader

HEIGHT, WIDTH, BAR = 96, 120, 16
METRES = {"nanometer": 1e-9, "micrometer": 1e-6}


def picture(height=HEIGHT, bar=BAR):
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :WIDTH]
    gray = 90 + 30 * np.sin(columns / 9) + 25 * np.cos(rows / 13)
    pixels = np.clip(gray + rng.normal(0, 7, gray.shape), 0, 255).astype(np.uint8)
    if bar:
        pixels[-bar:] = 0
        pixels[-bar + 5 : -bar + 11, 12:80:3] = 255
    return pixels


PICTURES = {  # what happened since, and how large a pixel is then
    "as it was": (picture(), 2.5e-9),
    "bar cut off": (picture()[:-BAR], 2.5e-9),
    "half": (picture()[::2, ::2], 5e-9),
    "twice": (picture().repeat(2, 0).repeat(2, 1), 1.25e-9),
}
TAGS = {
    "fei": (34682, "[EScan]\nPixelWidth={}e-9\nPixelHeight={}e-9\n[Image]\n"
            f"ResolutionX={WIDTH}\nResolutionY={HEIGHT - BAR}\n"
            f"[PrivateFei]\nDatabarHeight={BAR}\n"),
    "phenom": (34683, f'<?xml version="1.0"?><FeiImage><databarHeight>{BAR}</databarHeight>'
               '<pixelWidth unit="nm">{}</pixelWidth></FeiImage>'),
    "zeiss": (34118, f"\n0\n0\n{{}}e-9\nDP_IMAGE_STORE\nStore resolution = {WIDTH} * {HEIGHT}\n"
              "AP_IMAGE_PIXEL_SIZE\nImage Pixel Size = {} nm\n"),
    "tescan": (50431, f"[MAIN]\nAccFrames=1\nImageStripSize={BAR}\nPixelSizeX={{}}e-9\n"),
}  # fmt: skip
SIDECARS = {
    "hitachi": f"[SemImageFile]\nPixelSize={{}}\nDataSize={WIDTH}x{HEIGHT - BAR}\n",
    "jeol": f"$CM_FORMAT JEOL\n$CM_FULL_SIZE {WIDTH} {HEIGHT - BAR}\n$$SM_MICRON_BAR 1\n"
    "$$SM_MICRON_MARKER {}nm\n",
}
MAKERS = [*TAGS, *SIDECARS]


def write(path, maker, number, pixels, encoding="utf-8"):
    tags = []
    if maker in TAGS:
        code, text = TAGS[maker]
        data = text.replace("{}", number).encode() + b"\0"
        tags = [(code, 1 if maker == "tescan" else 2, len(data), data, True)]
    else:
        beside = path.with_suffix(".TXT" if encoding == "cp932" else ".txt")
        beside.write_bytes(SIDECARS[maker].replace("{}", number).encode(encoding))
    tifffile.imwrite(path, pixels, extratags=tags)
    return path


def scales(paths):
    """Read as napari does: metres along y and x, or None, of each picture or of their stack."""
    names = [str(path) for path in paths]
    reader = get_reader(names if len(names) > 1 else names[0])
    if reader is as_napari_does:  # which knows no scale
        return None
    (_, options, _), *_ = reader(names)
    if "scale" not in options or str(options["units"][-1]) == "pixel":
        return None
    pairs = list(zip(options["scale"], options["units"], strict=True))[-2:]
    return [side * METRES[unit_name(unit)] for side, unit in pairs]


def unit_name(unit):
    return {"nm": "nanometer", "um": "micrometer"}.get(str(unit), str(unit))


@pytest.fixture
def plain(monkeypatch):
    """A colorizer that paints gray."""

    def paint(image):
        best = np.repeat(image.astype(np.uint8)[..., None], 3, axis=-1)
        return SimpleNamespace(best=best, rgb=best[None][:0], provenance={"model": "gray"})

    def opened(image, **_):
        return SimpleNamespace(paint=lambda *_, **__: paint(image))

    monkeypatch.setattr(common, "load_colorizer", lambda *_: SimpleNamespace(open=opened))


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("number", ["2.5", "2,5", "2.500,0", "2500,000,000", "?"])
@pytest.mark.parametrize("change", PICTURES)
def test_the_scale_is_right_or_absent(tmp_path, plain, maker, number, change):
    pixels, true = PICTURES[change]
    path = write(tmp_path / "a.tif", maker, number, pixels)
    must = number in ("2.5", "2,5") and change == "as it was"
    found = [scales([path]), scales([path, path])]
    for out in ("out.tif", "out.png"):
        assert cli.main(["colorize", str(path), "-o", str(tmp_path / out), "--n", "0"]) == 0
        (_, options, _), *_ = restored_layers(tmp_path / out)
        placed = options.get("scale")
        found.append(None if placed is None else [s * 1e-9 for s in placed])
    for sides in found:
        assert sides is not None or not must
        assert sides is None or sides == pytest.approx([true, true])


@pytest.mark.parametrize("maker", SIDECARS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932"])
def test_sidecars_of_any_code_page_and_case_are_found(tmp_path, maker, encoding):
    path = write(tmp_path / "a.tif", maker, "2.5", picture(), encoding)
    assert scales([path]) == pytest.approx([2.5e-9] * 2)


@given(st.text(max_size=12), st.sampled_from(["nm", "um", "µm", "", "m"]))
def test_whatever_a_header_says_a_pixel_can_be_one_of_a_microscope(number, unit):
    side = length(number, unit)
    size = SemInfo("any", None if side is None else (side, side)).pixel_size
    assert size is None or all(1e-12 * (1 - 1e-6) <= n <= 1e-3 * (1 + 1e-6) for n in size)


@pytest.mark.parametrize("unit", ["nm", "um", "µm", "micron"])
def test_imagej_sizes_are_read_and_written(tmp_path, plain, unit):
    per_unit = 0.4 if unit == "nm" else 400.0
    word = unit.encode("ascii", "backslashreplace").decode().replace("\\xb5", "\\u00B5")
    tifffile.imwrite(tmp_path / "a.tif", picture(), imagej=True, resolution=(per_unit, per_unit),
                     metadata={"unit": word})  # fmt: skip
    source, out = str(tmp_path / "a.tif"), str(tmp_path / "b.tif")
    assert cli.main(["colorize", source, "-o", out, "--n", "0"]) == 0
    for name in ("a.tif", "b.tif"):
        assert scales([tmp_path / name]) == pytest.approx([2.5e-9] * 2)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:  # what Fiji reads
        numerator, denominator = file.pages.first.tags["XResolution"].value
        assert file.imagej_metadata["unit"] == "nm"
        assert denominator / numerator == pytest.approx(2.5)
