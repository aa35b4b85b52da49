"""Settings that two windows changed at the same time: what each of them changed is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from napari_abdiffuser.studio.settings.settings import Preferences, Settings

__all__ = ["merge"]

_MISSING = object()


def merge(base: Settings, ours: Settings, theirs: Settings) -> Settings:
    """Return `theirs` with everything that `ours` has changed since `base`.

    Parameters
    ----------
    base : Settings
        What both began with.
    ours : Settings
        Wins where both changed the same.
    theirs : Settings
        What the file holds now.
    """
    if theirs == base:
        return ours
    parts = [(asdict(s.preferences), _by_name(s), s.window) for s in (base, ours, theirs)]
    preferences, presets, window = (
        _merged(before, mine, other) for before, mine, other in zip(*parts, strict=True)
    )
    return replace(
        theirs,
        preferences=Preferences(**preferences),
        presets=tuple(presets.values()),
        window=window,
    )


def _by_name(settings: Settings) -> dict[str, Any]:
    return {preset.name: preset for preset in settings.presets}


def _merged(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any]:
    made = dict(theirs)
    for key in {**base, **ours}:
        mine = ours.get(key, _MISSING)
        if mine is _MISSING:
            made.pop(key, None)
        elif mine != base.get(key, _MISSING):
            made[key] = mine
    return made
