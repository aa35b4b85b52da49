"""Registry files, the package's own among them."""

from __future__ import annotations

import pytest

from napari_abdiffuser import weights
from napari_abdiffuser.errors import ModelCorrupt


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
