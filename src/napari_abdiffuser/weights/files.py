"""Model files: safetensors whose header carries the network's configuration."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.errors import ModelCorrupt, ModelNotFound
from napari_abdiffuser.whole_files import replacing

if TYPE_CHECKING:
    import torch

__all__ = ["HEADER_KEY", "read", "sha256_of", "write"]

HEADER_KEY = "abdiffuser"


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the hexadecimal sha256 of a file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: str | os.PathLike[str]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read a model file.

    Parameters
    ----------
    path
        A ``.safetensors`` file written by `write`.

    Returns
    -------
    tensors : dict of str to torch.Tensor
        On the CPU, by name.
    metadata : dict
        The configuration from the file's header.

    Raises
    ------
    ModelNotFound
        There is no such file.
    ModelCorrupt
        It is not a safetensors file, is incomplete, or has no configuration of this package.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise ModelNotFound(f"There is no model file {path}. Check the path.")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            header = (file.metadata() or {}).get(HEADER_KEY)
            names = file.keys()
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelCorrupt(
            f"{path} cannot be read as a safetensors file ({error}). "
            "It may be incomplete: fetch or copy it again."
        ) from error
    return tensors, _parse(header, path)


def write(
    path: str | os.PathLike[str],
    tensors: Mapping[str, torch.Tensor],
    metadata: Mapping[str, Any],
) -> None:
    """Write a model file: to a temporary name beside it, then moved.

    Parameters
    ----------
    path
        The ``.safetensors`` file to write; its folder must exist.
    tensors
        Tensors by name, of any device and layout.
    metadata
        JSON-serializable configuration; `read` returns it.
    """
    from safetensors.torch import save_file

    path = Path(path)
    # One entry: safetensors writes several in random order, and the same model is the same bytes.
    header = {HEADER_KEY: json.dumps(dict(metadata), sort_keys=True)}
    # Clones, since safetensors refuses tensors that share memory, as tied weights do.
    plain = {k: t.detach().cpu().contiguous().clone() for k, t in tensors.items()}
    with replacing(path) as partial:
        mode = partial.stat().st_mode & 0o777
        save_file(plain, partial, metadata=header)
        with suppress(OSError):  # a drive that refuses chmod; safetensors may write another file
            os.chmod(partial, mode)


def _parse(header: str | None, path: Path) -> dict[str, Any]:
    if header is None:
        raise ModelCorrupt(
            f"{path} is a safetensors file, but not one of this package's: its header has no "
            f"{HEADER_KEY!r} entry. Write models with 'abdiffuser-train export'."
        )
    try:
        metadata = json.loads(header)
    except ValueError as error:
        raise ModelCorrupt(
            f"The configuration in {path} is not JSON ({error}). Export the model again."
        ) from error
    if not isinstance(metadata, dict):
        raise ModelCorrupt(f"The configuration in {path} is not a table. Export the model again.")
    return metadata
