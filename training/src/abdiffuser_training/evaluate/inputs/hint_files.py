"""Fixed hints as a file, so that anyone can measure with the same ones, in any language.

One JSON file a protocol, ``<protocol>.json``::

    {"format": "abdiffuser-evaluation-hints", "version": 1,
     "protocol": "zhang", "size": 256, "seed": 0,
     "pictures": {"key": {"1": [[top, left, side], …], "10": …}, …}}

Patches are square, in pixels of the central square of the picture resized to `size`; a later
patch lies over an earlier one, and its colour is the mean a* and b* of the truth under it. In the
protocol 'bleeding' a picture has ``{"patches": [[top, left, side], …], "colours": [[a, b], …],
"objects": […]}``: one patch in each of the objects (numbers in the mask), then those on the
ground; null where the picture has too few objects.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.inputs.plans import Plan
from abdiffuser_training.evaluate.inputs.scenes import Scene, Scenes
from abdiffuser_training.evaluate.measures.records import Settings
from abdiffuser_training.files import write_bytes
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["digest", "read_plans", "write_plans"]

_FORMAT, _VERSION = "abdiffuser-evaluation-hints", 1


def write_plans(
    folder: str | Path, settings: Settings, keys: Sequence[str], plans: Sequence[Plan]
) -> Path:
    """Write the hints of pictures to ``folder/<protocol>.json``; gives the file."""
    path = Path(folder) / f"{settings.protocol}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_document(settings, keys, plans), separators=(",", ":"))
    write_bytes(path, f"{text}\n".encode())
    return path


def read_plans(folder: str | Path, settings: Settings, keys: Sequence[str]) -> list[Plan]:
    """Read the hints of pictures from ``folder/<protocol>.json``.

    Parameters
    ----------
    folder : str or Path
        Where `write_plans` wrote.
    settings : Settings
        Protocol and size must be the file's.
    keys : sequence of str
        The pictures.

    Returns
    -------
    list of Plan
        In the order of the keys.

    Raises
    ------
    InvalidRequest
        If there is no such file, it is of another size, or it lacks a picture.
    """
    path = Path(folder) / f"{settings.protocol}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRequest(
            f"No hints can be read from {path} ({error}); write them with --write-hints."
        ) from error
    if not isinstance(found, dict) or (found.get("format"), found.get("version")) != (
        _FORMAT,
        _VERSION,
    ):
        raise InvalidRequest(f"{path} is no file of hints of version {_VERSION}; write it anew.")
    if found["size"] != settings.size:
        raise InvalidRequest(
            f"The hints in {path} are for {found['size']} pixels, not {settings.size}; "
            f"give --size {found['size']}."
        )
    if missing := [key for key in keys if key not in found["pictures"]]:
        raise InvalidRequest(
            f"{path} has no hints for {len(missing)} pictures such as {missing[0]!r}; "
            "measure the pictures it was written for."
        )
    return [_plan(found["pictures"][key]) for key in keys]


def digest(settings: Settings, keys: Sequence[str], plans: Sequence[Plan]) -> str:
    """SHA-256 of the hints, the same wherever they are drawn or read."""
    text = json.dumps(_document(settings, keys, plans), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _document(settings: Settings, keys: Sequence[str], plans: Sequence[Plan]) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "protocol": settings.protocol,
        "size": settings.size,
        "seed": settings.seed,
        "pictures": {key: _json(plan) for key, plan in zip(keys, plans, strict=True)},
    }


def _json(plan: Plan) -> Any:
    if plan is None:
        return None
    if isinstance(plan, Scene):
        return {
            "patches": _squares(plan.boxes),
            "colours": [[round(float(v), 3) for v in color] for color in plan.colors],
            "objects": list(plan.objects),
        }
    if isinstance(plan, Scenes):
        return {"scenes": {name: _json(one) for name, one in plan.by_condition.items()}}
    return {condition: _squares(boxes) for condition, boxes in plan.items()}


def _plan(found: Mapping[str, Any] | None) -> Plan:
    if found is None:
        return None
    if "objects" in found:
        return _scene(found)
    if "scenes" in found:
        return Scenes({name: _scene(one) for name, one in found["scenes"].items()})
    return {condition: _boxes(squares) for condition, squares in found.items()}


def _scene(found: Mapping[str, Any]) -> Scene:
    colors = np.array(found["colours"], np.float32)
    return Scene(_boxes(found["patches"]), colors, tuple(found["objects"]))


def _squares(boxes: NDArray[np.int64]) -> list[list[int]]:
    return [[int(top), int(left), int(bottom - top)] for top, left, bottom, _ in boxes]


def _boxes(squares: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    corner = np.array(squares, np.int64).reshape(-1, 3)
    return np.concatenate([corner[:, :2], corner[:, :2] + corner[:, 2:]], axis=1)
