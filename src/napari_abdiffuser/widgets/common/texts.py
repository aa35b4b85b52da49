"""Every text that a user of the dock widget reads."""

from __future__ import annotations

# --- labels --------------------------------------------------------------------------------

IMAGE = "Image"
HINTS = "Hints"
NO_HINTS = "None (automatic)"
NO_IMAGE = "No image open"
NEW_HINTS = "New hints layer"
COLOR = "Colour of the next hint"
OTHER_COLOR = "Other…"
PATCH_SIZE = "Hint size"
STEPS_DEFAULT = "default"
NEW_SEED = "New"
COLORIZE = "Colorize"
COLORIZE_THIS = "Colorize {name}"
COLORIZE_SLICE = "Colorize this slice of {name}"
MENU = "Menu"
COLOUR = "Colour"
RESULTS = "Results"
OUTPUT = "Output"
WHERE_NO_HINT = "Where no hint is"
CANCEL = "Cancel"
PIXELS = " px"

# --- tooltips ------------------------------------------------------------------------------

IMAGE_TIP = "The image to colorize. Of a stack, the slice on screen is taken."
HINTS_TIP = (
    "A Points layer (each point is a patch of its colour) or a Labels layer (each label is a "
    "region of its colour). Without one the colours are chosen automatically."
)
NEW_HINTS_TIP = "Make a Points layer on the image and start placing coloured hints by clicking."
SWATCH_TIP = "{name}: the next hints get this colour"
OTHER_COLOR_TIP = "Choose any colour. Only hue and saturation count: lightness is the image's own."
PATCH_SIZE_TIP = "Side of the square that the next hints paint, in pixels of the image."
STEPS_UNSET = "0: as many as suit the model."
NEW_SEED_TIP = "Take a random seed, for other variations."
COLORIZE_TIP = (
    "Colorize the image; the results arrive as new layers.\nCtrl+Enter does the same while the "
    "keyboard is in this panel."
)
MENU_TIP = (
    "Work saved and loaded, hints of another layer, live preview, presets, model, device and the "
    "first steps; click again to come back"
)
TABS_TIP = "Colour: place hints. Results: choose and correct colourings. Output: figure and areas."
CANCEL_TIP = "Stop this run. Nothing is added. Esc does the same while the keyboard is here."

# --- why something is switched off ------------------------------------------------------------

WHY_NO_IMAGE = (
    "Open an image first: drop a file on the window, or File ▸ Open Sample ▸ AB-diffuser."
)

# --- status --------------------------------------------------------------------------------

READY = "Ready."
READY_NO_HINTS = "Ready: without hints, the colours are chosen automatically."
READY_TO_CLICK = "Choose a colour, then click on the image to place hints."
CANCELLED = "Cancelled. Nothing was added."
DEVICE_UNKNOWN = "Looking for a device…"
RUNS_ON = "Runs on {device}: {reason}"

# --- failures ------------------------------------------------------------------------------


def image_info(shape: tuple[int, int], kind: str, index: tuple[int | None, ...]) -> str:
    """Describe the picture: '1024 × 768 px · uint8 · slice 3'."""
    parts = [f"{shape[1]} × {shape[0]} px", kind]
    at = [str(position) for position in index if position is not None]
    if at:
        parts.append(f"slice {', '.join(at)}")
    return " · ".join(parts)


def hints_info(n_hints: int, n_colors: int) -> str:
    """Describe a hints layer: '12 hints in 3 colours'."""
    hints = "1 hint" if n_hints == 1 else f"{n_hints} hints"
    colors = "1 colour" if n_colors == 1 else f"{n_colors} colours"
    return f"{hints} in {colors}"


def ready_with_hints(n_hints: int, n_colors: int) -> str:
    """Say that a run can start with so many hints."""
    return f"Ready: {hints_info(n_hints, n_colors)}."


def finished(n_variations: int, lead: int, left_out: str, where: str = "") -> str:
    """Say what a run has added, what it left out, and where it is if it is not in sight."""
    added = "Added the most probable colouring"
    if lead:
        added = "Added a variation"
        if n_variations > 1:
            added = f"Added {n_variations} variations; the most typical is shown"
        added += ". The cautious mean of all colourings is hidden below"
    elif n_variations == 1:
        added += " and, hidden below it, 1 variation"
    elif n_variations > 1:
        added += f" and, hidden below it, {n_variations} variations"
    return " ".join(part for part in (f"{added}.", where, left_out) if part)
