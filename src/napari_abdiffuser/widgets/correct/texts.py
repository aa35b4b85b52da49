"""What the panel of corrections says."""

from __future__ import annotations

TITLE = "Correct"
FIX = "Fix a region"

# --- undo -----------------------------------------------------------------------------------

UNDO = "Undo"
REDO = "Redo"
UNDO_TIP = "Take back: {what} ({keys}, here and on the hints)"
REDO_TIP = "Do again: {what} ({keys}, here and on the hints)"
WHY_NO_UNDO = "Nothing to take back yet"
WHY_NO_REDO = "Nothing was taken back"

# --- a region -------------------------------------------------------------------------------

REGION = "Region"
NO_REGION = "None drawn yet"
REGION_TIP = (
    "What is to change: the inside of the shapes on a Shapes layer (of the selected ones, if any "
    "are), or what is labelled on a Labels layer"
)
DRAW = "Draw region"
DRAW_TIP = (
    "Draw around what is to change, with the mouse button held down. napari's controls above have "
    "polygons, rectangles and ellipses too. A region drawn here before goes."
)
ONLY_LABEL = "Only label {label}, the one selected on the layer"
ONLY_LABEL_TIP = "Take one object of a segmentation: pick it with the Labels layer's picker"
HOW_MANY = "Variations"
HOW_MANY_TIP = "How many different colourings of the region to make beside the most probable one"
RECOLOR = "Recolour inside region"
RECOLOR_TIP = (
    "Colour the region anew, by the hints inside it. Everything outside stays to the byte, and so "
    "do locked classes."
)
RECOLOR_RUNNING = "Recolouring the region …"
RECOLOR_DONE = "Recoloured inside the region: see the gallery. Undo brings back what was."
STOP = "Stop"
STOP_TIP = "Stop: nothing is added"
STOPPED = "Stopped. Nothing was added."
WHY_BUSY = "A correction is being made: wait for it, or stop it"
ERASE = "Erase to gray"
ERASE_TIP = "Make the region gray. Everything outside stays to the byte, and so do locked classes."
ERASE_RUNNING = "Erasing …"
ERASE_DONE = "The region is gray. Undo brings its colours back."
WHY_NO_REGION = "Press 'Draw region' first, or choose a Shapes or Labels layer"
WHY_NOT_OPEN = "The picture is being read: a moment"
WHY_NO_IMAGE = "Open an image first"

UNFIX = "Remove region fixes"
UNFIX_TIP = (
    "Region fixes ({n} in this picture) stay through previews and later runs: remove them, and "
    "colours are as they come"
)
WHY_NO_FIXES = "No region of this picture was erased or recoloured"
UNFIXED = "The region fixes are removed. Undo brings them back."
HINT_IN_FIX = (
    "This hint lies in a region that was erased or recoloured, which stays as it is: press "
    "'Remove region fixes' to see the hint's colours there."
)

# --- colours --------------------------------------------------------------------------------

SATURATION = "Saturation"
SATURATION_TIP = (
    "Strengthen or soften all colours of the colouring shown; lightness and hue stay. 100 % is as "
    "it was made."
)
CLASS_TIP = "The class that the slider below is for; it becomes the class of the next hint"
CLASS_SATURATION_TIP = "Strengthen or soften the colours of this class alone"
NO_CLASS = "No coloured class yet"
WHY_NO_CLASS = "Place a coloured hint first: its class can be chosen here"
WHY_LOCKED = "This class is locked: unlock it in the legend"
RESET = "Reset"
RESET_TIP = "All saturations back to 100 %"
WHY_NO_RESET = "All saturations are at 100 %"

# --- where a hint would help ----------------------------------------------------------------

HELP = "Where would a hint help most?"
HELP_TIP = (
    "Lay over the picture how much variations differ from each other, bright where the model is "
    "unsure, and go to the place where a hint would settle most"
)
HELP_AGAIN = "Where would the next hint help?"
HELP_HIDE = "Hide what is laid over"
HELP_HIDE_TIP = "Take the overlay and the marker away"
HELP_RUNNING = "Comparing variations …"
HELP_DONE = "A hint at row {row}, column {column} would settle most."
UNCERTAINTY = "{name} uncertainty"
PLACE = "{name} next hint"
