"""Networks of model files of either kind: guided, or ``kind: pixel`` in the header."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.errors import ModelCorrupt
from napari_abdiffuser.weights.files import read, write

if TYPE_CHECKING:
    import torch

    from napari_abdiffuser.model.networks import Networks
    from napari_abdiffuser.model.pixel.networks import PixelNetworks

__all__ = ["is_pixel", "networks_of", "pixel_networks", "read_pixel", "write_pixel"]

_WORK_SIZE = 256


def is_pixel(metadata: Mapping[str, Any]) -> bool:
    """Whether a model file's header is that of a pixel model."""
    return bool(metadata.get("kind") == "pixel")


def write_pixel(
    path: str | os.PathLike[str],
    networks: PixelNetworks,
    card: Mapping[str, Any],
    work_size: int = _WORK_SIZE,
) -> None:
    """Write half-precision weights, with configuration and provenance in the header.

    Parameters
    ----------
    path
        A ``.safetensors`` file; written to a temporary name and moved.
    networks : PixelNetworks
        Trained.
    card : mapping
        Provenance, JSON-serializable: data, steps, hardware; of a distilled model its teacher.
    work_size : int
        Longer side, pixels, that larger pictures are colored at.
    """
    settings = {"steps": networks.sampling.steps, "work_size": work_size}
    write(
        path,
        networks.to_tensors(),
        {
            "kind": "pixel",
            "config": networks.to_config(),
            "settings": settings,
            "card": dict(card),
        },
    )


def networks_of(
    tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any], path: object
) -> Networks | PixelNetworks:
    """Build the networks of a model file of either kind, on the CPU.

    Parameters
    ----------
    tensors, metadata
        What `read` returned.
    path
        Of the file, for messages.

    Raises
    ------
    ModelCorrupt
        Tensors and configuration do not fit each other, or this version.
    """
    from napari_abdiffuser.model.networks import Networks
    from napari_abdiffuser.model.pixel.networks import PixelNetworks

    kind = PixelNetworks if is_pixel(metadata) else Networks
    try:
        return kind.from_config(metadata["config"], tensors)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelCorrupt(
            f"The model file {path} does not fit this version of napari-abdiffuser "
            f"({type(error).__name__}): fetch it again, or update the package."
        ) from error


def pixel_networks(
    tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any], path: object
) -> PixelNetworks:
    """Build the networks of a pixel model; see `networks_of`."""
    from napari_abdiffuser.model.pixel.networks import PixelNetworks

    networks = networks_of(tensors, metadata, path)
    if not isinstance(networks, PixelNetworks):
        raise ModelCorrupt(
            f"{path} is not a pixel model: load it with napari_abdiffuser.Colorizer.load."
        )
    return networks


def read_pixel(path: str | os.PathLike[str]) -> tuple[PixelNetworks, dict[str, Any]]:
    """Read a pixel model.

    Parameters
    ----------
    path
        A ``.safetensors`` file written by `write_pixel`.

    Returns
    -------
    networks : PixelNetworks
        On the CPU, ready for inference.
    metadata : dict
        The header: ``kind``, ``config``, ``settings``, ``card``.

    Raises
    ------
    ModelNotFound
        There is no such file.
    ModelCorrupt
        It is damaged, or another kind of model.
    """
    tensors, metadata = read(path)
    return pixel_networks(tensors, metadata, path), metadata
