"""Texts about what a file of the plugin brings back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_abdiffuser.studio.project.recipe import Recipe

MODEL_GONE = (
    "The picture was coloured with the model '{model}', which is not here, so '{used}' stays in "
    "use and colours may differ: choose the model's file under Advanced."
)
MODEL_CHANGED = (
    "The picture was coloured with another version of the model '{model}': colours may differ."
)
SEED_TOO_LARGE = "Its seed {seed} is larger than the field under Advanced can hold."
_BACKGROUNDS = {"auto": "coloured background", "gray": "gray unless hinted"}


def taken(recipe: Recipe, *, seed: bool, model: bool) -> str:
    """Say what the controls show from now on; '' if the file says nothing of them."""
    parts = [
        f"seed {recipe.seed}" if seed and recipe.seed is not None else "",
        f"{recipe.steps} steps" if recipe.steps else "",
        _BACKGROUNDS[recipe.background] if recipe.background else "",
        f"model '{recipe.model}'" if model else "",
    ]
    named = ", ".join(part for part in parts if part)
    return f"As in the file: {named}." if named else ""
