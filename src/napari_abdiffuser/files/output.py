"""Picture files of the command line: written whole or not at all, with where they come from."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.errors import InvalidFile, InvalidRequest
from napari_abdiffuser.files.pictures import TIFF_SUFFIXES, Picture
from napari_abdiffuser.files.provenance import read_raw
from napari_abdiffuser.whole_files import write_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "PROVENANCE_KEY",
    "check_folder",
    "check_outputs",
    "output_path",
    "user_path",
    "variation_path",
    "write",
]

PROVENANCE_KEY = "abdiffuser"
_NO_UNIT = 1  # TIFF 6.0, ResolutionUnit
_PILLOW_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP", ".webp": "WEBP"}


def output_path(image: Path, out: str | None) -> Path:
    """Return where the result goes: `out`, or beside the image under a name that says so.

    Raises
    ------
    InvalidRequest
        The ending of `out` is not one that can be written.
    """
    writable = (*TIFF_SUFFIXES, *_PILLOW_FORMATS)
    if out is None:
        suffix = image.suffix if image.suffix.lower() in writable else ".png"
        return image.with_name(f"{image.stem}-colorized{suffix}")
    path = user_path(out)
    if path.suffix.lower() not in writable:
        raise InvalidRequest(
            f"{out} cannot be written: use a name that ends in one of {', '.join(writable)}."
        )
    if _same_file(path, image):
        raise _input_lost(path, image)
    return path


def user_path(text: str) -> Path:
    """Return the path that a user wrote, ``~`` expanded.

    Raises
    ------
    InvalidRequest
        It names no file, or the home folder of nobody.
    """
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise InvalidRequest(f"{text} names the home of an unknown user: write it out.") from error
    if not path.name or "\0" in text:
        raise InvalidRequest(f"{text!r} names no file: give the path of one.")
    return path


def variation_path(out: Path, number: int) -> Path:
    """Return where a variation goes: beside `out`, with its number, from 1, before the ending."""
    return out.with_name(f"{out.stem}-{number}{out.suffix}")


def check_outputs(
    named: Iterable[Path], derived: Iterable[Path], inputs: Iterable[Path], *, overwrite: bool
) -> None:
    """Find out before the work begins that nothing is lost to what will be written.

    Parameters
    ----------
    named
        Paths that the user gave: a file there may be replaced.
    derived
        Paths that were made of another name: nobody may have thought of the file there, so that it
        is replaced only if it is a colouring that was written before.
    inputs
        Files that are read: never replaced.
    overwrite
        Whether any other file may be replaced.

    Raises
    ------
    InvalidRequest
        A file would be lost, or a path cannot be written to.
    """
    chosen, made, read = list(named), list(derived), list(inputs)
    for path in (*chosen, *made):
        for source in read:
            if _same_file(path, source):
                raise _input_lost(path, source)
        check_folder(path)
    if overwrite:
        return
    for path in made:
        if os.path.lexists(path) and not _is_coloring(path):
            raise InvalidRequest(
                f"{path} would be replaced, and is no earlier colouring: give another name with "
                "--out, move it away, or add --overwrite."
            )


def _same_file(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file: by links, or by letters that the disk holds equal."""
    try:
        return path.samefile(other)
    except (OSError, RuntimeError):  # one of them is not there
        return os.path.realpath(path) == os.path.realpath(other)


def _input_lost(path: Path, source: Path) -> InvalidRequest:
    itself = "itself" if path == source else f"itself, {source}"
    what = "the file of hints" if source.suffix.lower() == ".json" else "the picture"
    return InvalidRequest(
        f"{path} is {what} {itself}: give another name with --out, it would be lost."
    )


def _is_coloring(path: Path) -> bool:
    """Whether a file says that it is a colouring; formats without room for that never do."""
    if path.suffix.lower() not in (*TIFF_SUFFIXES, ".png"):
        return False
    try:
        found = read_raw(path)
    except InvalidFile:  # damaged, or no picture at all: not for us to judge
        return False
    # A figure tells how it was made, too, but its layout is work of the user's.
    return found is not None and "figure" not in found


def check_folder(path: Path) -> None:
    """Find out before the work begins whether a file can be written at `path`.

    Raises
    ------
    InvalidRequest
        Its folder does not exist or cannot be written to, or the path is a folder.
    """
    try:
        path.stat()
    except FileNotFoundError:
        pass
    except OSError as error:  # too long a name, links that lead nowhere
        raise _unwritable(path, error.strerror) from error
    if path.is_dir():
        raise InvalidRequest(f"{path} is a folder: give the name of a file.")
    if not path.parent.is_dir():
        raise InvalidRequest(f"The folder {path.parent} does not exist: make it first.")
    if not os.access(path.parent, os.W_OK):
        raise _unwritable(path, "no permission")


def _unwritable(path: Path, reason: object) -> InvalidRequest:
    return InvalidRequest(
        f"{path} cannot be written ({reason}): choose another place with --out, or free it."
    )


def write(
    path: Path,
    rgb: NDArray[np.uint8],
    source: Picture | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write an RGB picture: to a temporary name in the same folder, then moved.

    Parameters
    ----------
    path
        TIFF or what Pillow writes, by its ending.
    rgb
        (H, W, 3) uint8.
    source
        Where the calibration of a TIFF comes from.
    provenance
        Goes into a TIFF's description (as JSON, under the key ``abdiffuser``; in an OME-TIFF as
        the picture's description) or into the PNG text of that name. Other formats have no place.

    Raises
    ------
    InvalidRequest
        The file cannot be written.
    """
    try:
        # Whole in memory first, so that the temporary file lives for moments only.
        write_whole(path, _encode(path.suffix.lower(), rgb, source, provenance or {}))
    except (OSError, ValueError) as error:  # ValueError: too large for the format
        raise _unwritable(path, getattr(error, "strerror", None) or error) from error


def _encode(
    suffix: str, rgb: NDArray[np.uint8], source: Picture | None, provenance: Mapping[str, Any]
) -> bytes:
    buffer = io.BytesIO()
    if suffix in TIFF_SUFFIXES:
        _encode_tiff(buffer, rgb, source or Picture(rgb), provenance)
        return buffer.getvalue()
    from PIL import Image, PngImagePlugin

    options: dict[str, Any] = {}
    if suffix == ".png" and provenance:
        options["pnginfo"] = text = PngImagePlugin.PngInfo()
        text.add_itxt(PROVENANCE_KEY, json.dumps(provenance))
    elif suffix in (".jpg", ".jpeg"):
        options = {"quality": 95, "subsampling": 0}  # half-size chroma would smear the colours
    Image.fromarray(rgb).save(buffer, format=_PILLOW_FORMATS[suffix], **options)
    return buffer.getvalue()


def _encode_tiff(
    buffer: io.BytesIO, rgb: NDArray[np.uint8], source: Picture, provenance: Mapping[str, Any]
) -> None:
    import tifffile

    options: dict[str, Any] = {"photometric": "rgb"}
    if source.resolution is not None:
        options |= {"resolution": source.resolution, "resolutionunit": source.resolution_unit}
    ome = any(k.startswith("PhysicalSize") for k in source.calibration)
    note = json.dumps(provenance)
    if source.pixel_size is None:
        # A length that was not believed is not handed on; dots per inch are for printers.
        metadata: dict[str, Any] = {PROVENANCE_KEY: provenance}
        tifffile.imwrite(buffer, rgb, metadata=metadata, **options)
        return
    height, width = (1e9 * side for side in source.pixel_size)
    if ome:
        metadata = {
            "axes": "YXS",
            "Description": json.dumps({PROVENANCE_KEY: provenance}),
            "PhysicalSizeX": width,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": height,
            "PhysicalSizeYUnit": "nm",
        }
        tifffile.imwrite(buffer, rgb, ome=True, metadata=metadata, **options)
    else:  # what Fiji reads
        note = note.replace("=", "\\u003d")  # would end the key of ImageJ's "key=value" lines
        metadata = {"axes": "YXS", PROVENANCE_KEY: note, "unit": "nm"}
        options |= {"resolution": (1.0 / width, 1.0 / height), "resolutionunit": _NO_UNIT}
        tifffile.imwrite(buffer, rgb, imagej=True, metadata=metadata, **options)
