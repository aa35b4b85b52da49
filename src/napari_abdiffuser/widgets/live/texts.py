"""What the live preview says."""

from __future__ import annotations

TITLE = "Live preview"
LIVE = "Live"
LIVE_TIP = (
    "Colour the picture anew after every hint, in one preview layer.\n"
    "Switch it off where a picture is so large that this disturbs."
)
OFF = "Off: press Colorize to see what your hints do."
NO_IMAGE = "Open an image first."
OPENING = "Reading the picture …"
WAITING = "Add a hint: its colours appear at once."
NO_LIVE = "This model cannot follow hints live: press Colorize."
UPDATING = "Updating …"
REFINING = "Preview in low resolution; the full one follows …"
SHOWN = "Up to date."
