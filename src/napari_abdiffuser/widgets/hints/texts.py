"""Texts of hint layers, tools and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REMOVED = "Remove hint"
MOVED = "Move hint"
CHANGED = "Change hint"
HIDDEN = "'{name}' is hidden, so that no hint can be made on it: press a tool to show it again."
MIDDLE_OUTSIDE = "The middle of the view is beside the picture: move the view, then place the hint."
NOTHING_TO_UNDO = "There is nothing to take back."
NOTHING_TO_REDO = "Nothing was taken back that could be done again."
NO_HINT_THERE = "There is no hint under the mouse."
PAINTED = "Paint hint"
LAYERS_CHANGED = "Change hint layers"
CLICK = "Click"
CLICK_TIP = (
    "Place hints by clicking: each one is a small square of the chosen class. Press once more to "
    "put the tool down."
)
BRUSH = "Brush"
BRUSH_TIP = "Paint strokes of the chosen class on the image"
ERASE = "Erase"
ERASE_TIP = (
    "Click on hints to remove them; drags move the picture. Alt+E removes the one under the mouse."
)
LASSO = "Lasso"
LASSO_TIP = "Draw around something: all of it is of the chosen class"
COPIED = (
    "Your own layer '{name}' stays as it is: its hints, with this change, are now in '{copy}'. To "
    "use yours again, choose it for hints."
)
NO_SUCH_SLICE = (
    "The layer '{name}' has no such slice: press Brush for one that has all slices of the stack."
)
UNREADABLE = "The layer '{name}' cannot be read: {error}. Choose another layer for hints."

REGIONS_SHORT = "Labels"
REGIONS_TIP = (
    "Colour by labels: make hints of the regions of a Labels layer, such as a segmentation"
)
REGIONS_ONE = "All of '{name}' as {active}"
REGIONS_EACH = "Every label of '{name}' in a colour of its own"
NO_LABELS = "No Labels layer is open"
REGIONS_LABEL = "Colour by labels"
REGIONS_EMPTY = "'{name}' has no labels on this picture."
REGIONS_GONE = "Another picture was chosen while '{name}' was read: colour by labels again."
HARD_EDGES = "Hard edges"
HARD_EDGES_TIP = (
    "Regions from labels are filled exactly to their edges and colour nothing beyond them; off: "
    "their colours also spread to what looks alike"
)


def crowd(name: str, count: int) -> str:
    """Say that a chosen layer's labels are one class."""
    return (
        f"The {count} labels of '{name}' are one class: for more colours, choose no hints layer "
        f"and use '{REGIONS_SHORT}'."
    )


def shared(name: str, count: int, names: Sequence[str]) -> str:
    """Say that labels share classes."""
    return (
        f"'{name}' has {count} labels: they share {len(names)} colours of the palette, as classes "
        f"'{names[0]}' to '{names[-1]}'; labels that touch differ where possible."
    )
