"""The protocol 'all': every protocol on the shard it is meant for, in sensible portions."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from abdiffuser_training.evaluate.request import EvaluationRequest
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["PORTIONS", "suite"]

_log = logging.getLogger(__name__)

PORTIONS: tuple[tuple[str, tuple[str, ...], int | None], ...] = (
    ("guided", ("sem-color-val.tar",), None),
    ("zhang", ("photos-benchmark.tar",), 30),
    ("icolorit", ("photos-benchmark.tar",), 15),
    ("thesis", ("tiny-imagenet-val.tar",), 300),
    ("bleeding", ("em-particles-masks.tar",), None),
    ("objects", ("em-particles-masks.tar",), None),
    ("automatic", ("sem-color-val.tar", "em-particles-masks.tar"), 29),
    ("steps", ("sem-color-val.tar",), 12),
    ("speed", (), None),
)
"""Protocol, its shards, and how many pictures of each: about 17 minutes on two cores."""


def suite(request: EvaluationRequest, folder: Path) -> list[EvaluationRequest]:
    """Make the requests of all protocols.

    Parameters
    ----------
    request : EvaluationRequest
        Model, device, workers and the like; a limit replaces the portions. Options that belong to
        one protocol (size, cell, counts, holdout) are not taken over.
    folder : Path
        Where the shards are. Protocols without their shards are left out, which is logged.

    Returns
    -------
    list of Request

    Raises
    ------
    InvalidRequest
        If the folder has none of them.
    """
    made = []
    for protocol, names, portion in PORTIONS:
        paths = [folder / name for name in names]
        if missing := [path for path in paths if not path.exists()]:
            _log.warning("%s is left out: no %s.", protocol, ", ".join(map(str, missing)))
            continue
        if protocol in ("steps", "speed") and request.model == "baselines":
            continue
        made.append(
            replace(
                request,
                protocol=protocol,
                data=tuple(map(str, paths)),
                limit=portion if request.limit is None else request.limit,
                size=None,
                cell=None,
                counts=None,
                holdout=None,
            )
        )
    if not any(one.data for one in made):
        shards = sorted({name for _, names, _ in PORTIONS for name in names})
        raise InvalidRequest(f"{folder} has no shard to measure on; put {', '.join(shards)} there.")
    return made
