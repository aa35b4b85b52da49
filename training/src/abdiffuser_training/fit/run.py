"""One run of `fit`: its configuration, folder, processes and pictures."""

from __future__ import annotations

import json
import logging
import os
import platform
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from abdiffuser_training.data.batches import Batch, Mixture
from abdiffuser_training.data.sources import Source
from abdiffuser_training.engine.runtime import Runtime
from abdiffuser_training.engine.start import describe_start
from abdiffuser_training.engine.trackers import Tracker
from abdiffuser_training.files import make_folder
from abdiffuser_training.fit.config import FitConfig, read_config, to_yaml
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.whole_files import write_whole

__all__ = ["Run", "SourceMixture", "hardware", "sessions"]

_LOG = logging.getLogger(__name__)
_PACKAGES = ("napari-abdiffuser", "abdiffuser-training", "torch", "numpy", "accelerate")
_USE = ("weight", "native", "zoom", "colours", "anchors")
_CONFIG, _SESSIONS, _START = "config.yaml", "sessions.json", "start.json"


class SourceMixture:
    """Pictures of sources that are read when the first batch is drawn.

    Parameters
    ----------
    sources : sequence of mapping
        Of a configuration.
    seed : int
        Of the crops.
    known : dict
        Sources that were read before, shared between mixtures.
    device : torch.device or str
        Where pictures are kept and cut.

    Raises
    ------
    InvalidRequest
        If there are no sources.
    """

    def __init__(
        self,
        sources: Sequence[Mapping[str, Any]],
        seed: int,
        known: dict[str, Source],
        device: torch.device | str = "cpu",
    ) -> None:
        if not sources:
            raise InvalidRequest("There are no pictures: give sources=[{shards: [...], ...}].")
        self._settings = [dict(source) for source in sources]
        self._seed, self._known, self._device = seed, known, device
        self._mixture: Mixture | None = None
        self._lock = threading.Lock()

    def batch(self, step: int, count: int, size: int, *, rank: int = 0, world: int = 1) -> Batch:
        """Draw a batch, see `Mixture.batch`."""
        with self._lock:
            if self._mixture is None:
                self._mixture = self._read()
        return self._mixture.batch(step, count, size, rank=rank, world=world)

    def _read(self) -> Mixture:
        read = []
        for settings in self._settings:
            # What is done with pictures may differ between stages that share them.
            use = {k: v for k, v in settings.items() if k in _USE}
            held = {k: v for k, v in settings.items() if k not in _USE}
            key = json.dumps([held, str(self._device)], sort_keys=True, default=str)
            if key not in self._known:
                self._known[key] = Source.read(held, self._device)
            read.append(self._known[key].used(use))
        return Mixture(read, self._seed)


@dataclass
class Run:
    """What the stages of a run share.

    Attributes
    ----------
    config : FitConfig
        What is trained, and how.
    folder : Path
        Of the run.
    runtime : Runtime
        Device and processes.
    resume : bool
        Go on where there are checkpoints.
    trackers : tuple of Tracker
        TensorBoard and the like.
    """

    config: FitConfig
    folder: Path
    runtime: Runtime
    resume: bool
    trackers: tuple[Tracker, ...] = ()
    _sources: dict[str, Source] = field(default_factory=dict)

    def pictures(
        self, sources: Sequence[Mapping[str, Any]], offset: int = 0, *, on_device: bool = True
    ) -> SourceMixture:
        """Pictures of some sources; `offset` keeps the crops of stages apart.

        They are on the device where the configuration says so and `on_device` allows it.
        """
        is_there = on_device and self.config.pictures == "device"
        device = self.runtime.device if is_there else "cpu"
        return SourceMixture(sources, self.config.seed + offset, self._sources, device)

    def begin(self) -> None:
        """Write down what is trained on what; say what has changed since it was begun.

        Raises
        ------
        InvalidRequest
            If the folder holds a run and `resume` is False, or a configuration that is no run's,
            or cannot be made.
        """
        if not self.runtime.is_main:
            return
        path = self.folder / _CONFIG
        begun = (self.folder / _SESSIONS).exists() or any(self.folder.glob("*/step-*.pt"))
        if path.exists() and not begun:
            raise InvalidRequest(
                f"{path} is not of a run and would be overwritten: choose another folder with "
                "--out."
            )
        if path.exists() and not self.resume and any(self.folder.glob("*/step-*.pt")):
            raise InvalidRequest(
                f"{self.folder} holds a run already: add --resume to go on with it, or choose "
                "another folder with --out."
            )
        make_folder(self.folder)
        text = to_yaml(self.config)
        if path.exists() and self.resume:
            for line in _changes(to_yaml(read_config(path)), text, self.config.stages):
                _LOG.warning("Resuming with a change: %s", line)
        # Sessions first: a configuration alone would be taken for somebody else's file.
        known = [*sessions(self.folder), hardware(self.runtime)]
        write_whole(self.folder / _SESSIONS, json.dumps(known, indent=1).encode())
        write_whole(path, text.encode())

    def note_start(self, stage: str, start: str | None, part: str) -> None:
        """Write down where a stage's first weights come from, while that is there to be asked."""
        mark = self.folder / stage / _START
        if start is not None and self.runtime.is_main and not mark.exists():
            mark.parent.mkdir(exist_ok=True)
            write_whole(mark, json.dumps(describe_start(start, part), indent=1).encode())


def start_of(folder: Path, stage: str) -> dict[str, Any] | None:
    """Where a stage's first weights came from; None where it began anew, or that was not noted."""
    try:
        found: dict[str, Any] = json.loads((folder / stage / _START).read_text())
    except (OSError, ValueError):
        return None
    return found


def sessions(folder: Path) -> list[dict[str, Any]]:
    """On what a run was trained, one entry each time it was started."""
    path = folder / _SESSIONS
    try:
        found: list[dict[str, Any]] = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    return found


def hardware(runtime: Runtime) -> dict[str, Any]:
    """Device, processes and versions."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    device = runtime.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "device": f"{device.type} ({name})",
        "processes": runtime.world,
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "versions": versions,
    }


def _changes(before: str, now: str, stages: Sequence[str]) -> list[str]:
    """Compare all but settings of these stages, of which the training loop speaks itself."""
    from omegaconf import OmegaConf

    old, new = (_flat(OmegaConf.to_container(OmegaConf.create(t))) for t in (before, now))
    return [
        f"{key} is {new.get(key)}, was {old.get(key)}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key) and key.split(".")[0] not in stages
    ]


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        flat.update(_flat(inner, f"{prefix}.{key}" if prefix else str(key)))
    return flat
