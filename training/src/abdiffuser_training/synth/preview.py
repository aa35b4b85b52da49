"""A page of scenes to look at: each gray, and beside it colorized."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from abdiffuser_training.processes import ordered_map
from abdiffuser_training.sheets import Tile, contact_sheet
from abdiffuser_training.synth.compose import random_scene
from abdiffuser_training.synth.shard import SceneSettings, colorized

__all__ = ["write_preview"]


def _pair(task: tuple[SceneSettings, int]) -> tuple[Tile, Tile]:
    settings, index = task
    rng = np.random.default_rng((settings.seed, index))
    scene = random_scene(rng, settings.size, settings.kinds, settings.bars)
    words = ", ".join(scene.class_names[1:])
    # The random state is now that of `make_sample`: these are the colours of `colored`.
    return Tile(scene.gray, (words,)), Tile(colorized(rng, scene), (str(index),))


def write_preview(path: Path, settings: SceneSettings, n: int, workers: int = 1) -> None:
    """Write a contact sheet of the first scenes.

    Parameters
    ----------
    path : Path
        The PNG file.
    settings : SceneSettings
        What the scenes are like.
    n : int
        How many.
    workers : int
        Processes.
    """
    pairs = ordered_map(_pair, ((settings, index) for index in range(n)), workers)
    contact_sheet(path, [tile for pair in pairs for tile in pair])
