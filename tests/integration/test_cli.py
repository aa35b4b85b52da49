"""The command line, with a stand-in for the model: what it reads, writes, says and returns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from PIL import Image

import napari_abdiffuser
from napari_abdiffuser import cli
from napari_abdiffuser.cli import common
from napari_abdiffuser.errors import DeviceUnavailable, InvalidImage, OutOfMemory
from napari_abdiffuser.files import output as picture_output
from napari_abdiffuser.files.pictures import read
from napari_abdiffuser.files.sem.read import sem_info
from napari_abdiffuser.imaging.hints import Hints

RAMP = np.linspace(0, 255, 20 * 30).reshape(20, 30).astype(np.uint8)


class StandIn:
    """A colorizer that paints gray and remembers what it was asked."""

    device = "cpu"

    def __init__(self):
        self.requests = []

    def open(self, image, contrast_limits=None, exclude=None):
        self.excluded = exclude
        return SimpleNamespace(paint=lambda hints=None, **options: self(image, hints, **options))

    def __call__(self, image, hints=None, n_outputs=1, progress=None, **options):
        self.requests.append({"hints": hints, "n_outputs": n_outputs, **options})
        if progress is not None:
            progress(1, 1)
        gray = image if image.ndim == 2 else image[..., 0]
        best = np.repeat(gray.astype(np.uint8)[..., None], 3, axis=-1)
        rgb = np.repeat(best[None], n_outputs, axis=0)
        return SimpleNamespace(best=best, rgb=rgb, provenance={"model": "µ-stand-in"})


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    colorizer = StandIn()
    monkeypatch.setattr(common, "load_colorizer", lambda *_: colorizer)
    return colorizer


def complaint(capsys, *argv):
    assert cli.main([str(a) for a in argv]) == 2
    said = capsys.readouterr().err
    assert said.startswith("abdiffuser: ")
    assert said.count("\n") == 1
    return said


def test_best_and_variations_lie_side_by_side(stand_in, tmp_path, capsys):
    iio.imwrite("a.png", RAMP)
    Hints.from_points([(3, 4)], ["gold"], 3).save("h.json")
    options = ["--hints", "h.json", "--n", "2", "--seed", "7", "--steps", "3"]
    assert cli.main(["colorize", "a.png", *options, "--background", "gray"]) == 0
    names = {"a.png", "h.json", "a-colorized.png", "a-colorized-1.png", "a-colorized-2.png"}
    assert {p.name for p in tmp_path.iterdir()} == names
    (asked,) = stand_in.requests
    assert len(asked.pop("hints")) == 1
    assert asked == {"n_outputs": 2, "steps": 3, "seed": 7, "background": "gray"}
    for name, output in (("a-colorized.png", "best"), ("a-colorized-2.png", 2)):
        np.testing.assert_array_equal(iio.imread(name)[..., 0], RAMP)
        made = json.loads(iio.immeta(name)["abdiffuser"])
        assert made == {"model": "µ-stand-in", "output": output}
    assert "2 variations" in capsys.readouterr().out


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.parametrize("way", ["name", "best", "symbolic", "hard", "hints"])
def test_no_file_that_is_read_is_written(stand_in, tmp_path, capsys, way):
    iio.imwrite("cell-1.tif", RAMP)
    Hints.from_points([(3, 4)], ["gold"], 3).save("h.json")
    argv = ["cell-1.tif", "-o", "cell.tif", "--n", "2", "--hints", "h.json"]
    if way == "best":
        argv = ["cell-1.tif", "-o", "./cell-1.tif"]
    elif way == "symbolic":
        (tmp_path / "cell-2.tif").symlink_to("cell-1.tif")
        argv = ["cell-2.tif", *argv[1:]]
    elif way == "hard":
        os.link("cell-1.tif", "other.tif")
        argv = ["other.tif", *argv[1:]]
    elif way == "hints":
        os.link("h.json", "out-2.tif")
        argv[2] = "out.tif"
    before = contents(tmp_path)
    for more in ([], ["--overwrite"]):
        said = complaint(capsys, "colorize", *argv, *more)
        assert "it would be lost" in said
        assert "another name with --out" in said
    assert contents(tmp_path) == before
    assert not stand_in.requests


@pytest.mark.parametrize("suffix", ["tif", "png", "jpg"])
def test_a_name_that_nobody_gave_replaces_only_earlier_colorings(
    stand_in, tmp_path, capsys, suffix
):
    iio.imwrite("a.png", RAMP)
    iio.imwrite(f"b-2.{suffix}", 255 - RAMP)
    argv = ["colorize", "a.png", "-o", f"b.{suffix}", "--n", "2"]
    (tmp_path / f"b.{suffix}").write_bytes(b"may be replaced: its name was given")
    before = contents(tmp_path)
    said = complaint(capsys, *argv)
    assert f"b-2.{suffix} would be replaced" in said
    assert "--overwrite" in said
    assert contents(tmp_path) == before
    assert not stand_in.requests
    assert cli.main([*argv, "--overwrite"]) == 0
    np.testing.assert_allclose(iio.imread(f"b-2.{suffix}")[..., 0], RAMP, atol=3)
    if suffix == "jpg":  # which cannot say what it is
        assert "b-1.jpg would be replaced" in complaint(capsys, *argv)
    else:
        assert cli.main(argv) == 0


def test_the_usual_name_replaces_only_an_earlier_coloring(stand_in, tmp_path, capsys):
    iio.imwrite("a.png", RAMP)
    assert cli.main(["colorize", "a.png", "--n", "0"]) == 0
    assert cli.main(["colorize", "a.png", "--n", "0"]) == 0
    figure = {"model": "m", "figure": {"caption": "laid out by hand"}}
    for other in ({}, figure):
        picture_output.write(tmp_path / "a-colorized.png", np.dstack([RAMP] * 3), None, other)
        assert "a-colorized.png would be" in complaint(capsys, "colorize", "a.png", "--n", "0")
    (tmp_path / "a-colorized.png").unlink()
    (tmp_path / "a-colorized-1.png").mkdir()
    assert "is a folder" in complaint(capsys, "colorize", "a.png", "--n", "1", "--overwrite")
    iio.imwrite("abdiffuser-demo.png", RAMP)
    assert "abdiffuser-demo.png would be" in complaint(capsys, "demo")
    assert cli.main(["demo", "--overwrite"]) == 0


@pytest.mark.parametrize("kind", ["plain", "imagej", "ome"])
def test_a_tiff_keeps_the_size_of_its_pixels(stand_in, kind):
    about = {
        "plain": {"metadata": None},
        "imagej": {"imagej": True, "metadata": {"unit": "nm", "spacing": 2.5}},
        "ome": {"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 0.25,
                "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5}},
    }[kind]  # fmt: skip
    image = RAMP.astype(np.uint16)
    per_unit = (0.25, 0.125) if kind == "imagej" else (4000.5, 2000)
    tifffile.imwrite("a.tif", image, resolution=per_unit, resolutionunit=3, **about)
    assert cli.main(["colorize", "a.tif", "-o", "b.tif", "--n", "0"]) == 0
    before, after = read(Path("a.tif")), read(Path("b.tif"))
    assert after.pixels.shape == (20, 30, 3)
    if kind == "plain":  # dots per inch or centimetre, for printers
        assert after.resolution == before.resolution is not None
        assert after.resolution_unit == before.resolution_unit
    else:
        size = {"imagej": (8e-9, 4e-9), "ome": (5e-7, 2.5e-10)}[kind]
        for path in ("a.tif", "b.tif"):
            assert sem_info(Path(path)).pixel_size == pytest.approx(size)
    with tifffile.TiffFile("b.tif") as file:
        assert "stand-in" in file.pages[0].description


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.float32])
def test_tiffs_of_any_depth_are_read(tmp_path, dtype):
    image = (RAMP.astype(np.float64) / 255 * 200).astype(dtype)
    for shape in ((20, 30), (1, 20, 30)):
        tifffile.imwrite(tmp_path / "a.tif", image.reshape(shape))
        np.testing.assert_array_equal(read(tmp_path / "a.tif").pixels, image)
    planes = np.stack([image] * 3)
    tifffile.imwrite(tmp_path / "p.tif", planes, photometric="rgb", planarconfig="separate")
    assert read(tmp_path / "p.tif").pixels.shape == (20, 30, 3)


def test_the_data_bar_stays_gray_unless_told_otherwise(stand_in):
    picture = np.random.default_rng(0).integers(90, 200, (200, 300), dtype=np.uint8)
    picture[180:] = 0
    picture[186:194, 20:80:3] = 255
    iio.imwrite("a.png", picture)
    assert cli.main(["colorize", "a.png", "--n", "0"]) == 0
    assert np.flatnonzero(stand_in.excluded.all(1)).tolist() == list(range(180, 200))
    assert cli.main(["colorize", "a.png", "--n", "0", "--color-data-bar"]) == 0
    assert stand_in.excluded is None
    says = b"[Scan]\nPixelWidth=2e-9\n[PrivateFei]\nDatabarHeight=24\n"
    tifffile.imwrite("a.tif", picture, extratags=[(34682, 2, len(says), says, True)])
    assert cli.main(["colorize", "a.tif", "--n", "0"]) == 0
    assert np.flatnonzero(stand_in.excluded.all(1)).tolist() == list(range(176, 200))


def test_palettes_and_inverted_grays_are_read_as_they_look(tmp_path):
    path = tmp_path / "a.tif"
    colors = np.random.default_rng(0).integers(0, 256, (3, 256), dtype=np.uint16)
    for table in (colors * 257, colors):  # 16 bits by the standard; some write 8
        tifffile.imwrite(path, RAMP, photometric="palette", colormap=table)
        np.testing.assert_array_equal(read(path).pixels, np.moveaxis(colors[:, RAMP], 0, -1))
    for image, shown in [
        (255 - RAMP, RAMP),
        (65535 - RAMP.astype(np.uint16), RAMP.astype(np.uint16)),
        (-RAMP.astype(np.float32), RAMP.astype(np.float32)),
        (RAMP < 128, RAMP >= 128),
    ]:
        tifffile.imwrite(path, image, photometric="miniswhite")
        np.testing.assert_array_equal(read(path).pixels, shown)


def test_one_frame_is_a_picture_and_several_are_none(tmp_path):
    path = tmp_path / "a.gif"
    frame = Image.fromarray(RAMP)
    frame.save(path)
    pixels = read(path).pixels
    np.testing.assert_array_equal(pixels if pixels.ndim == 2 else pixels[..., 0], RAMP)
    frame.save(path, save_all=True, append_images=[frame.rotate(180)])
    with pytest.raises(InvalidImage, match=r"2 frames.*index=0"):
        read(path)


def test_a_picture_beyond_memory_is_no_damaged_one(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RAMP)

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(tifffile, "TiffFile", full)
    with pytest.raises(OutOfMemory, match="Memory does not suffice"):
        read(path)


def test_demo_writes_one_picture(stand_in, capsys):
    assert cli.main(["demo"]) == 0
    picture = iio.imread("abdiffuser-demo.png")
    assert picture.shape[2] == 3
    assert 800 < picture.shape[0] < picture.shape[1]
    assert "abdiffuser-demo.png" in capsys.readouterr().out


def test_bad_input_takes_one_line(stand_in, tmp_path, capsys, monkeypatch):
    iio.imwrite("a.png", RAMP)
    (tmp_path / "b.png").write_bytes(b"no picture")
    (tmp_path / "b.tif").write_bytes(b"II*\0no picture")
    (tmp_path / "bad.json").write_text("{}")
    tifffile.imwrite("stack.tif", np.stack([RAMP] * 5))
    Hints.from_points([(300, 4)], ["gold"]).save("far.json")
    assert "does not exist" in complaint(capsys, "colorize", "none.png")
    assert "is a folder" in complaint(capsys, "colorize", tmp_path)
    assert "cannot be read" in complaint(capsys, "colorize", "b.png")
    assert "cannot be read" in complaint(capsys, "colorize", "b.tif")
    assert "key=0" in complaint(capsys, "colorize", "stack.tif")
    complaint(capsys, "colorize", "a.png", "--hints", "none.json")
    complaint(capsys, "colorize", "a.png", "--hints", "bad.json")
    complaint(capsys, "colorize", "a.png", "--hints", "far.json")
    assert "make it first" in complaint(capsys, "colorize", "a.png", "-o", "no/where.png")
    assert "ends in one of" in complaint(capsys, "colorize", "a.png", "-o", "a.xyz")
    assert "invalid int" in complaint(capsys, "colorize", "a.png", "--n", "many")
    complaint(capsys, "paint")
    complaint(capsys)
    assert "default" in complaint(capsys, "models", "fetch", "unheard-of")

    def refuse(model, device):
        raise DeviceUnavailable("No such device.\nChoose another.")

    monkeypatch.setattr(common, "load_colorizer", refuse)
    assert "Choose another" in complaint(capsys, "colorize", "a.png", "--device", "cuda:9")
    assert not stand_in.requests


def test_a_refused_move_leaves_the_old_file_alone(tmp_path, monkeypatch):
    out = tmp_path / "a.png"
    out.write_bytes(b"old")

    def refuse(*_):
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(picture_output.InvalidRequest, match="in use"):
        picture_output.write(out, np.zeros((4, 4, 3), np.uint8))
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert out.read_bytes() == b"old"


def test_a_killed_run_leaves_no_half_file(tmp_path):
    script = (
        "import os, time, numpy as np\nfrom pathlib import Path\n"
        "from napari_abdiffuser.files import output\n"
        "os.replace = lambda *_: time.sleep(60)\n"
        "output.write(Path('a.png'), np.zeros((4, 4, 3), np.uint8))"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path) as process:
        until = time.monotonic() + 30
        while not any(p.stat().st_size for p in tmp_path.iterdir()) and time.monotonic() < until:
            time.sleep(0.02)
        process.kill()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".abdiffuser-")


def test_interrupted(stand_in, capsys, monkeypatch, tmp_path):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(StandIn, "__call__", interrupt)
    iio.imwrite("a.png", RAMP)
    assert cli.main(["colorize", "a.png"]) == 130
    assert capsys.readouterr().err == "abdiffuser: cancelled; no unfinished file was left.\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_models_and_info_tell_what_is_there(capsys, monkeypatch, tmp_path):
    assert cli.main(["models"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("default", "on disk", "default.safetensors", "sha256"))
    monkeypatch.setenv("ABDIFFUSER_CACHE", str(tmp_path))
    assert cli.main(["info"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("torch", "napari", "Qt", "cpu", str(tmp_path)))


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"abdiffuser {napari_abdiffuser.__version__}\n"


def test_as_a_process(tmp_path):
    command = [sys.executable, "-m", "napari_abdiffuser"]
    helped = subprocess.run([*command, "colorize", "--help"], capture_output=True, text=True)
    assert helped.returncode == 0
    assert "variations" in helped.stdout
    wrong = subprocess.run(
        [*command, "colorize", "none.tif"], capture_output=True, text=True, cwd=tmp_path
    )
    assert wrong.returncode == 2
    assert wrong.stdout == ""
    assert wrong.stderr.startswith("abdiffuser: none.tif does not exist")
    assert wrong.stderr.count("\n") == 1
