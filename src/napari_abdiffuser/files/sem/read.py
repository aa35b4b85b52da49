"""Pixel size, settings and data bar that an instrument wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.files import pictures as picture_files
from napari_abdiffuser.files.sem.info import SemInfo, positive
from napari_abdiffuser.files.sem.ome import from_ome
from napari_abdiffuser.files.sem.sidecars import from_sidecar
from napari_abdiffuser.files.sem.tags import from_page
from napari_abdiffuser.imaging.data_bar import data_bar_mask, is_printed

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["data_bar_of", "sem_info", "told_rows"]


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
    import tifffile

    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        if "".join(a for n, a in zip(series.shape, series.axes, strict=True) if n > 1) not in (
            "YX",
            "YXS",
        ):
            return None
        page = file.pages.first
        own = from_page(page)
        # Of several pictures OME's words are of the first, and which one is meant nobody knows.
        ome = from_ome(file.ome_metadata) if file.is_ome and len(file.series) == 1 else None
        if ome is not None and not _is_of(ome, page):
            ome = None
        if own is not None and own.pixel_size is None and ome is not None:
            own = replace(own, pixel_size=ome.pixel_size)
        return own or ome or from_sidecar(path, (page.imagelength, page.imagewidth))


def _is_of(ome: SemInfo, page: Any) -> bool:
    """Whether OME's words are of a picture of this size."""
    told = (positive(ome.raw.get("SizeY")), positive(ome.raw.get("SizeX")))
    return told in ((page.imagelength, page.imagewidth), (None, None))


def data_bar_of(path: Path, pixels: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Mark the data bar of a picture that was read from a file: what a colorizer excludes.

    Parameters
    ----------
    path
        The file; what it says goes before what is seen.
    pixels
        (H, W) or (H, W, C), as they were read.

    Returns
    -------
    (H, W) bool, or None where there is no bar.

    Raises
    ------
    InvalidImage
        It is no picture that can be colorized.
    """
    info = sem_info(path)
    told = None if info is None else told_rows(info, pixels)
    if told is None:
        return data_bar_mask(pixels)
    if told[0] == told[1]:
        return None
    mask = np.zeros(pixels.shape[:2], bool)
    mask[slice(*told)] = True
    return mask


def told_rows(info: SemInfo, pixels: NDArray[Any]) -> list[int] | None:
    """Return the rows that the instrument says; None where it says nothing that is true.

    Parameters
    ----------
    info
        What the instrument says.
    pixels
        (H, W) or (H, W, C).

    Raises
    ------
    InvalidImage
        It is no picture that can be colorized.
    """
    height = int(pixels.shape[0])
    if info.data_bar is None or not 0 <= info.data_bar < height:
        return None
    if info.data_bar and not is_printed(pixels, info.data_bar):
        return None  # cut off since
    return [height - info.data_bar, height]
