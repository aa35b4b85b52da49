"""Texts of the panel that makes figures."""

from __future__ import annotations

TITLE = "Figure"
LEGEND = "Legend"
LEGENDS = {"right": "Right of the picture", "below": "Below the picture", "none": "None"}
LEGEND_TIP = "Names and colours of the classes that have hints, outside the picture."
SCALE_BAR = "Scale bar"
SCALE_BARS = {"inside": "Inside", "below": "Below the picture", "none": "None"}
SCALE_BAR_TIP = "Of a round length, from the unit and the scale of the image."
WHY_NO_BAR = (
    "The image does not say how large a pixel is. Type it at the top, such as 5 nm, press 'Measure "
    "from bar…' there, or open the file that the microscope wrote."
)
CORNER = "Corner"
CORNERS = {
    "lower right": "Lower right",
    "lower left": "Lower left",
    "upper right": "Upper right",
    "upper left": "Upper left",
}
CORNER_TIP = "Where in the picture the scale bar is. The instrument's data bar is left free."
WHY_NO_CORNER = "Only a scale bar inside the picture is in a corner."
GROUND = "Background"
GROUNDS = {"white": "White", "black": "Black"}
GROUND_TIP = "Around the picture."
ORIGINAL = "Gray original beside"
ORIGINAL_TIP = "The picture before colouring, at the left."
WHY_NO_ORIGINAL = (
    "The picture that was colorized is not open, or its pixels have changed: open it, and give its "
    "layer the name '{name}'."
)
LETTERS = "Panel letters"
LETTERS_TIP = "Mark the two pictures a and b."
WHY_NO_LETTERS = "Letters tell two pictures apart: put the gray original beside."
DPI = "Resolution"
DPI_SUFFIX = " dpi"
DPI_FIJI = "Pixel size, for Fiji"
DPI_TIP = (
    "Dots per inch that the file declares, as journals ask for; the pixels stay the picture's own. "
    "0: a TIFF says how large a pixel is instead, so that Fiji measures right."
)
EXPORT = "Export figure…"
EXPORT_TIP = (
    "Write a PNG or TIFF at full resolution. The file says how it was made: dropped into napari, "
    "it brings back picture, hints, seed and model."
)
EXPORT_FILTER = "PNG picture (*.png);;TIFF picture (*.tif *.tiff)"
EXPORTING = "Writing the figure…"
EXPORTED = "Saved {path}. Paste the caption under it: journals ask that colouring is declared."
COPY = "Copy caption"
COPY_TIP = "Copy the sentence that declares the colouring, as journals ask for."
COPIED = "The caption is in the clipboard."
NOTHING = "Nothing is coloured yet: place hints, or press Colorize. The figure shows up here."
WHY_NOTHING = "There is no colouring in sight: place hints, or press Colorize."
BUSY = "The figure is being written."


def look_tip(height: int, width: int, dpi: int) -> str:
    """Say how large a figure will be, in pixels and in print."""
    size = f"The figure of the colouring on screen: {height} × {width} px in the file"
    if not dpi:
        return f"{size}."
    return f"{size}, {height / dpi * 2.54:.1f} × {width / dpi * 2.54:.1f} cm at {dpi} dpi."


def file_name(picture: str) -> str:
    """Return the name that is offered for a figure's file."""
    kept = "".join(c if c.isalnum() or c in " -_.()" else "_" for c in picture).strip(" .")
    return f"{kept or 'figure'} coloured.png"
