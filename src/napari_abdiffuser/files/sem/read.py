"""Pixel size, settings and data bar that an instrument wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.files import pictures as picture_files
from napari_abdiffuser.files.sem.info import SemInfo, positive
from napari_abdiffuser.files.sem.ome import from_ome
from napari_abdiffuser.files.sem.resolution import from_resolution
from napari_abdiffuser.files.sem.sidecars import from_sidecar
from napari_abdiffuser.files.sem.tags import from_page
from napari_abdiffuser.files.tiff import open_tiff
from napari_abdiffuser.imaging.data_bar import find_data_bar, is_printed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["described", "sem_info"]


_SLACK = 2  # rows, by which the edge of a bar is seen wrongly


def sem_info(path: Path) -> SemInfo | None:
    """Read what an instrument says of a picture, without reading the picture.

    Returns
    -------
    SemInfo or None
        None for files that are not one picture, or that no known instrument wrote and that do not
        say in OME's words how large a pixel is.
    """
    try:
        if not path.is_file():
            return None
        if path.suffix.lower() in picture_files.TIFF_SUFFIXES:
            return _of_tiff(path)
        from PIL import Image

        with Image.open(path) as picture:
            width, height = picture.size
        return from_sidecar(path, (height, width))
    except Exception:
        # Broad on purpose: the question is whether this is a file of ours, decoders raise
        # whatever they like on others', and those are for another reader to complain about.
        return None


def _of_tiff(path: Path) -> SemInfo | None:

    with open_tiff(path) as file:
        series = picture_files.main_series(file)
        if series is None:
            return None
        axes = "".join(a for n, a in zip(series.shape, series.axes, strict=True) if n > 1)
        if axes not in ("YX", "YXS", "SYX"):
            return None
        page = series.keyframe
        own = from_page(page)
        ome = _ome(file, page)
        if own is not None and own.pixel_size is None and ome is not None:
            own = replace(own, pixel_size=ome.pixel_size)
        beside = from_sidecar(path, (page.imagelength, page.imagewidth))
        info = own or ome or beside or from_resolution(file, page)
        return None if info is None else _turned(info, picture_files.orientation(page))


def _turned(info: SemInfo, turn: int) -> SemInfo:
    """Tell the same of the picture that is turned upright, as TIFF numbers turns."""
    if info.pixel_size is not None and turn in picture_files.SIDEWAYS:
        info = replace(info, pixel_size=info.pixel_size[::-1])
    return info if turn in (1, 2) else replace(info, data_bar=None)  # no more at the foot, or seen


def _ome(file: Any, page: Any) -> SemInfo | None:
    """Return what OME's words say, if they are of this picture."""
    # Of several pictures they are of the first, and which one is meant nobody knows.
    if not file.is_ome or len(file.series) != 1:
        return None
    info = from_ome(file.ome_metadata)
    if info is None:
        return None
    size = tuple(positive(info.raw.get(name)) for name in ("SizeX", "SizeY"))
    return info if size == (page.imagewidth, page.imagelength) else None


def described(path: Path, pixels: NDArray[Any]) -> tuple[SemInfo | None, list[int] | None]:
    """Read what a file says of a picture, as far as its pixels agree, and find its data bar.

    Parameters
    ----------
    path
        The file; what it says of the bar goes before what is seen.
    pixels
        (H, W) or (H, W, C), as they were read.

    Returns
    -------
    SemInfo or None
        As `sem_info`, without a pixel size that is said of a picture of another height of bar.
    [first, end) or None
        Rows of the data bar: none of them where the file says that there is no bar; None where it
        says nothing and none is seen.
    """
    info = sem_info(path)
    seen = _seen(pixels)
    height = int(pixels.shape[0])
    if info is None or info.data_bar is None:
        return info, seen
    rows = info.data_bar
    if rows > 0 and not info.sized:
        # Nothing but the bar can show that the picture was cropped or resized since.
        if not (rows < height and is_printed(pixels, rows)):
            return replace(info, pixel_size=None, data_bar=None), seen
        if seen is not None and abs(height - seen[0] - rows) > _SLACK:
            info = replace(info, pixel_size=None)
    return info, [height - rows, height] if rows < height else seen


def _seen(pixels: NDArray[Any]) -> list[int] | None:
    try:
        rows = find_data_bar(pixels)
    except InvalidImage:  # a picture that can be seen but not colorized
        return None
    return None if rows is None else [rows.start, rows.stop]
