"""From trained networks to a model file that the plugin loads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from napari_abdiffuser.model.networks import Networks
from napari_abdiffuser.weights import write

__all__ = ["export"]


def export(
    networks: Networks, path: Path, settings: Mapping[str, Any], card: Mapping[str, Any]
) -> None:
    """Write half-precision weights with their configuration in the header.

    Parameters
    ----------
    networks : Networks
        Trained.
    path : Path
        A ``.safetensors`` file; written to a temporary name and moved.
    settings : mapping
        Defaults of the model: ``steps``, ``work_size``.
    card : mapping
        Provenance: data, steps, hardware.
    """
    tensors = {name: value.to(torch.float16) for name, value in networks.state_dict().items()}
    write(
        path,
        tensors,
        {"config": networks.to_config(), "settings": dict(settings), "card": dict(card)},
    )
