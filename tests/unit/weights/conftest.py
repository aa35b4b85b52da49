"""A model file, a registry that lists it, and a server that has it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from napari_abdiffuser import weights
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
