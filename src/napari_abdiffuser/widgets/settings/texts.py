"""Texts of the settings, the presets and the hint for first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_abdiffuser.studio.project.recipe import Recipe

# --- the menu --------------------------------------------------------------------------------

MODEL_TIP = (
    "What colours are made with. A model is loaded in the background; until it is there the one "
    "before stays in use."
)
MODEL_FILE = "File…"
MODEL_TITLE = "Open a model"
MODEL_FILTER = "Models (*.safetensors)"
MODEL_LOADING = "Loading the model '{model}'…"
MODEL_USED = "The model '{model}' is in use from now on."
MODEL_STOPPED = "The loading was stopped."
DEVICE_WITH_RUN = "The device is chosen with the next run."
MODEL_REFUSED = "{why} The model '{model}' stays in use."
CACHE = "Models in"
CACHE_TIP = "Folder of downloaded models: {folder}"
CHOOSE_FOLDER = "…"
CHOOSE_FOLDER_TIP = "Choose another folder for downloaded models."
WHY_FOLDER_FIXED = "The variable {variable} sets this folder: change it there."
FOLDER_TITLE = "Folder for downloaded models"

# --- presets -----------------------------------------------------------------------------------

PRESET = "Preset"
PRESET_TIP = (
    "A named set of all these settings. Choose one to use it, or type a new name and press Save."
)
PRESET_HOLDER = "Name to save under"
ORIGINAL = "Original settings"
USE = "Use"
USE_TIP = "Set everything as this preset has it."
SAVE = "Save"
SAVE_TIP = "Save the present settings under this name; one of the same name is replaced."
DELETE = "Delete"
DELETE_TIP = "Forget this preset. The settings stay as they are."
WHY_NO_NAME = "Type a name first."
WHY_NOT_SAVED = "There is no preset of this name yet: press Save to make one."
WHY_ORIGINAL = "The original settings are always there."
SAVED = "Saved the preset “{name}”."
USED = "Using the preset “{name}”."
DELETED = "Deleted the preset “{name}”."

# --- first use ---------------------------------------------------------------------------------

WELCOME = (
    "1. Open a picture, or File ▸ Open Sample ▸ AB-diffuser.",
    "2. Press Click, choose a colour, and click on what should have it: it shows at once.",
    "3. Press Colorize for variations; keep those that you like, and export the figure.",
)
GOT_IT = "Got it"
GOT_IT_TIP = "Hide these lines for ever."
SHOW_WELCOME = "Show the first steps"
SHOW_WELCOME_TIP = "Show the three lines for first use at the top again."
WHY_WELCOME_SHOWN = "They are at the top now."

# --- what a file brings back -----------------------------------------------------------------

MODEL_GONE = (
    "The picture was coloured with the model '{model}', which is not here, so '{used}' stays in "
    "use and colours may differ: choose the model's file in the menu."
)
MODEL_CHANGED = (
    "The picture was coloured with another version of the model '{model}': colours may differ."
)
SEED_TOO_LARGE = "Its seed {seed} is larger than the field in the menu can hold."
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
