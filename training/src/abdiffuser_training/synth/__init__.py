"""Procedural scanning-electron micrographs with exact regions."""

from __future__ import annotations

from abdiffuser_training.synth.compose import random_scene
from abdiffuser_training.synth.scene import Scene

__all__ = ["Scene", "random_scene"]
