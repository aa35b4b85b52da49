"""Pictures of any depth as 8-bit panels of a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidImage

__all__ = ["colored_panel", "gray_panel"]


def colored_panel(rgb: ArrayLike) -> NDArray[np.uint8]:
    """Return a colouring as 8-bit sRGB.

    Parameters
    ----------
    rgb : array, shape (H, W, 3 | 4)
        uint8, kept to the byte; uint16 over its whole range; floats in [0, 1], NaN as black. Alpha
        is left out.

    Raises
    ------
    InvalidImage
        It has another shape or type.
    """
    values = np.asarray(rgb)
    if values.ndim != 3 or values.shape[2] not in (3, 4) or 0 in values.shape:
        raise InvalidImage(
            f"A coloured picture has the shape (H, W, 3), not {values.shape}: choose a result."
        )
    values = values[..., :3]
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype == np.uint16:
        narrow: NDArray[np.uint8] = ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(
            np.uint8
        )
        return narrow
    if values.dtype.kind == "f":
        scaled = np.nan_to_num(np.clip(values, 0.0, 1.0)) * 255.0 + 0.5
        shown: NDArray[np.uint8] = scaled.astype(np.uint8)
        return shown
    raise InvalidImage(f"A coloured picture is 8-bit, 16-bit or floats, not {values.dtype}.")


def gray_panel(
    picture: ArrayLike, contrast_limits: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """Return the original as the gray picture whose lightness the colouring has.

    Parameters
    ----------
    picture : array, shape (H, W) or (H, W, 3 | 4)
        Of any real type: 8-bit grays are kept to the byte.
    contrast_limits : (float, float), optional
        Values shown as black and white.

    Raises
    ------
    InvalidImage
        It is no picture.
    """
    from napari_abdiffuser.imaging.colorspace import render
    from napari_abdiffuser.imaging.lightness import to_lightness

    lightness = to_lightness(picture, contrast_limits).display
    shown: Any = render(lightness, np.zeros((*lightness.shape, 2), np.float32))[0]
    return np.asarray(shown, np.uint8)
