"""The JSON in PNG and TIFF files that records how they were made."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.files.tiff import open_tiff

__all__ = ["KEY", "read_raw"]

KEY = "abdiffuser"
"""Of the text in PNG and TIFF files, and of a layer's metadata."""


def read_raw(path: str | os.PathLike[str]) -> Mapping[str, Any] | None:
    """Read the provenance of a PNG or TIFF file.

    Returns
    -------
    mapping or None
        None if the file has none: another program made it.

    Raises
    ------
    InvalidFile
        The file cannot be read, or its provenance is damaged.
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
    return raw


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

    with open_tiff(file) as tiff:
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
