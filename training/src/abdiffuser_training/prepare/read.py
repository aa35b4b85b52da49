"""Any picture file into 8-bit gray or colour, any mask file into region numbers."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

__all__ = ["read_mask", "read_picture", "resized"]

_TIFF = (".tif", ".tiff", ".lsm", ".stk")
_PLAIN = {"L": "L", "RGB": "RGB", "1": "L", "LA": "L", "CMYK": "RGB", "YCbCr": "RGB"}


def _with_tifffile(path: Path) -> NDArray[Any]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        array: NDArray[Any] = np.asarray(page.asarray())
        photometric = getattr(page.photometric, "name", "")
        if photometric == "PALETTE":
            table = np.asarray(page.colormap, np.uint16)
            array = np.moveaxis(table[:, array], 0, -1) // 257
        elif photometric == "MINISWHITE" and array.dtype.kind == "u":
            array = np.iinfo(array.dtype).max - array
        elif photometric not in ("MINISBLACK", "RGB", ""):
            raise ValueError(f"{photometric} needs another reader")
    if array.ndim == 3 and array.shape[0] in (3, 4) and array.shape[-1] not in (3, 4):
        array = np.moveaxis(array, 0, -1)
    return array


def _with_pillow(path: Path) -> NDArray[Any]:
    with Image.open(path) as file:
        image: Image.Image = ImageOps.exif_transpose(file)
        if image.mode == "P":
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        elif image.mode in _PLAIN:
            image = image.convert(_PLAIN[image.mode])
        return np.array(image)


def _with_imageio(path: Path) -> NDArray[Any]:
    import imageio.v3 as iio

    return np.asarray(iio.imread(path, index=0))


def _eight_bit(array: NDArray[Any]) -> NDArray[np.uint8]:
    """8 bits as they are; 16-bit colours by their range, deep grays between their extremes."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    values = array.astype(np.float64)
    good = np.isfinite(values)
    if not good.any():
        raise ValueError("no pixel has a finite value")
    low, high = float(values[good].min()), float(values[good].max())
    if array.ndim == 3:  # colour balance would not survive a stretch
        if array.dtype.kind in "ui":
            low, high = 0.0, 255.0 if high <= 255 else float(np.iinfo(array.dtype).max)
        else:
            low, high = 0.0, 1.0 if high <= 1 else 255.0
    scaled = np.where(good, values - low, 0) / max(high - low, 1e-12)
    return np.asarray(np.round(255 * np.clip(scaled, 0, 1)), np.uint8)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read the first picture of a file.

    Parameters
    ----------
    path : Path
        Any format that Pillow, tifffile or imageio reads; 8 or more bits.

    Returns
    -------
    NDArray[np.uint8]
        (H, W) gray or (H, W, 3) sRGB. A third channel that repeats the first two is dropped.

    Raises
    ------
    ValueError
        If nothing reads it, with the first reader's reason.
    """
    is_tiff = path.suffix.lower() in _TIFF
    readers = (_with_tifffile, _with_pillow) if is_tiff else (_with_pillow, _with_imageio)
    reasons = []
    for reader in readers:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of metadata that is not as it should be
                return _shaped(_eight_bit(reader(path)))
        except Exception as error:  # readers raise whatever they like on broken files
            reasons.append(f"{type(error).__name__}: {error}".splitlines()[0])
    raise ValueError(reasons[0])


def _shaped(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    array = array.squeeze() if array.ndim != 3 else array
    if array.ndim == 3 and array.shape[2] in (1, 2):
        array = array[..., 0]
    if array.ndim == 3 and array.shape[2] in (3, 4):
        array = array[..., :3]
        if (array == array[..., :1]).all():
            array = array[..., 0]
    elif array.ndim != 2:
        raise ValueError(f"an array of shape {array.shape} is no single picture")
    if min(array.shape[:2]) < 2:
        raise ValueError(f"only {array.shape[1]} × {array.shape[0]} pixels")
    return np.ascontiguousarray(array)


def read_mask(path: Path) -> NDArray[np.uint16]:
    """Read region numbers.

    Parameters
    ----------
    path : Path
        Gray or palette picture of numbers, or a colour picture with one colour a region.

    Returns
    -------
    NDArray[np.uint16]
        (H, W) region numbers; 0 is the ground, which is black where regions are colours.

    Raises
    ------
    ValueError
        If it cannot be read or holds more than 65,535 regions.
    """
    try:
        if path.suffix.lower() in _TIFF:
            array = _with_tifffile(path)
        else:
            with Image.open(path) as image:
                array = np.array(image)
    except Exception as error:  # readers raise whatever they like
        raise ValueError(f"{type(error).__name__}: {error}".splitlines()[0]) from error
    if array.ndim == 3 and array.shape[2] in (3, 4):
        rgb = array[..., :3].astype(np.int64)
        array = rgb[..., 0] * 2**32 + rgb[..., 1] * 2**16 + rgb[..., 2]
    if array.ndim != 2 or array.dtype.kind not in "uib":
        raise ValueError(f"{array.dtype} of shape {array.shape} holds no region numbers")
    if array.max(initial=0) > 65535 or array.min(initial=0) < 0:
        values, index = np.unique(array, return_inverse=True)
        numbers = np.cumsum(values != 0) * (values != 0)
        if numbers.max() > 65535:
            raise ValueError(f"{numbers.max()} regions are more than 65,535")
        array = numbers[index].reshape(array.shape)
    return array.astype(np.uint16)


def resized(array: NDArray[Any], max_side: int, nearest: bool = False) -> NDArray[Any]:
    """Shrink to a longer side of ``max_side`` pixels; smaller arrays and 0 change nothing."""
    h, w = array.shape[:2]
    if not 0 < max_side < max(h, w):
        return array
    scale = max_side / max(h, w)
    size = max(round(w * scale), 1), max(round(h * scale), 1)
    resample = Image.Resampling.NEAREST if nearest else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(array).resize(size, resample))
