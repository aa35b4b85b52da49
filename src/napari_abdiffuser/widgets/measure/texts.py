"""What the panel of measurements says."""

from __future__ import annotations

TITLE = "Measure"
MAP = "Class map"
MAP_AGAIN = "Class map again"
MAP_TIP = (
    "Find out which pixel belongs to which class, as a Labels layer, and how much of the picture "
    "each class covers. The instrument's data bar does not count."
)
LEAST = "Smallest object"
LEAST_TIP = "Smaller spots are not counted as objects; their area does count"
RUNNING = "Measuring …"
DONE = "Measured {classes}: see the table and the layer '{layer}'."
STALE = "The hints have changed since: press '{button}'."
NO_SCALE = "Without a pixel size, set at the top, there are no areas, only fractions."
COUNTED = "{pixels} pixels counted."
LEFT_OUT = "{pixels} pixels counted, without the data bar."
COPY = "Copy table"
COPY_TIP = "Copy the table, to be pasted into a spreadsheet (Ctrl+C in the table)"
COPIED = "The table is in the clipboard: paste it into a spreadsheet."
SAVE = "Save CSV…"
SAVE_TIP = "Write the table into a file that spreadsheets and programs read"
SAVE_CAPTION = "Save the table"
SAVE_FILTER = "Tables (*.csv)"
SAVED = "Saved the table as {path}."
WHY_NO_TABLE = "Press 'Class map' first"
WHY_NO_IMAGE = "Open an image first"
WHY_NOT_OPEN = "The picture is being read: a moment"
WHY_NO_HINTS = "Place a coloured hint first: classes are what hints mark"
TABLE_TIP = "Select cells and press Ctrl+C to copy rows; the whole table if nothing is selected"
LAYER = "{name} classes"

# Short, because the dock is narrow; the copied table has the long ones.
COLUMNS = ("Class", "%", "Area", "Objects", "L*")
COLUMN_TIPS = (
    "Class of hints",
    "Share of the pixels that count",
    "In the units of the image's layer, squared",
    "Connected sets of pixels, corners connecting too",
    "Mean lightness of the picture there, 0 to 100",
)


def classes(count: int) -> str:
    """Say how many classes."""
    return "1 class" if count == 1 else f"{count} classes"
