"""Pictures as instruments write them, opened in a real viewer in their true size."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Layer
from PIL import Image

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.files.sem.read import described
from napari_abdiffuser.layers.console import colorize_layer
from napari_abdiffuser.layers.readers.sem import files_as_stack, get_reader, layer_data

SPECIMEN = np.random.default_rng(0).integers(40, 200, (60, 80), dtype=np.uint8)
GRAYS = SPECIMEN.copy()
GRAYS[-8:] = 0  # as the bar is that files tell of
GRAYS[-5:-2, 10:40:3] = 255

FEI = """[User]\r\nDate=10/06/2026\r\n[System]\r\nSystemType=Helios\r\n[Beam]\r\nHV=5000\r\n\
Beam=EBeam\r\nScan=\r\n[EBeam]\r\nWD=0.0042\r\nScan=EScan\r\n[EScan]\r\nPixelWidth=2.5e-09\r\n\
PixelHeight=3e-09\r\n[Detectors]\r\nName=TLD\r\n[Image]\r\nResolutionX=80\r\nResolutionY=52\r\n"""
ZEISS = """\r\n0\r\n0\r\n1.5e-09\r\nDP_SEM\r\nSEM = Sigma\r\nAP_ACTUALKV\r\nEHT = 3.00 kV\r\n\
AP_WD\r\nWD = 4.2 mm\r\nAP_MAG\r\nMag = 10.00 K X\r\nAP_IMAGE_PIXEL_SIZE\r\n\
Image Pixel Size = 11.2 nm\r\nDP_DETECTOR_CHANNEL\r\nDetector = InLens\r\n"""
PHENOM = """<?xml version="1.0"?><FeiImage><databarHeight>8</databarHeight>\
<pixelWidth unit="um">1.5</pixelWidth><pixelHeight unit="um">1.5</pixelHeight>\
<instrument><edition>Phenom ProX</edition></instrument></FeiImage>"""
TESCAN = """[MAIN]\nAccFrames=1\nDevice=MIRA3\nImageStripSize=8\nMagnification=20000\n\
PixelSizeX=1.25e-8\nPixelSizeY=1.25e-8\n[SEM]\nHV=10000\nWD=0.005\nDetector0=SE\n"""
HITACHI = """[SemImageFile]\r\nInstructName=SU8000\r\nPixelSize=4.96\r\nDataSize=80x52\r\n\
AcceleratingVoltage=5000 Volt\r\nWorkingDistance=8500 um\r\nMagnification=20000\r\n"""
JEOL = """$CM_FORMAT JEOL-SEM\r\n$CM_INSTRUMENT 7600F\r\n$CM_ACCEL_VOLT 15.00\r\n$CM_MAG 5000\r\n\
$CM_FULL_SIZE 80 60\r\n$$SM_MICRON_BAR 20\r\n$$SM_MICRON_MARKER 1µm\r\n$$SM_WD 8.0\r\n"""


@pytest.fixture(autouse=True)
def plugin(npe2pm):
    """The plugin as napari finds it: by its manifest."""
    with npe2pm.tmp_plugin(package="napari-abdiffuser"):
        yield


def tagged(path, code, text, **options):
    data = text.encode("latin-1") + b"\0"
    tifffile.imwrite(path, GRAYS, extratags=[(code, 2, len(data), data, True)], **options)
    return path


def opened(path):
    """Open it as napari does where no other reader is asked for; other endings, from a script."""
    viewer = ViewerModel()
    if path.suffix.lower() != ".tif":
        viewer.add_layer(Layer.create(*layer_data(path)[0]))
        return viewer.layers[0], viewer.layers[0].metadata["sem"]
    (layer,) = viewer.open(path, plugin=None)
    np.testing.assert_array_equal(layer.data, GRAYS)
    return layer, layer.metadata["sem"]


def check(path, vendor, size, unit, bar, **settings):
    layer, said = opened(path)
    np.testing.assert_allclose(layer.scale, size, rtol=1e-9)
    assert [str(u) for u in layer.units] == [unit] * 2
    assert layer.axis_labels == ("y", "x")
    assert said["vendor"] == vendor
    assert said["data_bar_rows"] == bar
    assert {name: said["settings"][name] for name in settings} == settings
    return said


@pytest.mark.parametrize("code", [34680, 34682])
def test_fei(tmp_path, code):
    said = check(
        tagged(tmp_path / "a.tif", code, FEI), "Thermo Fisher / FEI", (3, 2.5), "nanometer",
        [52, 60], voltage=5000, working_distance=0.0042, detector="TLD", instrument="Helios",
    )  # fmt: skip
    assert said["raw"]["EScan"]["PixelWidth"] == 2.5e-9


def test_fei_with_a_field_width_only(tmp_path):
    text = "[Scan]\nHorFieldsize=8e-06\n[PrivateFei]\nDatabarHeight=0\n"
    path = tagged(tmp_path / "A.TIF", 34682, text)
    np.testing.assert_allclose(opened(path)[0].scale, (100, 100))


def test_phenom(tmp_path):
    check(
        tagged(tmp_path / "a.tif", 34683, PHENOM), "Phenom", (1.5, 1.5), "micrometer", [52, 60],
        instrument="Phenom ProX",
    )  # fmt: skip


def test_zeiss(tmp_path):
    check(
        tagged(tmp_path / "a.tif", 34118, ZEISS), "Zeiss", (11.2, 11.2), "nanometer", [52, 60],
        voltage=3000, working_distance=pytest.approx(0.0042), magnification="10.00 K X",
        detector="InLens", instrument="Sigma",
    )  # fmt: skip
    unnamed = ZEISS.replace("AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 11.2 nm\r\n", "")
    layer, _ = opened(tagged(tmp_path / "b.tif", 34118, unnamed))
    np.testing.assert_allclose(layer.scale, 1.5 * 1024 / 80)  # said of 1024 columns


def test_zeiss_palettes_are_grays(tmp_path):
    table = np.repeat(np.arange(256, dtype=np.uint16)[None] * 257, 3, 0)
    path = tagged(tmp_path / "a.tif", 34118, ZEISS, photometric="palette", colormap=table)
    assert not opened(path)[0].rgb


def test_tescan(tmp_path):
    expected = {"voltage": 10000, "working_distance": 0.005, "detector": "SE",
                "magnification": 20000, "instrument": "MIRA3"}  # fmt: skip
    size = (12.5, 12.5), "nanometer", [52, 60]
    blob = b"\xff\xd8\x00=\n\x80" + TESCAN.encode()
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GRAYS, extratags=[(50431, 1, len(blob), blob, True)])
    check(path, "Tescan", *size, **expected)
    for header in ("b-png.hdr", "b.hdr"):
        (tmp_path / header).write_text(TESCAN)
        Image.fromarray(GRAYS).save(tmp_path / "b.png")
        check(tmp_path / "b.png", "Tescan", *size, **expected)
        (tmp_path / header).unlink()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
@pytest.mark.parametrize("suffix", ["tif", "bmp"])
def test_hitachi(tmp_path, encoding, suffix):
    (tmp_path / "a.txt").write_bytes(HITACHI.encode(encoding))
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(GRAYS).save(path)
    check(path, "Hitachi", (4.96, 4.96), "nanometer", [52, 60], voltage=5000,
          working_distance=pytest.approx(0.0085), instrument="SU8000")  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_jeol(tmp_path, encoding):
    (tmp_path / "a.txt").write_bytes(JEOL.encode(encoding))
    tifffile.imwrite(tmp_path / "a.tif", GRAYS)
    check(tmp_path / "a.tif", "JEOL", (50, 50), "nanometer", [60, 60], voltage=15000,
          working_distance=0.008, magnification=5000)  # fmt: skip


@pytest.mark.parametrize(
    "text", [HITACHI.replace("80x52", "160x104"), JEOL.replace("80 60", "9 9")]
)
def test_a_size_said_of_another_picture_is_not_taken(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    tifffile.imwrite(tmp_path / "a.tif", GRAYS)
    layer, said = opened(tmp_path / "a.tif")
    np.testing.assert_array_equal(layer.scale, 1)
    assert said["pixel_size_m"] is None


@pytest.mark.parametrize("size", ["nan", "0", "-1", "", "inf", "soon"])
def test_sizes_that_are_none_are_not_taken(tmp_path, size):
    path = tagged(tmp_path / "a.tif", 34682, f"[Scan]\nPixelWidth={size}\n")
    np.testing.assert_array_equal(opened(path)[0].scale, 1)


def test_a_bar_that_is_only_seen(tmp_path):
    picture = np.repeat(np.repeat(SPECIMEN, 5, 0), 5, 1)
    picture[270:] = 0
    picture[280:290, 20:60:3] = 255
    data = ZEISS.encode("latin-1")
    tag = (34118, 2, len(data), data, True)
    tifffile.imwrite(tmp_path / "a.tif", picture, extratags=[tag])
    (layer,) = ViewerModel().open(tmp_path / "a.tif", plugin=None)
    assert layer.metadata["sem"]["data_bar_rows"] == [270, 300]


def test_what_the_file_says_goes_before_what_is_seen(tmp_path, plain_colorizer):
    picture = np.repeat(np.repeat(SPECIMEN, 5, 0), 5, 1)
    picture[270:] = 0
    picture[280:290, 20:60:3] = 255
    for said, rows in ((0, []), (20, list(range(280, 300))), (None, list(range(270, 300)))):
        text = "[Scan]\nPixelWidth=2e-9\n"
        text += "" if said is None else f"[PrivateFei]\nDatabarHeight={said}\n"
        data = text.encode()
        tag = (34682, 2, len(data), data, True)
        tifffile.imwrite(tmp_path / "a.tif", picture, extratags=[tag])
        (layer,) = ViewerModel().open(tmp_path / "a.tif", plugin=None)
        colorize_layer(layer, colorizer=plain_colorizer)
        found = plain_colorizer.exclude
        assert ([] if found is None else np.flatnonzero(found.all(1)).tolist()) == rows
        info, bar = described(tmp_path / "a.tif", picture)
        assert list(range(*bar)) == rows
        # A bar of another height than the file tells of shows that the picture was resized.
        assert (info.pixel_size is None) == (said == 20)


def test_the_bar_that_the_file_tells_is_left_out_of_the_coloring(tmp_path, plain_colorizer):
    layer, _ = opened(tagged(tmp_path / "a.tif", 34682, FEI))
    colorize_layer(layer, colorizer=plain_colorizer)
    assert np.flatnonzero(plain_colorizer.exclude.all(1)).tolist() == list(range(52, 60))
    colorize_layer(layer, colorizer=plain_colorizer, data_bar=False)
    assert plain_colorizer.exclude is None
    layer.data = layer.data[:40]  # cropped: the bar is gone
    colorize_layer(layer, colorizer=plain_colorizer)
    assert plain_colorizer.exclude is None


def others(folder):
    tifffile.imwrite(folder / "plain.tif", GRAYS)
    tifffile.imwrite(folder / "a.ome.tif", GRAYS, ome=True, metadata={"axes": "YX"})
    tifffile.imwrite(folder / "ij.tif", GRAYS, imagej=True, metadata={"unit": "nm"})
    stack = np.stack([GRAYS] * 3)
    data = FEI.encode()
    tifffile.imwrite(
        folder / "stack.tif",
        stack,
        photometric="minisblack",
        extratags=[(34682, 2, len(data), data, True)],
    )
    Image.fromarray(GRAYS).save(folder / "a.png")
    (folder / "a.txt").write_text("my notes: $5")
    (folder / "a.hdr").write_text("ENVI\nsamples = 80\n")
    (folder / "broken.tif").write_bytes(b"II*\0nothing")
    (folder / "folder.tif").mkdir()
    return sorted(folder.iterdir())


def test_other_files_are_left_to_others(tmp_path):
    for path in others(tmp_path):
        assert get_reader(str(path)) is None
    assert get_reader(str(tmp_path / "none.tif")) is None
    mine = str(tagged(tmp_path / "b.tif", 34682, FEI))
    assert get_reader([mine, mine]) is files_as_stack
    assert get_reader([mine, str(tmp_path / "plain.tif")]) is None
    assert get_reader([mine]) is layer_data


def test_any_picture_can_be_read_when_asked(tmp_path):
    tifffile.imwrite(tmp_path / "plain.tif", GRAYS)
    ((data, options, kind),) = layer_data(tmp_path / "plain.tif")
    np.testing.assert_array_equal(data, GRAYS)
    assert kind == "image"
    assert "scale" not in options
    with pytest.raises(InvalidImage):
        layer_data(tmp_path / "none.tif")
