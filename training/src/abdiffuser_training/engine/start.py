"""Weights to begin with: from a model file, a checkpoint, or a run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from abdiffuser_training.engine.checkpoints import Checkpoints, read_checkpoint
from abdiffuser_training.engine.errors import TrainingFailed
from napari_abdiffuser.errors import InvalidRequest, ModelCorrupt
from napari_abdiffuser.weights import read, sha256_of

__all__ = ["averaged_weights", "begin_with", "describe_start"]

_LOG = logging.getLogger(__name__)
_WRAPPED = "module."


def begin_with(network: nn.Module, start: str | Path | None, part: str) -> None:
    """Give a network the averaged weights of an earlier training.

    Parameters that the earlier one did not have keep their initial values, and are named.

    Parameters
    ----------
    network : nn.Module
        Changed in place.
    start : str, Path or None
        A ``.safetensors`` model, a checkpoint, or the folder of a run or of its stage; None does
        nothing.
    part : str
        Which part of the model the network is, such as 'guide': its folder in a run, and the first
        word of its names in a model file.

    Raises
    ------
    InvalidRequest
        If there is no such file, or nothing in it fits.
    """
    if start is None:
        return
    weights = _weights(Path(start).expanduser(), part)
    own = network.state_dict()
    fits = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
    misfits = sorted(k for k in weights.keys() & own.keys() if k not in fits)
    if misfits or not fits:
        example = f" ({misfits[0]}: {tuple(weights[misfits[0]].shape)} there, " if misfits else ""
        example += f"{tuple(own[misfits[0]].shape)} here)" if misfits else ""
        raise InvalidRequest(
            f"The weights in {start} are not of this {part}{example}: give its size and shape."
        )
    network.load_state_dict(fits, strict=False)
    missing, left = sorted(own.keys() - fits.keys()), sorted(weights.keys() - own.keys())
    _LOG.info("%s begins with the weights of %s", part, start)
    if missing:
        _LOG.warning("Not in %s, so they begin anew: %s", start, ", ".join(missing))
    if left:
        _LOG.warning("Only in %s, so they are left out: %s", start, ", ".join(left))


def describe_start(start: str | Path, part: str) -> dict[str, Any]:
    """Where weights to begin with come from, for provenance.

    Parameters
    ----------
    start : str or Path
        As for `begin_with`.
    part : str
        Which part of the model is taken from there.

    Returns
    -------
    dict
        Plain values: name and sha256 of the file; steps and minutes of its training, where known.
    """
    path = Path(start).expanduser()
    if path.is_dir():
        folder = path / part if (path / part).is_dir() else path
        path = next(iter(Checkpoints(folder).all()), path)
    if not path.is_file():
        return {"name": path.name}
    told: dict[str, Any] = {"name": path.name, "sha256": sha256_of(path)}
    if path.suffix == ".safetensors":
        spent = read(path)[1].get("card", {}).get("stages", {}).get(part, {})
        return {**told, **spent}
    state = read_checkpoint(path)
    if "step" in state and "seconds" in state:
        told |= {"steps": int(state["step"]), "minutes": round(state["seconds"] / 60, 1)}
    return told


def averaged_weights(state: dict[str, Any]) -> dict[str, Tensor]:
    """Weights of the moving average out of a checkpoint.

    Raises
    ------
    InvalidRequest
        If it has none.
    """
    average = state.get("average")
    if not isinstance(average, dict):
        raise InvalidRequest(
            "This checkpoint has no averaged weights, so it is none of a training."
        )
    return {k.removeprefix(_WRAPPED): v for k, v in average.items() if k.startswith(_WRAPPED)}


def _weights(path: Path, part: str) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        try:
            tensors, _ = read(path)
        except ModelCorrupt as error:
            raise InvalidRequest(str(error)) from error
        head = f"{part}."
        chosen = {k.removeprefix(head): v for k, v in tensors.items() if k.startswith(head)}
        return {k: v.float() for k, v in (chosen or tensors).items()}
    if path.is_dir():
        folder = path / part if (path / part).is_dir() else path
        state = Checkpoints(folder).load()
        if state is None:
            raise InvalidRequest(f"{folder} has no checkpoints to begin with.")
        return averaged_weights(state)
    if not path.is_file():
        raise InvalidRequest(f"There are no weights at {path}. Check the path.")
    try:
        return averaged_weights(read_checkpoint(path))
    except TrainingFailed as error:
        raise InvalidRequest(str(error)) from error
