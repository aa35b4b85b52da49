"""napari's reader of pictures from scanning electron microscopes: in their true size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.files import pictures as picture_files
from napari_abdiffuser.files.sem.info import DATA_BAR_KEY, SEM_KEY, SemInfo, natural_unit
from napari_abdiffuser.files.sem.ome import from_ome
from napari_abdiffuser.files.sem.sidecars import from_sidecar
from napari_abdiffuser.files.sem.stacks import is_stack, stack_data
from napari_abdiffuser.files.sem.tags import from_page
from napari_abdiffuser.imaging.data_bar import data_bar_mask, find_data_bar

if TYPE_CHECKING:
    from napari.types import LayerDataTuple
    from numpy.typing import NDArray

__all__ = ["data_bar_of", "get_reader", "layer_data", "sem_info"]


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[LayerDataTuple]] | None:
    """Return a reader for what says how large its pixels are, None for every other file.

    Parameters
    ----------
    path
        One path, or a list of one; several are napari's business, which stacks them.
    """
    paths = [path] if isinstance(path, str | Path) else list(path)
    if len(paths) != 1:
        return None
    file = Path(paths[0])
    if sem_info(file) is not None:
        return layer_data
    return stack_data if is_stack(file) else None


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
        if own is not None and own.pixel_size is None and ome is not None:
            own = replace(own, pixel_size=ome.pixel_size)
        return own or ome or from_sidecar(path, (page.imagelength, page.imagewidth))


def layer_data(path: str | Path | Sequence[str]) -> list[LayerDataTuple]:
    """Read one picture as napari's layer data.

    Parameters
    ----------
    path
        Of any picture; one without an instrument's words has no scale.

    Returns
    -------
    [(data, metadata, ``'image'``)]: ``scale`` and ``units`` are the instrument's, and the layer's
    ``metadata['sem']`` holds its settings and ``data_bar_rows``: [first, end), of no row where the
    file says that there is no bar, or None where it says nothing and none is seen.

    Raises
    ------
    InvalidImage
        It cannot be read as one picture.
    """
    file = Path(path if isinstance(path, str | Path) else path[0])
    pixels = _grays_as_gray(picture_files.read(file).pixels)
    rgb = pixels.ndim == 3
    options: dict[str, Any] = {"name": file.stem, "rgb": rgb, "axis_labels": ("y", "x")}
    info = sem_info(file)
    if info is not None:
        options["metadata"] = {
            SEM_KEY: {**info.to_dict(), DATA_BAR_KEY: _bar(info, pixels)},
        }
        if info.pixel_size is not None:
            factor, unit = natural_unit(info.pixel_size)
            options["scale"] = tuple(side * factor for side in info.pixel_size)
            options["units"] = (unit, unit)
    layer: LayerDataTuple = (pixels, options, "image")
    return [layer]


def _grays_as_gray(pixels: NDArray[Any]) -> NDArray[Any]:
    """Turn a colour picture without a colour, as palettes and some instruments give, to grays."""
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    first = pixels[..., 0]
    plain = all(np.array_equal(first, pixels[..., channel]) for channel in (1, 2))
    return np.ascontiguousarray(first) if plain else pixels


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
    info, height = sem_info(path), int(pixels.shape[0])
    told = None if info is None else _told(info, height)
    if told is None:
        return data_bar_mask(pixels)
    if told[0] == told[1]:
        return None
    mask = np.zeros(pixels.shape[:2], bool)
    mask[slice(*told)] = True
    return mask


def _told(info: SemInfo, height: int) -> list[int] | None:
    """Return the rows that the instrument says; None where it says nothing that can be."""
    if info.data_bar is None or not 0 <= info.data_bar < height:
        return None
    return [height - info.data_bar, height]


def _bar(info: SemInfo, pixels: NDArray[Any]) -> list[int] | None:
    """Return the rows that the instrument says, else those that are seen."""
    told = _told(info, int(pixels.shape[0]))
    if told is not None:
        return told
    try:
        rows = find_data_bar(pixels)
    except InvalidImage:  # a picture that can be seen but not colorized
        return None
    return None if rows is None else [rows.start, rows.stop]
