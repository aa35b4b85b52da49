"""Models: registry, download, and files."""

from __future__ import annotations

from napari_abdiffuser.weights.download import fetch
from napari_abdiffuser.weights.files import read, sha256_of, write
from napari_abdiffuser.weights.find import ModelFile, resolve
from napari_abdiffuser.weights.registry import (
    ModelEntry,
    Registry,
    cache_folder,
    load_registry,
    use_cache_folder,
)

__all__ = [
    "ModelEntry",
    "ModelFile",
    "Registry",
    "cache_folder",
    "fetch",
    "load_registry",
    "read",
    "resolve",
    "sha256_of",
    "use_cache_folder",
    "write",
]
