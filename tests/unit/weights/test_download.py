"""Downloads from a server that misbehaves, and what is left on the disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from napari_abdiffuser import weights
from napari_abdiffuser.errors import Cancelled, ModelCorrupt, ModelNotFound
from napari_abdiffuser.weights import download


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
    assert metadata == {"width": 8, "name": "tiny"}
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


@pytest.mark.parametrize("failure", ["404", "refused", "odd"])
def test_passwords_in_an_address_are_not_repeated(server, cache, registry, monkeypatch, failure):
    host = {"404": f"127.0.0.1:{server.server_port}", "refused": "127.0.0.1:9", "odd": "["}
    monkeypatch.setenv("ABDIFFUSER_MODELS_URL", f"http://me:secret@{host[failure]}/models")
    server.mode = "missing"
    with pytest.raises(ModelNotFound) as caught:
        weights.fetch("tiny", registry=registry)
    assert "secret" not in str(caught.value)
