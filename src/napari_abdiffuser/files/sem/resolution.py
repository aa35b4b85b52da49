"""Pixel sizes that ImageJ and the resolution tags of TIFF files say."""

from __future__ import annotations

from typing import Any

from napari_abdiffuser.files.sem.info import SemInfo, length, positive

__all__ = ["from_resolution"]

# Metres of TIFF's units. Printers' resolutions use the same tags: 1200 dots an inch are 21 µm.
_UNITS = {2: 0.0254, 3: 0.01}
_PRINTED = 2e-6


def from_resolution(file: Any, page: Any) -> SemInfo | None:
    """Read how large a pixel of a picture is.

    Parameters
    ----------
    file : tifffile.TiffFile
    page : tifffile.TiffPage
        The picture's.

    Returns
    -------
    SemInfo or None
        None where the file does not say it: a resolution in dots per inch is meant for printers.
    """
    tags = page.tags
    per_unit = [_per_unit(tags.valueof(name)) for name in ("YResolution", "XResolution")]
    imagej = file.imagej_metadata or {}
    if None in per_unit:
        return None
    if file.is_imagej:
        metres = length("1", str(imagej.get("unit", "")).replace("\\u00B5", "µ"))
        vendor, largest = "ImageJ", 1.0
        # What programs write who know the word for the unit and not the size.
        if all(tags.valueof(name) == (1, 1) for name in ("YResolution", "XResolution")):
            return None
    else:
        metres = _UNITS.get(int(tags.valueof("ResolutionUnit") or 2))
        vendor, largest = "TIFF", _PRINTED
    if metres is None:
        return None
    height, width = (metres / n for n in per_unit if n is not None)
    info = SemInfo(vendor, (height, width))
    return info if info.pixel_size is not None and max(height, width) <= largest else None


def _per_unit(value: Any) -> float | None:
    """Return pixels in a unit."""
    if not (isinstance(value, tuple) and len(value) == 2):
        return None
    numerator, denominator = (positive(n) for n in value)
    return None if numerator is None or denominator is None else numerator / denominator
