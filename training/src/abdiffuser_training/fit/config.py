"""The configuration of a training: what there is to set, presets, files and changes on top."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml

from abdiffuser_training.engine.settings import TrainSettings
from abdiffuser_training.tasks.stage_settings import (
    AnchorStage,
    GuideStage,
    PixelStage,
    UpsamplerStage,
)
from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.model.guide.network import SIZES

__all__ = ["FitConfig", "LogSettings", "presets", "read_as", "read_config", "to_yaml"]

T = TypeVar("T")


@dataclass(frozen=True)
class LogSettings:
    """Where figures go beside ``log.csv``.

    Attributes
    ----------
    tensorboard : str
        'auto' (when it is installed), 'on' or 'off'.
    wandb : str
        Weights & Biases: 'off', 'offline' (files in the run's folder, no network) or 'online'.
    """

    tensorboard: str = "auto"
    wandb: str = "off"


@dataclass(frozen=True)
class FitConfig:
    """Everything that `fit` is told.

    Attributes
    ----------
    stages : list of str
        What is trained, in this order: guide, anchors, upsampler; or pretrain, finetune.
    size : str
        Named size of the guide.
    seed : int
        Of everything random.
    sources : list of dict
        Pictures to train on; see the README for their keys.
    validation : list of dict
        Pictures held out for ``validate_steps``.
    pictures : str
        Where decoded pictures are kept and cut: 'cpu', or 'device' where its memory suffices.
    settings : dict
        Defaults of the finished model: steps, work_size.
    guide, anchors, upsampler, pretrain, finetune
        Settings of the stages.
    log : LogSettings
        Trackers.
    """

    stages: list[str] = field(default_factory=lambda: ["guide", "anchors", "upsampler"])
    size: str = "small"
    seed: int = 0
    sources: list[dict[str, Any]] = field(default_factory=list)
    validation: list[dict[str, Any]] = field(default_factory=list)
    pictures: str = "cpu"
    settings: dict[str, Any] = field(default_factory=lambda: {"steps": 16, "work_size": 384})
    guide: GuideStage = field(default_factory=GuideStage)
    anchors: AnchorStage = field(default_factory=AnchorStage)
    upsampler: UpsamplerStage = field(default_factory=UpsamplerStage)
    pretrain: PixelStage = field(default_factory=PixelStage)
    finetune: PixelStage = field(default_factory=PixelStage)
    log: LogSettings = field(default_factory=LogSettings)

    def stage(self, name: str) -> TrainSettings:
        """Return the settings of a stage, its seed filled in.

        Raises
        ------
        InvalidRequest
            If there is no such stage.
        """
        stage = getattr(self, name, None)
        if not isinstance(stage, TrainSettings):
            known = ", ".join(k for k, v in vars(self).items() if isinstance(v, TrainSettings))
            raise InvalidRequest(f"stages has {name!r}; there are {known}.")
        return replace(stage, seed=self.seed) if stage.seed is None else stage

    @property
    def data_names(self) -> list[str]:
        """File names of all shards that a stage of this run is trained on."""
        used = [*self.sources]
        for name in self.stages:
            used += getattr(self.stage(name), "sources", [])
        names = [Path(str(shard)).name for source in used for shard in source.get("shards", [])]
        return sorted(set(names))


def presets(*, distill: bool = False) -> list[str]:
    """Names of the configurations that come with the package, for `fit` or for `distill`."""
    folder = resources.files("abdiffuser_training.configs")
    names = sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml"))
    return [name for name in names if name.startswith("distill") == distill]


def read_config(name: str | Path, changes: Sequence[str] = ()) -> FitConfig:
    """Read a configuration and change some of it.

    Parameters
    ----------
    name : str or Path
        A preset, or a YAML file; one with ``base: PRESET`` changes what that says.
    changes : sequence of str
        ``key=value`` with dots between nested keys; values are YAML.

    Returns
    -------
    FitConfig

    Raises
    ------
    InvalidRequest
        If the file cannot be read, a key does not exist, or a value is of the wrong type.
    """
    made = read_as(FitConfig, name, changes)
    if not made.stages:
        raise InvalidRequest("stages is empty; give stages=[guide, anchors, upsampler].")
    for stage in made.stages:
        made.stage(stage).check()
    if "guide" in made.stages and made.size not in SIZES:
        raise InvalidRequest(f"size={made.size} is not one of {', '.join(SIZES)}.")
    for name, value in made.settings.items():
        if name in ("steps", "work_size") and (not isinstance(value, int) or value < 1):
            raise InvalidRequest(f"settings.{name}={value}: give a whole number, 1 or more.")
    if made.pictures not in ("cpu", "device"):
        raise InvalidRequest(f"pictures={made.pictures} is neither cpu nor device.")
    return made


def read_as(schema: type[T], name: str | Path, changes: Sequence[str] = ()) -> T:
    """Read a configuration of another kind than `FitConfig`; otherwise as `read_config`."""
    try:
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException
    except ImportError as error:
        raise InvalidRequest(
            "Configurations need OmegaConf: python -m pip install 'omegaconf>=2.4'."
        ) from error
    for change in changes:
        if "=" not in change:
            raise InvalidRequest(f"{change!r} is no change: give key=value, such as guide.steps=9.")
    try:
        layers = [OmegaConf.create(layer) for layer in _layers(str(name))]
        config = OmegaConf.merge(OmegaConf.structured(schema), *layers)
        config = OmegaConf.merge(config, OmegaConf.from_dotlist(list(changes)))
        made = OmegaConf.to_object(config)
    except OmegaConfBaseException as error:
        lines = str(error).splitlines()
        key = getattr(error, "full_key", None)
        where = f" (key {key})" if key else ""
        told = lines[0].replace(" not in ", " does not exist in ")
        raise InvalidRequest(f"{name}: {told}{where}") from error
    except yaml.YAMLError as error:
        raise InvalidRequest(f"{' '.join(changes)} is not YAML: {error}") from error
    assert isinstance(made, schema)
    return made


def to_yaml(config: Any) -> str:
    """Write everything out, so that the file says what was trained whatever presets become."""
    from omegaconf import OmegaConf

    stream = io.StringIO()
    OmegaConf.save(OmegaConf.structured(config), stream)
    return stream.getvalue()


def _layers(name: str, depth: int = 0) -> list[dict[str, Any]]:
    path = Path(name)
    if not path.suffix and name in [*presets(), *presets(distill=True)]:
        text = resources.files("abdiffuser_training.configs").joinpath(f"{name}.yaml").read_text()
    else:
        try:
            text = path.read_text()
        except OSError as error:
            raise InvalidRequest(
                f"There is no configuration {name}: give a YAML file or one of "
                f"{', '.join(presets())}."
            ) from error
    try:
        content = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise InvalidRequest(f"{name} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise InvalidRequest(f"{name} is not a table of keys and values.")
    base = content.pop("base", None)
    if base is None:
        return [content]
    if depth > 8:
        raise InvalidRequest(f"{name} is its own base.")
    return [*_layers(str(base), depth + 1), content]
