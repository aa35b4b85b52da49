"""OME-TIFFs, opened in a real viewer: pictures and stacks in their true size."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.files.sem.ome import from_ome
from napari_abdiffuser.files.sem.read import sem_info
from napari_abdiffuser.layers.readers.sem import files_as_stack, get_reader, layer_data, stack_data

GRAYS = np.random.default_rng(0).integers(0, 60000, (2, 3, 20, 30), dtype=np.uint16)
NM, UM = ("nanometer",), ("micrometer",)


@pytest.fixture(autouse=True)
def plugin(npe2pm):
    """The plugin as napari finds it: by its manifest."""
    with npe2pm.tmp_plugin(package="napari-abdiffuser"):
        yield


def written(folder, pixels, axes, **metadata):
    path = folder / "a.ome.tif"
    options = {"ome": True, "metadata": {"axes": axes, **metadata}}
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)
    return path


def size(unit, **sides):
    told = {f"PhysicalSize{axis}": side for axis, side in sides.items()}
    return told | {f"PhysicalSize{axis}Unit": unit for axis in sides}


def opened(path):
    (layer,) = ViewerModel().open(path, plugin=None)
    return layer


@pytest.mark.parametrize(
    ("unit", "sides", "scale", "units"),
    [
        ("nm", {"X": 2.5, "Y": 3}, (3, 2.5), NM),
        ("nm", {"X": 2.5}, (2.5, 2.5), NM),  # square where one side is told
        ("µm", {"X": 1.25, "Y": 1.5}, (1.5, 1.25), UM),
        ("µm", {"X": 0.004, "Y": 0.004}, (4, 4), NM),  # in the unit that suits it
        ("Å", {"X": 5, "Y": 5}, (0.5, 0.5), NM),
        ("mm", {"X": 0.002, "Y": 0.002}, (2, 2), UM),
    ],
)
def test_a_picture(tmp_path, unit, sides, scale, units):
    layer = opened(written(tmp_path, GRAYS[0, 0], "YX", **size(unit, **sides)))
    np.testing.assert_array_equal(layer.data, GRAYS[0, 0])
    np.testing.assert_allclose(layer.scale, scale)
    assert [str(u) for u in layer.units] == list(units) * 2
    assert layer.metadata["sem"]["vendor"] == "OME"
    assert layer.metadata["sem"]["raw"]["SizeX"] == "30"


def test_micrometres_need_not_be_said(tmp_path):
    layer = opened(written(tmp_path, GRAYS[0, 0], "YX", PhysicalSizeX=2.0))
    np.testing.assert_allclose(layer.scale, (2, 2))
    assert str(layer.units[0]) == "micrometer"


@pytest.mark.parametrize(("unit", "units"), [("nm", NM), ("µm", UM)])
def test_a_stack(tmp_path, unit, units):
    about = size(unit, X=4, Y=5, Z=20)
    layer = opened(written(tmp_path, GRAYS[0], "ZYX", **about))
    np.testing.assert_array_equal(layer.data, GRAYS[0])
    assert not layer.rgb
    np.testing.assert_allclose(layer.scale, (20, 5, 4))
    assert [str(u) for u in layer.units] == list(units) * 3
    assert layer.axis_labels == ("z", "y", "x")
    assert layer.metadata["sem"]["raw"]["PhysicalSizeZ"] == "20"


def test_slices_in_another_unit_than_the_pixels(tmp_path):
    about = {**size("nm", X=4, Y=4), **size("µm", Z=0.05)}
    layer = opened(written(tmp_path, GRAYS[0], "ZYX", **about))
    np.testing.assert_allclose(layer.scale, (50, 4, 4))


def test_a_stack_that_does_not_say_how_far_its_slices_are(tmp_path):
    layer = opened(written(tmp_path, GRAYS[0], "ZYX", **size("nm", X=4, Y=4)))
    np.testing.assert_allclose(layer.scale, (1, 4, 4))
    assert [str(u) for u in layer.units] == ["pixel", "nanometer", "nanometer"]


def test_frames_of_stacks(tmp_path):
    about = size("nm", X=4, Y=4, Z=20) | {"TimeIncrement": 500, "TimeIncrementUnit": "ms"}
    layer = opened(written(tmp_path, GRAYS, "TZYX", **about))
    np.testing.assert_array_equal(layer.data, GRAYS)
    np.testing.assert_allclose(layer.scale, (0.5, 20, 4, 4))
    assert [str(u) for u in layer.units] == ["second", *NM * 3]
    assert layer.axis_labels == ("t", "z", "y", "x")


def test_one_channel_and_one_slice_are_no_axes(tmp_path):
    about = size("nm", X=4, Y=4, Z=20)
    layer = opened(written(tmp_path, GRAYS[0][:, None], "ZCYX", **about))
    np.testing.assert_array_equal(layer.data, GRAYS[0])
    assert layer.axis_labels == ("z", "y", "x")
    layer = opened(written(tmp_path, GRAYS[0, :1], "ZYX", **about))
    np.testing.assert_array_equal(layer.data, GRAYS[0, 0])
    assert layer.axis_labels == ("y", "x")


@pytest.mark.parametrize("axes", ["CYX", "CZYX", "TCYX"])
def test_channels_are_left_to_napari(tmp_path, axes):
    pixels = GRAYS if len(axes) == 4 else GRAYS[0]
    assert get_reader(str(written(tmp_path, pixels, axes, **size("nm", X=4)))) is None


def test_several_pictures_are_left_to_napari(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        for at in (0, 1):
            file.write(GRAYS[0, at], metadata={"axes": "YX", "PhysicalSizeX": 1.0})
    assert get_reader(str(tmp_path / "a.ome.tif")) is None


@pytest.mark.parametrize("told", [{}, size("reference frame", X=4), {"PhysicalSizeX": 0.0}])
def test_a_stack_without_a_size_is_left_to_napari(tmp_path, told):
    path = written(tmp_path, GRAYS[0], "ZYX", **told)
    assert get_reader(str(path)) is None
    with pytest.raises(InvalidImage, match="no OME-TIFF stack"):
        stack_data(path)


def test_colors_stay_colors(tmp_path):
    colors = np.random.default_rng(1).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    about = {"axes": "YXS", **size("nm", X=4, Y=4)}
    tifffile.imwrite(tmp_path / "a.ome.tif", colors, photometric="rgb", ome=True, metadata=about)
    layer = opened(tmp_path / "a.ome.tif")
    assert layer.rgb
    np.testing.assert_array_equal(layer.data, colors)
    np.testing.assert_allclose(layer.scale, (4, 4))


def test_a_makers_own_tags_go_first_and_ome_fills_in_the_size(tmp_path):
    said = b"[Beam]\nHV=5000\n"
    tag = (34682, 2, len(said), said, True)
    about = {"axes": "YX", **size("nm", X=4, Y=4)}
    options = {"ome": True, "metadata": about, "extratags": [tag]}
    tifffile.imwrite(tmp_path / "a.ome.tif", GRAYS[0, 0], **options)
    info = sem_info(tmp_path / "a.ome.tif")
    assert info.vendor == "Thermo Fisher / FEI"
    assert info.settings["voltage"] == 5000
    assert info.pixel_size == pytest.approx((4e-9, 4e-9))


def test_the_instrument_is_told():
    text = """<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Instrument>
    <Microscope Manufacturer="Zeiss" Model="Sigma"/><Detector Type="Other" Model="InLens"/>
    </Instrument><Image><AcquisitionDate>2026-06-10T12:00:00</AcquisitionDate>
    <Pixels PhysicalSizeX="4" PhysicalSizeXUnit="nm"/></Image><StructuredAnnotations>
    <MapAnnotation><Value><M K="EHT">3 kV</M></Value></MapAnnotation></StructuredAnnotations>
    </OME>"""
    info = from_ome(text)
    assert info.settings == {
        "instrument": "Zeiss Sigma", "detector": "InLens", "date": "2026-06-10T12:00:00",
    }  # fmt: skip
    assert info.raw["EHT"] == "3 kV"
    assert from_ome("<OME") is None


def test_the_reader_takes_the_size_when_asked_for(tmp_path):
    path = written(tmp_path, GRAYS[0, 0], "YX", **size("nm", X=4, Y=4))
    assert get_reader(str(path)) is layer_data
    assert get_reader([str(path)] * 2) is files_as_stack
