from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from napari_abdiffuser import weights
from napari_abdiffuser.errors import Cancelled, ModelCorrupt, ModelNotFound
from napari_abdiffuser.weights import download

CONFIG = {"width": 8, "name": "tiny"}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("made") / "tiny.safetensors"
    weights.write(path, {"w": torch.arange(100_000, dtype=torch.float32)}, CONFIG)
    return path.read_bytes()


class Server(ThreadingHTTPServer):
    """Serves `content`, as each test wants it done, and counts the requests."""

    daemon_threads = True
    content = b""
    mode = "good"
    requests = 0

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        body, mode = self.server.content, self.server.mode
        if mode == "missing" or not self.path.endswith("/models/tiny.safetensors"):
            self.send_error(404)
            return
        if mode == "busy" and self.server.requests == 1:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mode == "wrong":
            body = bytes(len(body))
        self.wfile.write(body[: len(body) // 2] if mode == "truncated" else body)

    def log_message(self, format, *args) -> None:
        """Keep the test output clean."""


@pytest.fixture
def server(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.content = content
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("ABDIFFUSER_MODELS_URL", f"http://127.0.0.1:{server.server_port}/models/")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ABDIFFUSER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "RETRY_WAITS", (0.01, 0.01))
    return tmp_path / "cache"


@pytest.fixture
def registry(content: bytes) -> weights.Registry:
    entry = weights.ModelEntry(
        name="tiny",
        file="tiny.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        licence="BSD-3-Clause",
        description="For tests.",
    )
    return weights.Registry((entry,))


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


def test_fetch_then_resolve_and_read(server, cache, registry, content):
    calls: list[tuple[int, int]] = []
    path = weights.fetch("tiny", lambda *call: calls.append(call), registry=registry)
    assert path.read_bytes() == content
    assert path == cache / "tiny.safetensors"
    assert files_in(cache) == ["tiny.safetensors"]
    assert calls[0] == (0, len(content))
    assert calls[-1] == (len(content), len(content))
    assert calls == sorted(calls)

    found = weights.resolve("tiny", registry=registry)
    assert found == weights.ModelFile(path, "tiny", registry.models[0].sha256)
    assert server.requests == 1, "a whole file in the cache is not fetched again"
    tensors, metadata = weights.read(found.path)
    assert metadata == CONFIG
    assert torch.equal(tensors["w"], torch.arange(100_000, dtype=torch.float32))


def test_damaged_file_in_the_cache_is_fetched_again(server, cache, registry, content):
    cache.mkdir()
    (cache / "tiny.safetensors").write_bytes(content[:1000])
    assert weights.resolve("tiny", registry=registry).path.read_bytes() == content


@pytest.mark.parametrize("mode", ["wrong", "truncated"])
def test_bad_content_is_corrupt_and_leaves_nothing(server, cache, registry, mode):
    server.mode = mode
    with pytest.raises(ModelCorrupt, match=r"(?s)Nothing was kept.*put the file tiny\.safetensors"):
        weights.fetch("tiny", registry=registry)
    assert files_in(cache) == []
    assert server.requests == {"wrong": 1, "truncated": 3}[mode]


def test_more_content_than_promised_stops_early(server, cache, registry):
    small = weights.Registry((replace(registry.models[0], size=1000),))
    with pytest.raises(ModelCorrupt, match="more than the 1000 bytes"):
        weights.fetch("tiny", registry=small)
    assert files_in(cache) == []


def test_not_on_the_server(server, cache, registry):
    server.mode = "missing"
    with pytest.raises(ModelNotFound, match="404") as caught:
        weights.fetch("tiny", registry=registry)
    assert f"put the file tiny.safetensors here: {cache / 'tiny.safetensors'}" in str(caught.value)
    assert server.requests == 1
    assert files_in(cache) == []


def test_a_busy_server_is_tried_again(server, cache, registry, content):
    server.mode = "busy"
    assert weights.fetch("tiny", registry=registry).read_bytes() == content
    assert server.requests == 2


def test_no_server(cache, registry, monkeypatch):
    monkeypatch.setenv("ABDIFFUSER_MODELS_URL", "http://127.0.0.1:9/models")
    with pytest.raises(ModelNotFound, match=r"put the file tiny\.safetensors here"):
        weights.resolve("tiny", registry=registry)
    cache.mkdir(exist_ok=True)
    (cache / "tiny.safetensors").write_bytes(b"half")
    with pytest.raises(ModelCorrupt, match="is damaged"):
        weights.resolve("tiny", registry=registry)


def test_no_address(cache, registry, monkeypatch):
    monkeypatch.delenv("ABDIFFUSER_MODELS_URL", raising=False)
    with pytest.raises(ModelNotFound, match="set ABDIFFUSER_MODELS_URL"):
        weights.fetch("tiny", registry=registry)


def test_cancel_keeps_nothing(server, cache, registry):
    done: list[int] = []
    with pytest.raises(Cancelled):
        weights.fetch(
            "tiny",
            lambda now, total: done.append(now),
            cancel=lambda: bool(done and done[-1]),
            registry=registry,
        )
    assert 0 < done[-1] < registry.models[0].size
    assert files_in(cache) == []


def test_two_threads_download_once(server, cache, registry):
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda _: weights.fetch("tiny", registry=registry), range(2)))
    assert paths[0] == paths[1]
    assert server.requests == 1
    assert files_in(cache) == ["tiny.safetensors"]


def test_leftovers_of_killed_processes_are_swept(server, cache, registry, monkeypatch):
    (cache / ".part-killed").mkdir(parents=True)
    (cache / ".part-killed" / "tiny.safetensors").write_bytes(b"half")
    monkeypatch.setattr(download, "STALE", -1.0)
    weights.fetch("tiny", registry=registry)
    assert files_in(cache) == ["tiny.safetensors"]


def test_by_path_and_by_unknown_name(tmp_path, content, registry):
    path = tmp_path / "mine.safetensors"
    with pytest.raises(ModelNotFound, match="Check the path"):
        weights.resolve(path)
    path.write_bytes(content)
    found = weights.resolve(str(path), registry=registry)
    assert found == weights.ModelFile(path, "mine", registry.models[0].sha256)
    with pytest.raises(ModelNotFound, match="Models that exist: tiny"):
        weights.resolve("tinny", registry=registry)
    address = "https://models.example/tiny.safetensors"
    with pytest.raises(ModelNotFound, match=f"^{address} is an address.*download"):
        weights.resolve(address, registry=registry)


def test_embedded_model(tmp_path, content):
    listed = {
        "name": "inside",
        "file": "inside.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "licence": "BSD-3-Clause",
        "description": "For tests.",
        "embedded": True,
    }
    (tmp_path / "registry.json").write_text(json.dumps({"models": [listed]}))
    registry = weights.load_registry(tmp_path / "registry.json")
    with pytest.raises(ModelNotFound, match="Reinstall"):
        weights.resolve("inside", registry=registry)
    (tmp_path / "inside.safetensors").write_bytes(content)
    assert weights.resolve("inside", registry=registry).sha256 == listed["sha256"]
    assert weights.fetch("inside", registry=registry) == tmp_path / "inside.safetensors"
    (tmp_path / "inside.safetensors").write_bytes(content[:-1])
    with pytest.raises(ModelCorrupt, match="damaged"):
        weights.resolve("inside", registry=registry)


@pytest.mark.parametrize("text", ["nothing", '{"models": [{"name": "x"}]}', "[]"])
def test_unreadable_registry(tmp_path, text):
    (tmp_path / "registry.json").write_text(text)
    with pytest.raises(ModelCorrupt, match="Reinstall"):
        weights.load_registry(tmp_path / "registry.json")


def test_own_registry_is_true():
    """Every model listed exists: embedded ones lie in the package, with this hash and size."""
    registry = weights.load_registry()
    assert [entry.name for entry in registry.models if entry.name == "default"] == ["default"]
    for entry in registry.models:
        path = registry.place(entry)
        if entry.embedded and path.is_file():
            assert (entry.sha256, entry.size) == (weights.sha256_of(path), path.stat().st_size)


class TestFiles:
    def test_tied_and_strided_tensors_come_back(self, tmp_path):
        w = torch.arange(6.0).reshape(2, 3)
        weights.write(tmp_path / "m.safetensors", {"a": w, "b": w, "t": w.T}, {"n": [1, 2]})
        tensors, metadata = weights.read(tmp_path / "m.safetensors")
        assert metadata == {"n": [1, 2]}
        assert torch.equal(tensors["a"], w)
        assert torch.equal(tensors["b"], w)
        assert torch.equal(tensors["t"], w.T)

    def test_a_failed_write_keeps_the_old_file(self, tmp_path, content):
        path = tmp_path / "m.safetensors"
        path.write_bytes(content)
        with pytest.raises(TypeError):
            weights.write(path, {"w": torch.zeros(2)}, {"not JSON": object()})
        assert path.read_bytes() == content
        assert files_in(tmp_path) == ["m.safetensors"]

    @pytest.mark.parametrize("kept", [0, 4, 100, -1])
    def test_not_a_whole_safetensors_file(self, tmp_path, content, kept):
        (tmp_path / "m.safetensors").write_bytes(content[:kept])
        with pytest.raises(ModelCorrupt, match="fetch or copy it again"):
            weights.read(tmp_path / "m.safetensors")

    def test_somebody_elses_safetensors_file(self, tmp_path):
        from safetensors.torch import save_file

        path = tmp_path / "m.safetensors"
        save_file({"w": torch.zeros(1)}, path)
        with pytest.raises(ModelCorrupt, match="not one of this package's"):
            weights.read(path)
        for header in ("{", "[1]"):
            save_file({"w": torch.zeros(1)}, path, metadata={"abdiffuser": header})
            with pytest.raises(ModelCorrupt, match="Export the model again"):
                weights.read(path)

    def test_no_file(self, tmp_path):
        with pytest.raises(ModelNotFound):
            weights.read(tmp_path / "m.safetensors")
