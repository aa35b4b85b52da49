"""The plugin's reader may be remembered for an ending: it reads every file that has it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.plugins._npe2 import get_readers
from PIL import Image

from napari_abdiffuser.files.output import write
from napari_abdiffuser.files.pictures import Picture
from napari_abdiffuser.layers.readers.own_files import project_layers, restored_layers
from napari_abdiffuser.layers.readers.reader import as_napari_does, get_reader
from napari_abdiffuser.layers.readers.sem import layer_data

GRAYS = np.random.default_rng(0).integers(40, 200, (30, 40), dtype=np.uint8)
COLORS = np.random.default_rng(1).integers(40, 200, (30, 40, 3), dtype=np.uint8)
NAME = "napari-abdiffuser"


@pytest.fixture(autouse=True)
def plugins(npe2pm):
    """The plugin and napari's own reader, as napari finds them."""
    with npe2pm.tmp_plugin(package=NAME), npe2pm.tmp_plugin(package="napari"):
        yield


def test_napari_has_a_choice_and_either_way_the_picture_is_the_same(tmp_path):
    Image.fromarray(COLORS).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GRAYS] * 4), photometric="minisblack")
    for name in ("a.png", "a.tif"):
        path = tmp_path / name
        assert set(get_readers(path)) == {"napari", NAME}
        (ours,) = ViewerModel().open(path, plugin=NAME)
        (theirs,) = ViewerModel().open(path, plugin="napari")
        np.testing.assert_array_equal(ours.data, theirs.data)
        assert (ours.name, ours.rgb) == (theirs.name, theirs.rgb)


def test_several_files_are_stacked_as_napari_does(tmp_path):
    paths = [str(tmp_path / f"{n}.png") for n in range(3)]
    for path in paths:
        Image.fromarray(GRAYS).save(path)
    (stack,) = ViewerModel().open(paths, stack=True, plugin=NAME)
    assert stack.data.shape == (3, *GRAYS.shape)


def test_own_files_go_before_those_of_microscopes(tmp_path):
    """A picture of the command line keeps its OME size, and is the plugin's own all the same."""
    path = tmp_path / "a.ome.tif"
    calibration = {"PhysicalSizeX": 2.0, "PhysicalSizeXUnit": "nm"}
    write(path, COLORS, Picture(COLORS, calibration=calibration), {"seed": 3})
    assert get_reader(str(path)) is restored_layers
    plain = tmp_path / "b.ome.tif"
    tifffile.imwrite(plain, GRAYS, ome=True, metadata={"axes": "YX", **calibration})
    assert get_reader(str(plain)) is layer_data


def test_only_files_that_end_as_a_project_are_projects(tmp_path):
    (tmp_path / "w.abdiffuser.json").write_text(json.dumps({}))
    assert get_reader(str(tmp_path / "w.abdiffuser.json")) is project_layers
    assert get_reader(str(tmp_path / "none.png")) is as_napari_does
