"""Layers of pictures and stacks from electron microscopes, in their true size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.files import pictures as picture_files
from napari_abdiffuser.files.sem.info import DATA_BAR_KEY, SEM_KEY, SemInfo, natural_unit
from napari_abdiffuser.files.sem.ome import seconds, spacing
from napari_abdiffuser.files.sem.read import sem_info, told_rows
from napari_abdiffuser.files.sem.stacks import described_stack, is_stack
from napari_abdiffuser.imaging.data_bar import find_data_bar

if TYPE_CHECKING:
    from napari.types import LayerDataTuple
    from numpy.typing import NDArray

__all__ = ["get_reader", "layer_data", "stack_data"]


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


def _bar(info: SemInfo, pixels: NDArray[Any]) -> list[int] | None:
    """Return the rows that the instrument says, else those that are seen."""
    try:
        told = told_rows(info, pixels)
        if told is not None:
            return told
        rows = find_data_bar(pixels)
    except InvalidImage:  # a picture that can be seen but not colorized
        return None
    return None if rows is None else [rows.start, rows.stop]


def stack_data(path: str | Path | Sequence[str]) -> list[LayerDataTuple]:
    """Read an OME-TIFF stack as napari's layer data.

    Parameters
    ----------
    path
        Of a file that `is_stack` accepts.

    Returns
    -------
    [(data, metadata, ``'image'``)] with the axes in the file's order. Slices whose distance the
    file does not say, and frames, are one pixel apart.

    Raises
    ------
    InvalidImage
        It is no such stack, or cannot be read.
    """
    import tifffile

    file = Path(path if isinstance(path, str | Path) else path[0])
    try:
        with tifffile.TiffFile(file) as tiff:
            told = described_stack(tiff)
            if told is None:
                raise InvalidImage(
                    f"{file} is no OME-TIFF stack of gray pictures: open it with napari's reader."
                )
            info, axes = told
            pixels = tiff.series[0].asarray()
    except InvalidImage:
        raise
    except Exception as error:  # decoders raise whatever they like on damaged files
        raise InvalidImage(
            f"{file} cannot be read as a stack ({error}): save it again as OME-TIFF."
        ) from error
    scale, units = _placed(info, axes)
    options: dict[str, Any] = {
        "name": file.stem,
        "rgb": False,
        "axis_labels": tuple(axes.lower()),
        "scale": scale,
        "units": units,
        "metadata": {SEM_KEY: {**info.to_dict(), DATA_BAR_KEY: None}},
    }
    layer: LayerDataTuple = (pixels.reshape([n for n in pixels.shape if n > 1]), options, "image")
    return [layer]


def _placed(info: SemInfo, axes: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return the step along each axis and its unit."""
    assert info.pixel_size is not None  # else `from_ome` had found nothing
    factor, unit = natural_unit(info.pixel_size)
    height, width = info.pixel_size
    between, step = spacing(info.raw), seconds(info.raw)
    known: dict[str, tuple[float, str]] = {
        "Y": (height * factor, unit),
        "X": (width * factor, unit),
        "Z": (1.0, "pixel") if between is None else (between * factor, unit),
        "T": (1.0, "pixel") if step is None else (step, "s"),
    }
    return tuple(known[a][0] for a in axes), tuple(known[a][1] for a in axes)
