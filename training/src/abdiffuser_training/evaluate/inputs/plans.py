"""Which hints every picture of a protocol gets: drawn from a seed, or read from files.

Hints depend on the protocol, the seed, the size and the picture's place in its set, never on the
method or on how many pictures are measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from abdiffuser_training.evaluate.inputs.pictures import PictureSet
from abdiffuser_training.evaluate.inputs.scenes import Scene, Scenes, bleeding_scene, object_scenes
from abdiffuser_training.evaluate.measures.records import Settings
from abdiffuser_training.hint_sampling import fixed as hint_sets

__all__ = ["Boxes", "Plan", "draw_hints", "draw_plans"]

Boxes = Mapping[str, NDArray[np.int64]]
"""Patches (N, 4) of one picture by condition: the number of hints, or a name."""

Plan = Boxes | Scene | Scenes | None
"""Hints of one picture: patches whose colours come from the truth, or scenes with masks."""


def draw_hints(
    protocol: str, pictures: int, size: int, counts: Sequence[int], cell: int, seed: int
) -> list[Boxes]:
    """Patches of every picture of a set.

    Parameters
    ----------
    protocol : str
        'guided' and 'zhang': uniform places; 'icolorit': its own fixed sets; 'thesis': automatic
        and with simulated users.
    pictures, size : int
        How many, and their side in pixels.
    counts : sequence of int
        Numbers of hints; 'thesis' has none.
    cell : int
        Side of the patches, pixels; 'thesis' draws it.
    seed : int
        With the picture's place it fixes the patches.

    Returns
    -------
    list of dict
        Patches by condition, for every picture.
    """
    if protocol == "icolorit":
        fixed = hint_sets.icolorit_cells(pictures, size, cell, seed)
        return [{str(count): one[count] for count in counts} for one in fixed]
    made: list[Boxes] = []
    for index in range(pictures):
        rng = np.random.default_rng((seed, index))
        if protocol == "thesis":
            none = np.zeros((0, 4), np.int64)
            simulated = hint_sets.centred_cells(rng, (size, size))
            made.append({"automatic": none, "simulated hints": simulated})
        else:
            boxes = hint_sets.uniform_cells(rng, (size, size), max(counts), cell)
            made.append({str(count): boxes[:count] for count in counts})
    return made


def draw_plans(chosen: PictureSet, settings: Settings) -> list[Plan]:
    """Plans of the chosen pictures of a set, in their order; None where a protocol has no hints."""
    if settings.protocol in ("automatic", "steps"):
        return [None] * len(chosen.pictures)
    scenes = {"bleeding": bleeding_scene, "objects": object_scenes}.get(settings.protocol)
    if scenes is not None:
        return [
            scenes(picture.mask, settings.cell, (settings.seed, place))
            for picture, place in zip(chosen.pictures, chosen.places, strict=True)
        ]
    drawn = draw_hints(
        settings.protocol,
        chosen.total,
        settings.size,
        settings.counts,
        settings.cell,
        settings.seed,
    )
    return [drawn[place] for place in chosen.places]
