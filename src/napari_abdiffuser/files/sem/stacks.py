"""OME-TIFF stacks of gray micrographs: slices and frames in their true distance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_abdiffuser.files.sem.info import SemInfo
from napari_abdiffuser.files.sem.ome import from_ome
from napari_abdiffuser.files.tiff import open_tiff

__all__ = ["described_stack", "is_stack"]


def is_stack(path: Path) -> bool:
    """Whether a file is an OME-TIFF stack of gray pictures that says how large a pixel is."""
    try:
        with open_tiff(path) as file:
            return described_stack(file) is not None
    except Exception:
        # Broad on purpose, as in `read.sem_info`: strangers' files are for other readers.
        return False


def described_stack(file: Any) -> tuple[SemInfo, str] | None:
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
