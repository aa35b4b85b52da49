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
from napari_abdiffuser.files.sem.read import described, sem_info
from napari_abdiffuser.files.sem.stacks import described_stack, is_stack
from napari_abdiffuser.files.tiff import open_tiff
from napari_abdiffuser.imaging.lightness import display_range

if TYPE_CHECKING:
    from napari.types import LayerDataTuple
    from numpy.typing import NDArray

__all__ = ["files_as_stack", "get_reader", "layer_data", "scale_options", "stack_data"]


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[LayerDataTuple]] | None:
    """Return a reader for what says how large its pixels are, None for every other file.

    Parameters
    ----------
    path
        One path, or a list of those to stack.
    """
    paths = [path] if isinstance(path, str | Path) else list(path)
    if len(paths) != 1:
        files = [Path(each) for each in paths]
        return files_as_stack if files and all(sem_info(each) for each in files) else None
    file = Path(paths[0])
    if sem_info(file) is not None or picture_files.is_turned_or_encoded(file):
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
    info, bar = described(file, pixels)
    limits = None if rgb else display_range(pixels, None if bar is None else bar[0])
    if limits is not None:
        options["contrast_limits"] = limits
    if info is not None:
        options["metadata"] = {SEM_KEY: {**info.to_dict(), DATA_BAR_KEY: bar}}
        options |= scale_options(info)
    layer: LayerDataTuple = (pixels, options, "image")
    return [layer]


def scale_options(info: SemInfo | None) -> dict[str, Any]:
    """Return ``scale`` and ``units`` of a layer, empty where nothing is known."""
    if info is None or info.pixel_size is None:
        return {}
    factor, unit = natural_unit(info.pixel_size)
    return {"scale": tuple(side * factor for side in info.pixel_size), "units": (unit, unit)}


def _grays_as_gray(pixels: NDArray[Any]) -> NDArray[Any]:
    """Turn a colour picture without a colour, as palettes and some instruments give, to grays."""
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    first = pixels[..., 0]
    plain = all(np.array_equal(first, pixels[..., channel]) for channel in (1, 2))
    return np.ascontiguousarray(first) if plain else pixels


def files_as_stack(path: str | Path | Sequence[str]) -> list[LayerDataTuple]:
    """Read pictures of one size as slices of a stack, one after the other.

    Parameters
    ----------
    path
        Of pictures, in the order of the slices.

    Returns
    -------
    [(data, metadata, ``'image'``)] with a leading axis whose steps are one pixel, as no file says
    how far the slices are apart. There is a scale if all have the same.

    Raises
    ------
    InvalidImage
        One cannot be read, or has another size.
    """
    paths = [path] if isinstance(path, str | Path) else list(path)
    slices = [layer_data(each)[0] for each in paths]
    shapes = {np.shape(data) for data, *_ in slices}
    if len(shapes) > 1:
        raise InvalidImage(
            f"The pictures are of {len(shapes)} sizes and make no stack: open each for itself."
        )
    options = dict(slices[0][1])
    scales = {(each["scale"], each["units"]) if "scale" in each else None for _, each, _ in slices}
    first = scales.pop()
    options |= {"name": Path(paths[0]).stem, "axis_labels": ("z", "y", "x")}
    for name in ("scale", "units"):
        options.pop(name, None)
    if first is not None and not scales:
        options |= {"scale": (1.0, *first[0]), "units": ("pixel", *first[1])}
    about = options["metadata"][SEM_KEY]
    bars = [each["metadata"][SEM_KEY][DATA_BAR_KEY] for _, each, _ in slices]
    said = about["pixel_size_m"] if "scale" in options else None
    same = bars[0] if all(bar == bars[0] for bar in bars) else None
    options["metadata"] = {SEM_KEY: {**about, DATA_BAR_KEY: same, "pixel_size_m": said}}
    layer: LayerDataTuple = (np.stack([data for data, *_ in slices]), options, "image")
    return [layer]


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
    file = Path(path if isinstance(path, str | Path) else path[0])
    try:
        with open_tiff(file) as tiff:
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
    if info.pixel_size is None:  # not believed
        return (1.0,) * len(axes), ("pixel",) * len(axes)
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
