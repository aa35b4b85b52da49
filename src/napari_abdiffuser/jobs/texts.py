"""Texts of worker threads: progress, errors, names of layers and undo steps."""

from __future__ import annotations

PAINTING = "Colorizing…"
ERASED = "{name} erased"
ALL_LOCKED = "Every class in this region is locked: unlock one in the legend, or draw elsewhere."
RECOLORED = "{name} recoloured"
READING = "Reading the picture…"
WAITING = "Waiting for the cancelled run to stop…"
LOADING_MODEL = "Loading the model…"
UNEXPECTED = (
    "Something went wrong that this plugin did not foresee ({error}). Please try again; if it "
    "happens once more, report it with the details from napari's log."
)
OUT_OF_MEMORY = (
    "Not enough memory for this picture. Ask for fewer variations, close other programs, or "
    "choose 'cpu' as the device in the menu."
)
COLORIZE = "Colorize"
NO_CLASS = "no class"
SERIES_LAYER = "{name} colorized"


def painting(done: int, total: int) -> str:
    """Say how far a run has come."""
    return f"Colorizing… step {done} of {total}" if total > 1 else PAINTING
