"""Texts of the pixel size."""

from __future__ import annotations

PIXEL = "Pixel"
UNKNOWN = "size unknown"
TIP = (
    "Width of a pixel, such as 5 nm. It is set for the image, its hints and its results together; "
    "the scale bar and areas need it."
)
WHY_NO_IMAGE = "Open an image first."
MEASURE = "Measure from bar…"
MEASURE_TIP = (
    "Draw a line over the scale bar in the picture, from end to end, and type the length that is "
    "printed beside it"
)
DRAW = "Draw a line over the bar in the picture, from end to end."
LAYER = "{name} bar"
TITLE = "Length of the bar"
ASK = "The line is {pixels:.0f} pixels long. What does the bar say, such as 10 µm?"
UNREADABLE = "'{text}' is no length: type a number and a unit, such as 5 nm or 0,05 µm."
TOO_SHORT = "The line has no length: press the button again and draw from end to end."
DONE = "A pixel of '{name}' is {size} wide; hints and results went with the picture."
