"""Folders into shards: what is kept, what is removed and why, and the same bytes every time."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageDraw
from scipy import ndimage

from abdiffuser_training.prepare.run import prepare
from abdiffuser_training.prepare.settings import Settings
from napari_abdiffuser.errors import InvalidRequest


def picture(seed: int, size=(90, 120)):
    """A colorful picture unlike any of another seed."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.standard_normal((*size, 3)), (6, 6, 0))
    field = field / np.abs(field).max() * 110 + 128
    return np.clip(field + rng.normal(0, 3, field.shape), 0, 255).astype(np.uint8)


def save(path: Path, array, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    """Twelve good pictures and one of everything that must go."""
    src = tmp_path / "src"
    for n in range(12):
        save(src / "good" / f"p{n}.png", picture(n))
    save(src / "good" / "p0.mask.png", np.tile(np.arange(120, dtype=np.uint8) // 60, (90, 1)))
    save(src / "more" / "deep" / "same.tif", picture(1))
    save(src / "near.jpg", picture(2), quality=60)
    gray = picture(50)[..., 0]
    save(src / "gray.png", gray)
    save(
        src / "nearly-gray.png",
        np.clip(gray[..., None] + np.array([3, 0, -3]), 0, 255).astype("u1"),
    )
    save(src / "blank.png", np.full((60, 60, 3), 90, np.uint8))
    save(src / "small.png", picture(51, (20, 90)))
    (src / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    save(src / "unfit.png", picture(52))
    save(src / "unfit.mask.png", np.ones((7, 9), np.uint8))
    (src / "notes.txt").write_text("no picture")
    return src


def settings(src: Path, out: Path, **options) -> Settings:
    defaults = {"min_side": 32, "val": 0.25, "test": 0.1, "shard_bytes": 150_000}
    return Settings((src,), out, **(defaults | options))


def report(out: Path):
    return json.loads((out / "report.json").read_text("utf-8"))


def shards(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.tar"))}


def members(out: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as tar:
            names = tar.getnames()
            assert names == sorted(names)
            assert all(member.mtime == 0 for member in tar)
            found |= {f"{path.name}/{name}": tar.extractfile(name).read() for name in names}
    return found


def test_every_file_is_kept_or_removed_for_its_reason(folder, tmp_path) -> None:
    out = tmp_path / "out"
    prepare(settings(folder, out))
    data = report(out)
    reasons = {row["source"]: row["reason"] for row in data["pictures"]}
    assert reasons == {f"0/good/p{n}.png": "" for n in range(12)} | {
        "0/more/deep/same.tif": "duplicate",
        "0/near.jpg": "near-duplicate",
        "0/gray.png": "gray",
        "0/nearly-gray.png": "gray",
        "0/blank.png": "blank",
        "0/small.png": "small",
        "0/broken.jpg": "broken",
        "0/unfit.png": "broken",
    }
    assert {row["source"]: row["like"] for row in data["pictures"] if row["like"]} == {
        "0/more/deep/same.tif": "0/good/p1.png",
        "0/near.jpg": "0/good/p2.png",
    }
    assert (data["counts"]["train"], data["counts"]["val"], data["counts"]["test"]) == (8, 3, 1)
    found = members(out)
    assert sum(name.endswith(".json") for name in found) == 12
    # A picture that needs no change is the file itself, and its mask goes with it.
    row = next(row for row in data["pictures"] if row["source"] == "0/good/p0.png")
    base = f"{row['shard']}/{row['key']}"
    assert found[f"{base}.png"] == (folder / "good" / "p0.png").read_bytes()
    mask = np.asarray(Image.open(io.BytesIO(found[f"{base}.mask.png"])))
    np.testing.assert_array_equal(mask, np.tile(np.arange(120) // 60, (90, 1)))
    # A shard is never larger than asked, but for tar's own padding of its end.
    assert all(len(content) <= 150_000 + 10_240 for content in shards(out).values())
    assert len(list(out.glob("train-*.tar"))) > 1
    for name in ("contact-kept.png", "contact-removed.png"):
        with Image.open(out / name) as page:
            assert page.width > 500
    text = (out / "report.md").read_text("utf-8")
    assert "chroma above 10" in text
    assert "0/broken.jpg" in text


def test_workers_order_and_a_second_run_change_nothing(folder, tmp_path) -> None:
    prepare(settings(folder, tmp_path / "a"))
    prepare(settings(folder, tmp_path / "b"), workers=2)
    first = shards(tmp_path / "a")
    assert first == shards(tmp_path / "b")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").glob("*.tar")}
    prepare(settings(folder, tmp_path / "a"))
    assert times == {path: path.stat().st_mtime_ns for path in times}, "nothing is written twice"
    assert (tmp_path / "a" / "report.json").read_bytes() == (
        tmp_path / "b" / "report.json"
    ).read_bytes()
    prepare(replace(settings(folder, tmp_path / "c"), seed=1))
    assert first != shards(tmp_path / "c")


def test_near_duplicates_never_cross_the_split(tmp_path) -> None:
    src = tmp_path / "src"
    for n in range(10):
        save(src / f"{n}a.png", picture(n))
        save(src / f"{n}b.jpg", picture(n), quality=50)
        save(src / f"{n}c.jpg", np.rot90(picture(n)), quality=70)
    for seed in range(3):
        out = tmp_path / f"out{seed}"
        prepare(settings(src, out, keep_near=True, orientations=True, seed=seed, val=0.3))
        rows = report(out)["pictures"]
        assert all(row["state"] == "kept" for row in rows)
        for n in range(10):
            of = [row for row in rows if row["source"].startswith(f"0/{n}")]
            assert len({row["split"] for row in of}) == len({row["group"] for row in of}) == 1
        assert sum(row["split"] == "val" for row in rows) == 9
    # Removed, each leaves one; without orientations the turned ones are pictures of their own.
    prepare(settings(src, tmp_path / "upright"))
    assert report(tmp_path / "upright")["counts"]["near-duplicate"] == 10


def test_gray_pictures_with_masks_can_be_kept(tmp_path) -> None:
    src, masks = tmp_path / "src", tmp_path / "masks"
    for n in range(4):
        save(src / "x" / f"{n}.png", picture(n)[..., 0])
    save(masks / "x" / "2.png", np.tile(np.arange(120, dtype=np.uint8) // 40, (90, 1)))
    with pytest.raises(InvalidRequest, match="--gray masked"):
        prepare(settings(src, tmp_path / "none"))
    prepare(settings(src, tmp_path / "some", gray="masked", masks=masks))
    assert [row["masked"] for row in report(tmp_path / "some")["pictures"] if row["split"]] == [
        True
    ]
    prepare(settings(src, tmp_path / "all", gray="keep"))
    assert report(tmp_path / "all")["counts"]["gray"] == 0


def test_bars_are_cut_and_large_pictures_shrunk_with_their_masks(tmp_path) -> None:
    image = Image.fromarray(picture(0, (300, 400)))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 270, 399, 299), fill="black")
    draw.text((10, 277), "HV 5.00 kV  mag 10 000 x  WD 9.8 mm", "white")
    save(tmp_path / "src" / "bar.png", np.array(image))
    save(tmp_path / "src" / "bar.mask.png", np.full((300, 400), 7, np.uint8))
    save(tmp_path / "src" / "none.png", picture(1, (300, 400)))
    prepare(settings(tmp_path / "src", tmp_path / "out", crop_bars=True, max_side=200))
    rows = report(tmp_path / "out")["pictures"]
    assert [row["bar"] for row in rows] == [30, 0]
    found = members(tmp_path / "out")
    sizes = {
        name.split(".", 2)[2]: Image.open(io.BytesIO(content)).size
        for name, content in found.items()
        if "bar" in name and name.endswith("png")
    }
    assert sizes == {"png": (200, 135), "mask.png": (200, 135)}


def test_other_options_or_a_foreign_folder_are_refused(folder, tmp_path) -> None:
    out = tmp_path / "out"
    prepare(settings(folder, out))
    with pytest.raises(InvalidRequest, match=r"other options \(seed\).*--overwrite"):
        prepare(settings(folder, out, seed=5))
    prepare(settings(folder, out, val=0.0, test=0.0, shard_bytes=10**7), overwrite=True)
    assert list(shards(out)) == ["train-000000.tar"], "shards of the former run are gone"
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "train-000000.tar").write_bytes(b"mine")
    with pytest.raises(InvalidRequest, match="something else"):
        prepare(settings(folder, tmp_path / "taken"))
    assert (tmp_path / "taken" / "train-000000.tar").read_bytes() == b"mine"
    (tmp_path / "report.md").write_text("mine")
    with pytest.raises(InvalidRequest, match=r"something else.*report\.md"):
        prepare(settings(folder, tmp_path))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"val": 1.5}, "--val"),
        ({"val": 0.5, "test": 0.5}, "together"),
        ({"near": 200}, "--near"),
        ({"max_side": 8}, "--max-side"),
        ({"shard_bytes": 5}, "--shard-mb"),
        ({"gray": "some"}, "--gray"),
    ],
)
def test_wrong_options_say_what_is_right(tmp_path, options, words) -> None:
    save(tmp_path / "a.png", picture(0))
    with pytest.raises(InvalidRequest, match=words):
        prepare(settings(tmp_path, tmp_path / "out", **options))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidRequest, match="no pictures"):
        prepare(settings(tmp_path / "empty", tmp_path / "out"))


KILLED = """
import sys
from pathlib import Path
from abdiffuser_training.prepare.run import prepare
from abdiffuser_training.prepare.settings import Settings
if __name__ == "__main__":
    prepare(Settings((Path(sys.argv[1]),), Path(sys.argv[2]), val=0.2, shard_bytes=60_000), 2)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_at_any_moment_and_run_again_it_ends_the_same(tmp_path) -> None:
    src = tmp_path / "src"
    for n in range(24):
        save(src / f"{n}.tif", picture(n, (120, 160)))
    plan = Settings((src,), tmp_path / "whole", val=0.2, shard_bytes=60_000)
    prepare(plan)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    out = tmp_path / "out"
    moments = [
        lambda: (
            (out / ".prepare" / "examined.jsonl").is_file()
            and (out / ".prepare" / "examined.jsonl").stat().st_size > 3000
        ),
        lambda: len(list(out.glob("train-*.tar"))) >= 2,
    ]
    for moment in moments:
        process = subprocess.Popen([sys.executable, str(script), str(src), str(out)])
        end = time.monotonic() + 60
        while not moment() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    prepare(replace(plan, out=out))
    assert shards(out) == shards(tmp_path / "whole")
    assert (out / "report.md").read_bytes() == (tmp_path / "whole" / "report.md").read_bytes()
    assert not list(out.rglob("*.part"))


def test_sixteen_bits_and_odd_files_are_read(tmp_path) -> None:
    from abdiffuser_training.prepare.read import read_mask, read_picture

    deep = picture(0).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="rgb")
    np.testing.assert_array_equal(read_picture(tmp_path / "deep.tif"), picture(0))
    twelve = np.linspace(100, 4000, 60, dtype=np.uint16).reshape(6, 10)
    tifffile.imwrite(tmp_path / "twelve.tif", twelve)
    gray = read_picture(tmp_path / "twelve.tif")
    assert (gray.shape, gray.min(), gray.max()) == ((6, 10), 0, 255)
    tifffile.imwrite(tmp_path / "white.tif", twelve, photometric="miniswhite")
    np.testing.assert_array_equal(read_picture(tmp_path / "white.tif"), 255 - gray)
    Image.fromarray(twelve).save(tmp_path / "twelve.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "twelve.png"), gray)
    image = Image.fromarray(picture(0))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_picture(tmp_path / "turned.png"), np.rot90(picture(0), -1))
    image.quantize(16).save(tmp_path / "few.gif")
    assert read_picture(tmp_path / "few.gif").shape == (90, 120, 3)
    colors = np.array([[[0, 0, 0], [255, 0, 0]], [[0, 255, 0], [255, 0, 0]]], np.uint8)
    save(tmp_path / "regions.png", colors)
    np.testing.assert_array_equal(read_mask(tmp_path / "regions.png"), [[0, 2], [1, 2]])
