"""Where a picture comes from, in its file and out of it."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdiffuser.errors import ABDiffuserError, InvalidFile
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.figure.options import Figure
from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["KEY", "FileProvenance", "figure_provenance", "read_provenance"]

KEY = "abdiffuser"
"""Of the text in PNG and TIFF files, and of a layer's metadata."""


@dataclass(frozen=True)
class FileProvenance:
    """How a picture was made, as its file says.

    Attributes
    ----------
    hints : Hints
        Empty where there were none, or they cannot be read.
    seed : int or None
    model, model_sha256 : str or None
        Registry name and hash.
    legend : Legend
        Classes with their colours.
    caption : str
        That was offered with the figure.
    coloured : (int, int, int, int) or None
        Top, left, height and width of the coloured picture in a figure.
    raw : mapping
        All that the file says.
    """

    hints: Hints
    seed: int | None
    model: str | None
    model_sha256: str | None
    legend: Legend
    caption: str
    coloured: tuple[int, int, int, int] | None
    raw: Mapping[str, Any]


def figure_provenance(
    provenance: Mapping[str, Any],
    figure: Figure,
    legend: Legend,
    caption: str = "",
    source: str = "",
) -> dict[str, Any]:
    """Put together what goes into a figure's file.

    Parameters
    ----------
    provenance
        The result's: model, seed, hints, versions.
    figure
        The figure.
    legend
        The classes.
    caption
        The sentence that declares the colouring.
    source
        Name of the picture that was colorized.
    """
    about: dict[str, Any] = {
        "options": figure.options.to_dict(),
        "coloured": list(figure.coloured),
        "original": None if figure.original is None else list(figure.original),
        "scale_bar": None if figure.bar is None else figure.bar.text,
        "caption": caption,
    }
    named = {"picture": source} if source else {}
    return {**provenance, **named, "classes": legend.to_list(), "figure": about}


def read_provenance(path: str | os.PathLike[str]) -> FileProvenance | None:
    """Read how a PNG or TIFF file was made.

    Returns
    -------
    FileProvenance or None
        None if the file says nothing about it: another program made it.

    Raises
    ------
    InvalidFile
        It cannot be read, or what it says is damaged.
    """
    file = Path(path)
    try:
        text = _tiff_text(file) if file.suffix.lower() in (".tif", ".tiff") else _png_text(file)
    except Exception as error:  # decoders raise whatever they like on damaged files
        reason = getattr(error, "strerror", None) or error
        raise InvalidFile(f"{file} cannot be read ({reason}): check the path.") from error
    if text is None:
        return None
    try:
        raw = json.loads(text) if isinstance(text, str) else text
        if not isinstance(raw, Mapping):
            raise ValueError("it is no JSON object")
    except ValueError as error:
        raise InvalidFile(
            f"What {file} says about its colours is damaged ({error}): export it again."
        ) from error
    return _decoded(raw)


def _decoded(raw: Mapping[str, Any]) -> FileProvenance:
    model = raw.get("model")
    named = model if isinstance(model, Mapping) else {}
    seed = raw.get("seed")
    figure = raw.get("figure")
    about = figure if isinstance(figure, Mapping) else {}
    box = about.get("coloured")
    whole = isinstance(box, list) and len(box) == 4 and all(type(n) is int for n in box)
    return FileProvenance(
        _hints(raw.get("hints")),
        seed if type(seed) is int else None,
        _text(named.get("name")),
        _text(named.get("sha256")),
        _legend(raw.get("classes")),
        _text(about.get("caption")) or "",
        (box[0], box[1], box[2], box[3]) if whole and box else None,
        raw,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _hints(data: Any) -> Hints:
    try:
        return Hints.from_dict(data) if data else Hints()
    except ABDiffuserError:
        return Hints()  # of a newer version, say: seed and model are good all the same


def _legend(items: Any) -> Legend:
    try:
        return Legend.from_list(items) if items else Legend()
    except ABDiffuserError:
        return Legend()


def _png_text(file: Path) -> str | None:
    from PIL import Image

    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None  # a limit for strangers' files; micrographs may be huge
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(file) as image:
            # The header's; `text` would decode all pixels.
            value = image.info.get(KEY)
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    return None if value is None else str(value)


def _tiff_text(file: Path) -> Any:
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        if tiff.imagej_metadata and KEY in tiff.imagej_metadata:
            return tiff.imagej_metadata[KEY]
        for shaped in tiff.shaped_metadata or ():
            if KEY in shaped:
                return shaped[KEY]
        return _ome_text(tiff.ome_metadata)


def _ome_text(text: str | None) -> Any:
    """Return what an OME-TIFF's first description holds under the key."""
    if not text:
        return None
    from xml.etree import ElementTree

    for element in ElementTree.fromstring(text).iter():
        if element.tag.rpartition("}")[2] != "Description" or not element.text:
            continue
        try:
            found = json.loads(element.text)
        except ValueError:
            continue
        if isinstance(found, Mapping) and KEY in found:
            return found[KEY]
    return None
