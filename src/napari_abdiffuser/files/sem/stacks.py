"""OME-TIFF stacks of gray micrographs: slices and frames in their true distance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.errors import InvalidImage
from napari_abdiffuser.files.sem.info import DATA_BAR_KEY, SEM_KEY, SemInfo, natural_unit
from napari_abdiffuser.files.sem.ome import from_ome, seconds, spacing

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

__all__ = ["is_stack", "stack_data"]


def is_stack(path: Path) -> bool:
    """Whether a file is an OME-TIFF stack of gray pictures that says how large a pixel is."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            return _told(file) is not None
    except Exception:
        # Broad on purpose, as in `read.sem_info`: strangers' files are for other readers.
        return False


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
            told = _told(tiff)
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


def _told(file: Any) -> tuple[SemInfo, str] | None:
    """Return what the file says and the axes of its stack; None where it is no gray stack."""
    from tifffile import PHOTOMETRIC

    if not file.is_ome or len(file.series) != 1:
        return None
    series = file.series[0]
    axes = "".join(a for n, a in zip(series.shape, series.axes, strict=True) if n > 1)
    page = series.keyframe
    gray = page.photometric == PHOTOMETRIC.MINISBLACK and page.bitspersample >= 8
    # Channels are no slices: napari's own reader shows them as they are.
    if axes not in ("ZYX", "TYX", "TZYX", "ZTYX") or not gray:
        return None
    info = from_ome(file.ome_metadata)
    return None if info is None else (info, axes)


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
