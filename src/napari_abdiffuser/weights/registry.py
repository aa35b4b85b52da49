"""Registry of models, read from ``registry.json``."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pooch

from napari_abdiffuser.errors import ModelCorrupt, ModelNotFound

__all__ = ["ModelEntry", "Registry", "cache_folder", "load_registry", "use_cache_folder"]

CACHE_VARIABLE = "ABDIFFUSER_CACHE"
URL_VARIABLE = "ABDIFFUSER_MODELS_URL"
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class ModelEntry:
    """One model that exists.

    Attributes
    ----------
    name
        What users call it.
    file
        Its file name, in the package, in the cache and on the server.
    sha256
        Hexadecimal hash of the file. None only for an embedded file that is not hashed yet.
    size
        Bytes. None only where `sha256` is.
    licence
        SPDX identifier of the weights' licence.
    description
        One line for users.
    embedded
        True where the file comes inside the package and is never downloaded.
    """

    name: str
    file: str
    sha256: str | None
    size: int | None
    licence: str
    description: str
    embedded: bool = False

    def __post_init__(self) -> None:
        if Path(self.file).name != self.file:
            raise ModelCorrupt(
                f"The model registry names the file {self.file!r}; a plain file name is needed. "
                "Reinstall napari-abdiffuser."
            )
        if not self.embedded and (self.sha256 is None or self.size is None):
            raise ModelCorrupt(
                f"The model registry has no hash or size for {self.name!r}, so a download could "
                "not be checked. Reinstall napari-abdiffuser."
            )


@dataclass(frozen=True)
class Registry:
    """All models that exist.

    Attributes
    ----------
    models
        The entries, in the order in which users see them.
    base_url
        Address of the folder that the downloadable files are in; None where nothing is served.
    folder
        Folder of the embedded files.
    """

    models: tuple[ModelEntry, ...]
    base_url: str | None = None
    folder: Path = _HERE

    def find(self, name: str) -> ModelEntry | None:
        """Return the entry called `name`, or None."""
        return next((entry for entry in self.models if entry.name == name), None)

    def get(self, name: str) -> ModelEntry:
        """Return the entry called `name`.

        Raises
        ------
        ModelNotFound
            No model has this name.
        """
        entry = self.find(name)
        if entry is None:
            raise self.unknown(name)
        return entry

    def unknown(self, name: str) -> ModelNotFound:
        """Return the error for a name that no model has."""
        names = ", ".join(entry.name for entry in self.models) or "none"
        return ModelNotFound(
            f"There is no model called {name!r}. Models that exist: {names}. "
            "A path to a .safetensors file works too."
        )

    def address(self) -> str | None:
        """Return the base address in force: the variable ABDIFFUSER_MODELS_URL, else `base_url`."""
        return os.environ.get(URL_VARIABLE) or self.base_url

    def place(self, entry: ModelEntry) -> Path:
        """Return the path at which the file of `entry` is, or would be once fetched."""
        return (self.folder if entry.embedded else cache_folder()) / entry.file


# What the user's settings name; a list, so that it can be set without `global`.
_of_settings: list[Path] = []


def cache_folder() -> Path:
    """Return the folder of fetched models.

    The variable ABDIFFUSER_CACHE comes first, then `use_cache_folder`, then the system's own.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen))
    return _of_settings[0] if _of_settings else Path(pooch.os_cache("napari-abdiffuser"))


def use_cache_folder(folder: str | os.PathLike[str]) -> None:
    """Keep fetched models in another folder from now on; '' for the system's own."""
    _of_settings[:] = [Path(folder).expanduser()] if os.fspath(folder) else []


@cache
def load_registry(path: Path = _HERE / "registry.json") -> Registry:
    """Read a registry file.

    Parameters
    ----------
    path
        A JSON file; embedded models lie beside it.

    Returns
    -------
    Registry
        The models it lists.

    Raises
    ------
    ModelCorrupt
        The file is not a registry.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        models = tuple(ModelEntry(**entry) for entry in content["models"])
        return Registry(models, content.get("base_url"), path.parent)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelCorrupt(
            f"The model registry {path} cannot be read ({error}). Reinstall napari-abdiffuser."
        ) from error
