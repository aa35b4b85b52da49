"""Configuration of a distillation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from abdiffuser_training.fit.config import LogSettings
from abdiffuser_training.tasks.stage_settings import AnchorStage, PixelStage

__all__ = ["DistillConfig"]


@dataclass(frozen=True)
class DistillConfig:
    """Settings of `distill`.

    Attributes
    ----------
    model : str
        The teacher: a registry name or a ``.safetensors`` file; its kind decides what is trained.
    teacher_steps : int or None
        Even steps that the first teacher is taken to need; None for what its file says.
    students : list of int
        Steps of the students that are written; those between are distilled on the way.
    seed : int
        Of everything random.
    sources : list of dict
        Pictures; no colours are learned from them that the teacher does not know.
    pixel : PixelStage
        How each student is trained, where the teacher is a pixel model.
    anchors : AnchorStage
        The same for the anchor diffusion.
    log : LogSettings
        Trackers.
    """

    model: str = "default"
    teacher_steps: int | None = None
    students: list[int] = field(default_factory=lambda: [8, 4])
    seed: int = 0
    sources: list[dict[str, Any]] = field(default_factory=list)
    pixel: PixelStage = field(default_factory=PixelStage)
    anchors: AnchorStage = field(default_factory=AnchorStage)
    log: LogSettings = field(default_factory=LogSettings)
