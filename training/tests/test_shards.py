"""Shards and folders, near and far, whole and broken; streams of shards."""

from __future__ import annotations

import functools
import http.server
import io
import logging
import os
import subprocess
import tarfile
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from abdiffuser_training import cli
from abdiffuser_training.data.batches import Mixture, Source
from abdiffuser_training.data.corpus import Item, read_corpus
from abdiffuser_training.data.places import expand, list_files
from abdiffuser_training.data.sample import decode
from abdiffuser_training.data.shards import read_shard, shard_keys
from abdiffuser_training.data.stream import ShardStream
from napari_abdiffuser.errors import InvalidRequest


def encoded(array, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def picture(level, shape=(24, 30)):
    """A colour picture whose red is `level` everywhere."""
    pixels = np.random.default_rng(level).integers(0, 256, (*shape, 3), np.uint8)
    pixels[..., 0] = level
    return pixels


def write_tar(path, files):
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def shards(folder, count, each=3):
    """Shards whose pictures say in red which shard they are of."""
    for n in range(count):
        files = {f"{n}-{i}.png": encoded(picture(10 * n + i)) for i in range(each)}
        write_tar(folder / f"part-{n:02d}.tar", files)
    return [str(folder / f"part-{n:02d}.tar") for n in range(count)]


@pytest.fixture
def masked(tmp_path):
    """Two pictures with masks, the files of a key not all side by side."""
    mask = np.zeros((24, 30), np.uint16)
    mask[4:12, 5:20] = 300
    return write_tar(
        tmp_path / "masked.tar",
        {
            "b.png": encoded(picture(1)),
            "b.mask.png": encoded(mask),
            "a.JPG": encoded(picture(2), "JPEG"),
            "a.mask.png": encoded(mask),
            "b.class.png": encoded((mask > 0).astype(np.uint8)),
            "notes.txt": b"no picture",
        },
    )


@pytest.fixture
def address(tmp_path):
    """Serve the folder on the loopback interface."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_samples_of_tars_folders_and_addresses_are_the_same(masked, tmp_path, address):
    with tarfile.open(masked) as tar:
        (tmp_path / "folder" / "deeper").mkdir(parents=True)
        for member in tar:
            content = tar.extractfile(member).read()
            (tmp_path / "folder" / "deeper" / member.name).write_bytes(content)
    here = list(read_shard(masked))
    assert [s.key for s in here] == shard_keys(masked) == ["a", "b"]
    assert here[1].mask.max() == 300
    assert here[1].classes.max() == 1
    assert here[0].classes is None
    folder = list(read_shard(tmp_path / "folder"))
    assert [s.key for s in folder] == ["deeper/a", "deeper/b"]
    far = list(read_shard(f"{address}/masked.tar"))
    for other in (folder, far):
        for one, same in zip(here, other, strict=True):
            assert np.array_equal(one.image, same.image)
            assert np.array_equal(one.mask, same.mask)
    with pytest.raises(InvalidRequest, match="no picture"):
        list_files(f"{address}/none.tar")


def test_deep_and_odd_pictures_are_read():
    deep = np.linspace(1000, 40000, 24 * 30).reshape(24, 30).astype(np.uint16)
    image = decode("deep", {"png": encoded(deep)}).image
    assert (image.min(), image.max()) == (0, 255)
    assert (image == image[..., :1]).all()
    alpha = np.dstack([picture(7), np.zeros((24, 30), np.uint8)])
    assert np.array_equal(decode("alpha", {"png": encoded(alpha)}).image, picture(7))
    gray = decode("gray", {"png": encoded(picture(0)[..., 1])})
    assert Item.of(gray).pixels.shape == (1, 24, 30)
    for files, message in (
        ({"png": b"nonsense"}, "identify"),
        ({"png": encoded(picture(1)), "mask.png": encoded(np.zeros((2, 2), np.uint8))}, "shape"),
        ({"png": encoded(picture(1)), "mask.png": encoded(picture(1))}, "colour picture"),
    ):
        with pytest.raises(ValueError, match=message):
            decode("broken", files)


def test_broken_pictures_and_shards_are_said_and_left_out(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    whole = shards(tmp_path, 2)
    content = (tmp_path / "part-01.tar").read_bytes()
    with tarfile.open(whole[1]) as tar:
        last = tar.getmembers()[2]
    (tmp_path / "part-01.tar").write_bytes(content[: last.offset_data + 100])
    files = {"x.png": encoded(picture(3)), "y.png": encoded(picture(4))[:60]}
    bad = str(write_tar(tmp_path / "bad.tar", files))
    (tmp_path / "none.tar").write_bytes(b"this is no tar file" * 99)
    places = [*whole, bad, str(tmp_path / "none.tar")]
    read = dict(read_corpus(places))
    assert [[i.key for i in read[p]] for p in places] == [
        ["0-0", "0-1", "0-2"], ["1-0"], ["x"], [],
    ]  # fmt: skip
    text = caplog.text
    assert "part-01.tar breaks off" in text
    assert "bad.tar: y is left out" in text
    assert "none.tar is neither a tar shard nor a folder" in text
    with pytest.raises(InvalidRequest, match="nothing can be read"):
        list(read_corpus([str(tmp_path / "none.tar")]))
    write_tar(tmp_path / "bad.tar", {"y.png": b"nonsense"})
    with pytest.raises(InvalidRequest, match="nothing can be read"):
        Source.read({"shards": [bad]})
    with pytest.raises(InvalidRequest, match="can be read"):
        list(read_shard(bad))


def test_a_mask_that_a_broken_shard_lost_is_not_taken_for_none(masked):
    content = masked.read_bytes()
    with tarfile.open(masked) as tar:
        member = tar.getmember("b.mask.png")
    masked.write_bytes(content[: member.offset_data + 10])
    with pytest.raises(InvalidRequest, match="no picture"):
        list_files(masked)


def test_a_name_that_is_there_twice_costs_nothing_else(tmp_path, caplog):
    path = tmp_path / "twice.tar"
    with tarfile.open(path, "w") as tar:
        for name, level in (("a.png", 1), ("a.png", 2), ("b.png", 3)):
            content = encoded(picture(level))
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    assert [(s.key, s.image[0, 0, 0]) for s in read_shard(path)] == [("a", 1), ("b", 3)]
    assert "a file is left out" in caplog.text


def test_patterns(tmp_path):
    there = shards(tmp_path, 3, each=1)
    assert expand([tmp_path / "part-*.tar"]) == there
    assert expand([str(tmp_path / "part-{00..02}.tar"), there[0]]) == there
    assert expand(["http://host/{0..1}.tar"]) == ["http://host/0.tar", "http://host/1.tar"]
    for wrong in ("none-*.tar", "none.tar"):
        with pytest.raises(InvalidRequest, match="nothing at"):
            expand([tmp_path / wrong])


@pytest.mark.parametrize(
    "place",
    [
        "pipe:touch {mark} # ://x",
        "pipe:touch {mark}",
        "PIPE:touch {mark}",
        " pipe:touch {mark} # ://",
        "pi\tpe:touch {mark} # ://",
        "x{{pipe:touch {mark},y}}",
        "file:pipe:touch {mark}",
        "${{CODE}}{{0..1}}",
        "pipe:touch {mark} #{{http://a,b}}",
        "s3://bucket/x.tar",
        "gs://bucket/x.tar",
        "hf://bucket/x.tar",
        "scp://host/x.tar",
        "ftp://host/x.tar",
        "http:///x.tar",
        "https:touch {mark}",
        "file://host/x.tar",
        "http://127.0.0.1:{port}/x;touch {mark}",
        "http://127.0.0.1:{port}/$(touch {mark})",
        "http://127.0.0.1:{port}/`touch {mark}`",
        "http://127.0.0.1:{port}/'\"; touch {mark} #",
        "http://127.0.0.1:{port}/x.tar -o {mark}",
        "http://127.0.0.1:{port}|touch {mark}",
        "http://[touch {mark}",
    ],
)
def test_no_place_of_shards_runs_a_command(place, tmp_path, address, monkeypatch, capsys):
    def ran(*_, **__):
        raise AssertionError("a program was run")

    mark = tmp_path / "ran"
    place = place.format(mark=mark, port=address.rpartition(":")[2])
    monkeypatch.setenv("WDS_CODE", f"pipe:touch {mark} # ://")
    monkeypatch.setenv("GOPEN_REWRITE", f"http=pipe:touch {mark} #")
    monkeypatch.setattr(subprocess, "Popen", ran)
    monkeypatch.setattr(os, "system", ran)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRequest, match=r"check|not opened|other computer"):
        list_files(place)
    with pytest.raises(InvalidRequest):
        Source.read({"shards": [place]})
    assert cli.main(["evaluate", "default", place, "--protocol", "zhang", "--out", "e"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "Traceback" not in said
    assert not mark.exists()


def test_a_redirection_leads_to_addresses_of_the_same_kinds_alone(masked, tmp_path):
    class Redirects(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", f"file://{masked}")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Redirects) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(InvalidRequest, match="no picture"):
            list_files(f"http://127.0.0.1:{server.server_port}/x.tar")
        server.shutdown()
        thread.join()


def test_a_transfer_that_breaks_off_gives_what_came_whole(tmp_path, caplog):
    content = write_tar(
        tmp_path / "x.tar", {f"{n}.png": encoded(picture(n, (60, 60))) for n in range(4)}
    ).read_bytes()

    class Breaks(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Breaks) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        found = list_files(f"http://127.0.0.1:{server.server_port}/x.tar")
        server.shutdown()
        thread.join()
    assert list(found) == ["0"]
    assert "breaks off" in caplog.text


def test_files_have_addresses_and_odd_names(masked, tmp_path, monkeypatch):
    odd = tmp_path / "run:1 50%.tar"
    masked.rename(odd)
    monkeypatch.chdir(tmp_path)
    uri = odd.as_uri()
    assert "%20" in uri
    for place in (odd, odd.name, f"./{odd.name}", f"file:{odd}", f"file://{odd}", uri,
                  uri.replace("file://", "file://localhost")):  # fmt: skip
        assert list(list_files(place)) == ["a", "b"]
        assert list(list_files(*expand([place]))) == ["a", "b"]
    assert expand(["./run:*.tar"]) == [odd.name]


def stream_of(folder, address=None, **settings):
    pattern = f"{address or folder}/part-{{00..05}}.tar"
    given = {"mode": "stream", "lanes": 2, "window": 2, "hold": 4, "workers": 1, "seed": 5}
    return Source.read({"shards": [pattern]} | given | settings)


def which(stream, step, index):
    item = stream.pick(step, index, np.random.default_rng((step, index)))
    return int(item.key[0])


def test_a_stream_shows_every_shard_once_a_pass(tmp_path):
    shards(tmp_path, 6)
    stream = stream_of(tmp_path).items
    passes = [[stream.place(lane, n) for lane in (0, 1) for n in range(3 * k, 3 * k + 3)]
              for k in (0, 1, 2)]  # fmt: skip
    for one in passes:
        assert len(set(one)) == 6
    assert len({tuple(one) for one in passes}) == 3  # another order every time
    for step in (0, 4, 8, 12):  # a window of two moves on by one
        window = {int(stream.place(0, step // 4 + k)[-5]) for k in (0, 1)}
        assert {which(stream, step, 2 * i) for i in range(40)} == window


def test_a_stream_goes_on_where_it_was_and_is_the_same_for_all_ranks(tmp_path, address):
    shards(tmp_path, 6)
    settings = {"weight": 1.0, "native": True}
    running = Mixture([stream_of(tmp_path, **settings)], 3)
    batches = [running.batch(step, 4, 12) for step in range(0, 22, 3)]
    resumed = Mixture([stream_of(tmp_path, address=address, **settings)], 3)
    for rank in (0, 1):
        part = resumed.batch(21, 4, 12, rank=rank, world=2)
        assert torch.equal(part.chroma, batches[-1].chroma[rank::2])
    assert torch.equal(resumed.batch(3, 4, 12).seen, batches[1].seen)


def test_a_stream_keeps_no_more_than_its_windows_and_skips_what_is_broken(tmp_path, caplog):
    places = shards(tmp_path, 6)
    for place in places[1:5]:
        with open(place, "wb") as file:
            file.write(b"broken")
    stream = ShardStream(places, seed=0, lanes=1, window=1, hold=1)
    seen = set()
    for step in range(40):
        seen.add(which(stream, step, 0))
        assert len(stream._read) <= 8
    assert seen == {0, 5}
    assert caplog.text.count("part-01.tar") == 1  # said once, not every pass
    with pytest.raises(InvalidRequest, match="none of the 4 shards"):
        ShardStream(places[1:5], seed=0).pick(0, 0, np.random.default_rng(0))


def test_what_fits_is_kept_in_memory_and_said(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    shards(tmp_path, 6)
    pattern = str(tmp_path / "part-{00..05}.tar")
    assert len(Source.read({"shards": [pattern]}).items) == 18
    assert "18 pictures are kept in memory" in caplog.text
    size = 24 * 30 * 3 * 3 / 2**20  # of a decoded shard
    streamed = Source.read({"shards": [pattern], "memory": 4.5 * size}).items
    assert isinstance(streamed, ShardStream)
    assert "6 shards are streamed: 2 lanes with 1 at a time" in caplog.text
