"""Lookup of a model's file by name or path, with a check of its hash."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_abdiffuser.errors import ModelCorrupt, ModelNotFound
from napari_abdiffuser.weights.download import fetch
from napari_abdiffuser.weights.files import sha256_of
from napari_abdiffuser.weights.registry import Registry, load_registry

__all__ = ["ModelFile", "resolve"]


@dataclass(frozen=True)
class ModelFile:
    """A model's file on this disk.

    Attributes
    ----------
    path
        Where it is.
    name
        Its registry name, or for a file chosen by path the file's name without its ending.
    sha256
        Hexadecimal hash of its content.
    """

    path: Path
    name: str
    sha256: str


def resolve(
    name_or_path: str | os.PathLike[str],
    progress: Callable[[int, int], None] | None = None,
    *,
    cancel: Callable[[], bool] | None = None,
    registry: Registry | None = None,
) -> ModelFile:
    """Return a model's file, hashed, and checked against the registry; fetch it if need be.

    Parameters
    ----------
    name_or_path
        A registry name, or a path to a ``.safetensors`` file.
    progress
        Called with (bytes so far, bytes in all) during a download.
    cancel
        Asked during a download; True raises `Cancelled`.
    registry
        Another registry than the package's own.

    Returns
    -------
    ModelFile
        The file and its hash.

    Raises
    ------
    ModelNotFound
        No such name or file, or the file cannot be fetched.
    ModelCorrupt
        The file's hash is not the registry's.
    Cancelled
        `cancel` returned True.
    """
    registry = registry or load_registry()
    text = os.fspath(name_or_path)
    entry = registry.find(text)
    if entry is None:
        return _file_by_path(text, registry)
    if not entry.embedded:
        path = fetch(entry.name, progress, cancel=cancel, registry=registry)
        return ModelFile(path, entry.name, str(entry.sha256))

    path = registry.place(entry)
    if not path.is_file():
        raise ModelNotFound(
            f"The file of the model {entry.name!r} is missing from this installation. "
            f"Reinstall napari-abdiffuser, or put the file {entry.file} here: {path}"
        )
    digest = sha256_of(path)
    if entry.sha256 is not None and digest != entry.sha256:
        raise ModelCorrupt(
            f"The model file {path} is damaged: its sha256 is {digest}, not {entry.sha256}. "
            "Reinstall napari-abdiffuser."
        )
    return ModelFile(path, entry.name, digest)


def _file_by_path(text: str, registry: Registry) -> ModelFile:
    if "://" in text:  # as a path it would lose a slash
        raise ModelNotFound(
            f"{text} is an address, and models are read from disk: download the file and give its "
            "path."
        )
    try:
        path = Path(text).expanduser()
        there = path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # too long, ~nobody, a zero byte
        reason = getattr(error, "strerror", None) or error
        raise ModelNotFound(
            f"{text[:80]!r} is no path of a model file ({reason}): check it."
        ) from error
    if there:
        return ModelFile(path, path.stem, sha256_of(path))
    if path.suffix == ".safetensors" or path.name != text:
        raise ModelNotFound(f"There is no model file {path}. Check the path.")
    raise registry.unknown(text)
