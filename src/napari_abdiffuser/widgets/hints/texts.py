"""What is said about regions: 'colour by labels', hard edges, segmentations chosen for hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REGIONS = "Colour by labels…"
REGIONS_TIP = "Make hints of the regions of a Labels layer, such as a segmentation"
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
        f"and use '{REGIONS.rstrip('…')}'."
    )


def shared(name: str, count: int, names: Sequence[str]) -> str:
    """Say that labels share classes."""
    return (
        f"'{name}' has {count} labels: they share {len(names)} colours of the palette, as classes "
        f"'{names[0]}' to '{names[-1]}'; labels that touch differ where possible."
    )
