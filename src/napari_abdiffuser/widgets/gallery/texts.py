"""What the gallery says."""

from __future__ import annotations

TITLE = "Gallery"
EMPTY = "Colourings appear here: press Colorize."
LIST_TIP = (
    "The colourings of this picture. Click one to see it; arrow keys walk through them, "
    "Space stars, Delete discards. Ctrl+click a second one to compare the two."
)
PREVIEW = "preview"
PREVIEW_TIP = "The live preview, which follows the hints: click to see it"
STAR = "★ Keep"
STAR_TIP = "Keep the chosen colouring: its layer stays when others come, and it cannot be discarded"
UNSTAR = "☆ Unkeep"
DISCARD = "Discard"
DISCARD_TIP = (
    "Take the chosen colourings out of the gallery and of the layer list; undo brings them back"
)
DISCARD_REST = "Discard rest"
DISCARD_REST_TIP = "Discard everything that has no star; undo brings it back"
LIKE = "More like this"
LIKE_TIP = "Make four colourings that are near the chosen one and still differ"
LIKE_RUNNING = "Making colourings like this one …"
LIKE_DONE = "Added four colourings like {label}."
COMPARE = "Compare"
COMPARE_TIP = (
    "Look at two colourings as one picture: Ctrl+click a second one first, or compare with gray"
)
COMPARE_END = "End comparison"
SWIPE = "Swipe"
SIDE_BY_SIDE = "Side by side"
MODE_TIP = "Swipe: one picture left of a border that you move; side by side: both, whole"
SWIPE_TIP = "Where the border is"
WHY_NONE = "Choose a colouring in the gallery first"
WHY_STARRED = "It is kept: take its star away first"
WHY_NOT_OPEN = "The picture is being read: a moment"
ITEM_TIP = "{label}, seed {seed}"
ITEM_LIKE_TIP = "{label}, seed {seed}, made of {parent}"
COMPARISON = "{name} comparison"


def elsewhere(count: int) -> str:
    """Say that other slices have colourings, too."""
    many = "1 colouring" if count == 1 else f"{count} colourings"
    return f"{many} of other slices: move the slider there to see more."
