"""From a name or a path to a checked file."""

from __future__ import annotations

import hashlib
import json

import pytest

from napari_abdiffuser import weights
from napari_abdiffuser.errors import ModelCorrupt, ModelNotFound


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
