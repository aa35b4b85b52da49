"""Colouring settings that a file records, for the controls of the studio."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from napari_abdiffuser.options import Background
from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["RECIPE_KEY", "Recipe", "recipe_metadata", "recipe_of", "with_classes"]

RECIPE_KEY = "abdiffuser_project"
"""In the metadata of layers that were read from a file of the plugin."""


@dataclass(frozen=True)
class Recipe:
    """How a picture was coloured; None where the file does not say it.

    Attributes
    ----------
    key : str
        Tells one opening of a file from another.
    seed, steps : int or None
    background : Background or None
    model, model_sha256 : str or None
        Registry name or path, and hash.
    legend : Legend
        Classes, also those without hints.
    """

    key: str
    seed: int | None = None
    steps: int | None = None
    background: Background | None = None
    model: str | None = None
    model_sha256: str | None = None
    legend: Legend = field(default_factory=Legend)


def recipe_metadata(
    provenance: Mapping[str, Any], legend: Legend, settings: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what goes under `RECIPE_KEY` into a layer's metadata.

    Parameters
    ----------
    provenance
        Of the colouring; its hints are left out, being layers of their own.
    legend
        The file's classes.
    settings
        Of a project.
    """
    return {
        "id": uuid.uuid4().hex,
        "settings": dict(settings or {}),
        "provenance": {k: v for k, v in provenance.items() if k != "hints"},
        "classes": legend.to_list(),
    }


def recipe_of(metadata: Mapping[str, Any]) -> Recipe | None:
    """Read a layer's metadata; None where the layer comes from no file of the plugin."""
    stored = metadata.get(RECIPE_KEY)
    if not isinstance(stored, Mapping):
        return None
    made, settings = _mapping(stored.get("provenance")), _mapping(stored.get("settings"))
    model = _mapping(made.get("model"))
    seed = _whole(settings.get("seed"))
    background = made.get("background")
    if background in tuple(Background):
        background = Background(background)
    elif "corrections" in settings:
        highlight = _mapping(settings["corrections"]).get("highlight")
        background = Background.of(gray=bool(highlight))
    else:
        background = None
    return Recipe(
        str(stored.get("id", "")),
        _whole(made.get("seed")) if seed is None else seed,
        _whole(made.get("steps")),
        background,
        _text(model.get("name")),
        _text(model.get("sha256")),
        Legend.recovered(stored.get("classes")),
    )


def with_classes(state: StudioState, legend: Legend) -> StudioState:
    """Take the classes of a file: their names, colours, keys and locks.

    Classes that hints have are kept. It is a step of undo only where something can be undone:
    in a picture that was just opened, the classes were there all along.
    """
    if len(legend) < 2:  # it names none
        return state
    if state.history.can_undo:
        return state.set_legend(legend, "Take classes of file")
    history = state.history.each(lambda document: document.with_legend(legend))
    present = history.present.legend
    active = state.active if state.active in present else present.gray.name
    return replace(state, history=history, revision=state.revision + 1, active=active)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
