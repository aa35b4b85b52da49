"""What one file is like: read once, measured, described in a few numbers."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from abdiffuser_training.prepare.bars import bar_height
from abdiffuser_training.prepare.find import Found
from abdiffuser_training.prepare.read import read_mask, read_picture, resized
from napari_abdiffuser.imaging.conversion import srgb_to_lab

__all__ = ["Record", "Task", "examine", "luminance"]

_HASH_SIDE = 16  # 16 × 16 bits
_MEASURED = 256  # longer side in pixels at which colour is measured: averages JPEG's colour noise


@dataclass(frozen=True)
class Task:
    """A file to examine, and what that depends on."""

    found: Found
    chroma: float
    orientations: bool
    crop_bars: bool

    def options(self) -> list[Any]:
        """Give what the record depends on apart from the file."""
        return [self.chroma, self.orientations, self.crop_bars]


@dataclass(frozen=True)
class Record:
    """What is known about a file.

    Attributes
    ----------
    name : str
        As in `Found`.
    problem : str
        Why it cannot be used; '' where it can.
    height, width : int
        Size in pixels, with the data bar.
    bar : int
        Height of the data bar in rows, 0 = none.
    masked : bool
        Whether region numbers belong to it.
    colored : float
        Share of the area with a chroma above the threshold, 0 … 1.
    contrast : float
        Standard deviation of the gray values, 0 … 255.
    digest : str
        SHA-256 of the pixels that would be kept.
    hashes : tuple[str, ...]
        Perceptual hashes as hexadecimal digits: upright, then other orientations.
    """

    name: str
    problem: str = ""
    height: int = 0
    width: int = 0
    bar: int = 0
    masked: bool = False
    colored: float = 0.0
    contrast: float = 0.0
    digest: str = ""
    hashes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON-serializable values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Record:
        """Take what `to_dict` gave."""
        return cls(**{**data, "hashes": tuple(data["hashes"])})


def luminance(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) → (H, W) gray by Rec. 601 weights, as perceptual hashes use it."""
    return picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))


def _hashes(gray: NDArray[np.uint8], orientations: bool) -> tuple[str, ...]:
    small = resized(gray, 4 * _MEASURED)
    views = [np.rot90(small, k) for k in range(4)] if orientations else [small]
    if orientations:
        views += [view[:, ::-1] for view in views]
    images = (Image.fromarray(np.ascontiguousarray(view)) for view in views)
    return tuple(str(imagehash.phash(image, _HASH_SIDE)) for image in images)


def _colored(picture: NDArray[np.uint8], chroma: float) -> float:
    if picture.ndim == 2:
        return 0.0
    small = resized(picture, _MEASURED)
    lab = np.asarray(srgb_to_lab(small.astype(np.float32) / 255))
    return float((np.hypot(lab[..., 1], lab[..., 2]) > chroma).mean())


def examine(task: Task) -> Record:
    """Read and measure one file; whatever is wrong with it ends in the record.

    Parameters
    ----------
    task : Task
        The file.

    Returns
    -------
    Record
        What is known about it.
    """
    found = task.found
    try:
        picture = read_picture(found.path)
    except (ValueError, OSError, MemoryError) as error:
        return Record(found.name, f"cannot be read ({error})")
    h, w = picture.shape[:2]
    for path in (found.mask, found.classes):
        try:
            shape = read_mask(path).shape if path else (h, w)
        except (ValueError, OSError) as error:
            return Record(found.name, f"its mask cannot be read ({error})", h, w)
        if shape != (h, w):
            there = f"{shape[1]} × {shape[0]}"
            return Record(found.name, f"its mask has {there} pixels, not {w} × {h}", h, w)
    gray = luminance(picture)
    bar = bar_height(gray)
    body = gray[: h - bar]
    kept = picture[: h - bar] if task.crop_bars else picture
    return Record(
        found.name,
        "",
        h,
        w,
        bar,
        found.mask is not None,
        round(_colored(picture[: h - bar], task.chroma), 5),
        round(float(body.std()), 3),
        hashlib.sha256(str(kept.shape).encode() + kept.tobytes()).hexdigest(),
        _hashes(body, task.orientations),
    )
