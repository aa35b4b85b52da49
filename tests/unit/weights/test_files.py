"""Model files: written whole, read back, refused where they are damaged."""

from __future__ import annotations

import pytest
import torch

from napari_abdiffuser import weights
from napari_abdiffuser.errors import ModelCorrupt, ModelNotFound


def test_tied_and_strided_tensors_come_back(tmp_path):
    w = torch.arange(6.0).reshape(2, 3)
    weights.write(tmp_path / "m.safetensors", {"a": w, "b": w, "t": w.T}, {"n": [1, 2]})
    tensors, metadata = weights.read(tmp_path / "m.safetensors")
    assert metadata == {"n": [1, 2]}
    assert torch.equal(tensors["a"], w)
    assert torch.equal(tensors["b"], w)
    assert torch.equal(tensors["t"], w.T)


def test_a_failed_write_keeps_the_old_file(tmp_path, content):
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(TypeError):
        weights.write(path, {"w": torch.zeros(2)}, {"not JSON": object()})
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["m.safetensors"]


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_not_a_whole_safetensors_file(tmp_path, content, kept):
    (tmp_path / "m.safetensors").write_bytes(content[:kept])
    with pytest.raises(ModelCorrupt, match="fetch or copy it again"):
        weights.read(tmp_path / "m.safetensors")


def test_somebody_elses_safetensors_file(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "m.safetensors"
    save_file({"w": torch.zeros(1)}, path)
    with pytest.raises(ModelCorrupt, match="not one of this package's"):
        weights.read(path)
    for header in ("{", "[1]"):
        save_file({"w": torch.zeros(1)}, path, metadata={"abdiffuser": header})
        with pytest.raises(ModelCorrupt, match="Export the model again"):
            weights.read(path)


def test_no_file(tmp_path):
    with pytest.raises(ModelNotFound):
        weights.read(tmp_path / "m.safetensors")
