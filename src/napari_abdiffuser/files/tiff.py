"""TIFF files, opened without belief in what they say about others or about their size."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from napari_abdiffuser.errors import InvalidImage

if TYPE_CHECKING:
    import tifffile

__all__ = ["open_tiff"]

_MAX_PLANES = 1_000_000
_SIZE = re.compile(r'\bSize([ZCT])\s*=\s*["\']\s*\+?(\d+)')


def open_tiff(path: str | os.PathLike[str]) -> tifffile.TiffFile:
    """Open a TIFF file; the caller closes it.

    Other files that an OME-TIFF names are not opened: they may be anybody's.

    Raises
    ------
    InvalidImage
        It is no regular file, or says that it has more planes than any microscope writes.
    """
    import tifffile

    if not Path(path).is_file():
        raise InvalidImage(f"{path} is no file: check the path.")
    opened = tifffile.TiffFile(path, _multifile=False)
    try:
        # tifffile makes a list entry for every plane that the text promises.
        sizes = [int(n[:20]) for _, n in _SIZE.findall(opened.ome_metadata or "")]
        for first in range(0, len(sizes), 3):
            if math.prod(sizes[first : first + 3]) > _MAX_PLANES:
                raise InvalidImage(
                    f"{path} says that it has more than {_MAX_PLANES} planes: save it again."
                )
    except BaseException:
        opened.close()
        raise
    return opened
