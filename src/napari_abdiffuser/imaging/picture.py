"""Checks of the arrays that callers give as pictures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_abdiffuser.errors import InvalidImage

__all__ = ["as_picture", "checked_limits", "computed", "masked_pixels"]


def as_picture(image: ArrayLike) -> NDArray[Any]:
    """See any array-like as a picture, without a copy where that is possible.

    Parameters
    ----------
    image : array-like
        Real numbers of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4): numpy, dask, xarray, zarr,
        a torch tensor on the CPU, nested lists.

    Returns
    -------
    ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
        With the dtype of ``image``. Masked pixels, see `masked_pixels`, hold the value of one
        that is not masked, so that they widen no range.

    Raises
    ------
    InvalidImage
        If it is empty, not made of real numbers, not of such a shape, or masked everywhere.
    """
    image = computed(image)
    try:
        picture: NDArray[Any] = np.asarray(image)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidImage(
            f"The image cannot be read as an array ({error}): give a numpy array of shape (H, W); "
            "for a torch tensor image.detach().float().cpu()."
        ) from error
    _check_type(picture.dtype)
    _check_shape(picture.shape)
    hidden = masked_pixels(image)
    if hidden is not None:
        picture = _filled(picture, hidden)
    return picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture


def masked_pixels(image: ArrayLike) -> NDArray[np.bool_] | None:
    """Tell which pixels of a masked array (``numpy.ma``) are masked in any of their colours.

    Parameters
    ----------
    image : array-like
        A picture, as for `as_picture`.

    Returns
    -------
    ndarray of bool, shape (H, W), or None
        None where nothing is masked.
    """
    if not isinstance(image, np.ma.MaskedArray) or image.ndim not in (2, 3):
        return None
    mask: NDArray[np.bool_] = np.ma.getmaskarray(image)
    if mask.ndim == 3:
        mask = np.asarray(mask[..., :3].any(2))
    return mask if mask.any() else None


def computed(image: Any) -> Any:
    """Compute a dask array, whose conversion to numpy would lose a mask."""
    return image.compute() if hasattr(image, "dask") and hasattr(image, "compute") else image


def _filled(picture: NDArray[Any], hidden: NDArray[np.bool_]) -> NDArray[Any]:
    if hidden.all():
        raise InvalidImage("Every pixel of the image is masked: unmask what is to be colorized.")
    shown = picture[~hidden]
    usable = np.isfinite(shown if shown.ndim == 1 else shown.sum(1))
    picture = picture.copy()
    picture[hidden] = shown[np.argmax(usable)]  # the first, if none is finite
    return picture


def _check_type(dtype: np.dtype[Any]) -> None:
    if dtype.kind in "biuf":
        return
    advice = (
        "colorize its magnitude, np.abs(image)"
        if dtype.kind == "c"
        else "convert it to numbers, for example with image.astype(float)"
    )
    raise InvalidImage(f"The image is made of {dtype}, not of real numbers: {advice}.")


def _check_shape(shape: tuple[int, ...]) -> None:
    if 0 in shape:
        raise InvalidImage(f"The image of shape {shape} is empty: give one with pixels.")
    if len(shape) < 2:
        raise InvalidImage(f"An image has two axes, (H, W), and this one has the shape {shape}.")
    if len(shape) > 3:
        raise InvalidImage(
            f"The image has {len(shape)} axes, {shape}: pick one picture of the stack, for example "
            f"image[{', '.join('0' * (len(shape) - 2))}]."
        )
    if len(shape) == 3 and shape[2] not in (1, 3, 4):
        if shape[0] in (1, 3, 4):
            advice = "move the channels to the end, np.moveaxis(image, 0, -1), or take image[0]"
        elif shape[2] == 2:
            advice = "leave the second channel out, image[..., 0]"
        else:
            advice = "pick one picture of the stack, for example image[0]"
        raise InvalidImage(
            f"The image has the shape {shape}, and a colour picture is (H, W, 3) or (H, W, 4): "
            f"{advice}."
        )


def checked_limits(limits: Any) -> tuple[float, float] | None:
    """Return contrast limits as two finite, increasing numbers, or None.

    Raises
    ------
    InvalidImage
        If they are not.
    """
    if limits is None:
        return None
    try:
        low, high = (float(value) for value in limits)
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidImage(
            f"The contrast limits {limits!r} are not a lower and a larger upper value: give two "
            "finite numbers such as (0, 4095), or None."
        )
    return low, high
