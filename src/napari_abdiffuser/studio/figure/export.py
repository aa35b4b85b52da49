"""Figures as PNG and TIFF files, with provenance and the size of a pixel."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_abdiffuser.errors import InvalidFile, InvalidRequest
from napari_abdiffuser.files.atomic import write_bytes
from napari_abdiffuser.files.provenance import KEY
from napari_abdiffuser.studio.figure.options import Figure
from napari_abdiffuser.studio.figure.units import in_metres, symbol

__all__ = ["SUFFIXES", "export"]

SUFFIXES = (".png", ".tif", ".tiff")
_TIFFS = SUFFIXES[1:]
# Units that ImageJ and Fiji know by an ASCII word, and metres of each.
_IMAGEJ = {"pm": "pm", "nm": "nm", "µm": "micron", "mm": "mm", "cm": "cm", "m": "m", "in": "inch"}


def export(
    path: str | os.PathLike[str],
    figure: Figure,
    provenance: Mapping[str, Any],
    pixel_size: float | tuple[float, float] | None = None,
    unit: str = "",
) -> Path:
    """Write a figure: completely, or not at all.

    Parameters
    ----------
    path
        Ends in .png, .tif or .tiff.
    figure
        See `compose.compose`.
    provenance
        JSON-serializable; see `provenance.figure_provenance`. In a PNG it is the text
        ``abdiffuser``, in a TIFF under that key in the description.
    pixel_size : float or (height, width), optional
        Of a pixel in `unit`. Without dots per inch in the figure's options a TIFF has ImageJ's
        calibration, which Fiji reads; a TIFF has room for one of the two.
    unit : str
        Of length.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    InvalidRequest
        The name ends otherwise, or the provenance is no JSON.
    InvalidFile
        It cannot be written.
    """
    target = Path(path).expanduser()
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidRequest(f"{target.name} cannot be written: let its name end in .png or .tif.")
    note = _note(provenance)
    buffer = io.BytesIO()
    try:
        if suffix in _TIFFS:
            _tiff(buffer, figure, note, pixel_size, unit)
        else:
            _png(buffer, figure, note)
    except ValueError as error:  # too large for the format
        raise InvalidFile(f"{target} cannot be written ({error}): use the other format.") from error
    write_bytes(target, buffer.getvalue(), "figure")
    return target


def _note(provenance: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(dict(provenance))
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"The provenance is no JSON ({error}): leave that out.") from error
    # '=' would end the key where ImageJ's "key=value" lines are read.
    return text.replace("=", "\\u003d")


def _png(buffer: io.BytesIO, figure: Figure, note: str) -> None:
    from PIL import Image, PngImagePlugin

    text = PngImagePlugin.PngInfo()
    text.add_itxt("Software", "napari-abdiffuser")
    # Not compressed: readers refuse large compressed texts.
    text.add_itxt(KEY, note)
    dpi = figure.options.dpi
    Image.fromarray(figure.pixels).save(
        buffer,
        format="PNG",
        pnginfo=text,
        compress_level=4,
        **({"dpi": (dpi, dpi)} if dpi else {}),
    )


def _tiff(
    buffer: io.BytesIO,
    figure: Figure,
    note: str,
    pixel_size: float | tuple[float, float] | None,
    unit: str,
) -> None:
    import tifffile

    dpi = figure.options.dpi
    known = None if dpi else _calibration(pixel_size, unit)
    if known is None:
        tifffile.imwrite(
            buffer,
            figure.pixels,
            photometric="rgb",
            resolution=(dpi, dpi) if dpi else None,
            resolutionunit="INCH" if dpi else None,
            software="napari-abdiffuser",
            metadata={KEY: json.loads(note)},
        )
        return
    (height, width), word = known
    tifffile.imwrite(
        buffer,
        figure.pixels,
        imagej=True,
        photometric="rgb",
        resolution=(1.0 / width, 1.0 / height),
        metadata={"axes": "YXS", "unit": word, KEY: note},
    )


def _calibration(
    pixel_size: float | tuple[float, float] | None, unit: str
) -> tuple[tuple[float, float], str] | None:
    """Return height and width of a pixel in a unit that ImageJ knows, and its word for it."""
    metres, name = in_metres(unit), symbol(unit)
    if pixel_size is None or metres is None or name is None:
        return None
    sizes = pixel_size if isinstance(pixel_size, tuple) else (pixel_size, pixel_size)
    if not all(0.0 < size < float("inf") for size in sizes):
        return None
    if name not in _IMAGEJ:
        name, factor = ("nm", metres / 1e-9) if metres < 1e-6 else ("m", metres)
        sizes = (sizes[0] * factor, sizes[1] * factor)
    return (float(sizes[0]), float(sizes[1])), _IMAGEJ[name]
