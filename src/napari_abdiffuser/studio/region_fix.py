"""Region fixes: pixels inside a mask that every later colouring of the picture gets."""

from __future__ import annotations

import base64
import io
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_abdiffuser.errors import InvalidFile
from napari_abdiffuser.imaging.exclusion import describe_exclusion
from napari_abdiffuser.imaging.hints.json_format import mask_from_runs

__all__ = ["RegionFix", "new_group", "with_fixes", "with_fixes_on_small"]

Kind = Literal["erased", "recoloured"]


def new_group() -> str:
    """Return what fixes of one correction have in common: they are variations of each other."""
    return uuid.uuid4().hex


@dataclass(frozen=True, eq=False)
class RegionFix:
    """Pixels that a correction made; use `RegionFix.of`.

    Attributes
    ----------
    top, left : int
        Row and column where the box around the region begins.
    mask : ndarray of bool, shape (h, w)
        The region in its box.
    rgb : ndarray of uint8, shape (h, w, 3)
        Its pixels, uncorrected; those outside the mask do not count.
    shape : (int, int)
        (H, W) of the picture.
    kind : {'erased', 'recoloured'}
    source : str
        Digest of the picture's lightness: on another picture the pixels mean nothing.
    group : str
        The same for variations of one correction, of which the picture has one.
    """

    top: int
    left: int
    mask: NDArray[np.bool_]
    rgb: NDArray[np.uint8]
    shape: tuple[int, int]
    kind: Kind
    source: str = ""
    group: str = field(default_factory=new_group)

    @classmethod
    def of(
        cls,
        mask: NDArray[np.bool_],
        rgb: NDArray[np.uint8],
        kind: Kind,
        *,
        source: str = "",
        group: str,
    ) -> RegionFix:
        """Cut a region out of a corrected colouring.

        Parameters
        ----------
        mask : (H, W)
            The region; not empty.
        rgb : (H, W, 3)
            The colouring, before saturations.
        kind, source, group
            See `RegionFix`.
        """
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        top, left = int(rows[0]), int(columns[0])
        box = slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1)
        height, width = mask.shape
        return cls(
            top, left, mask[box].copy(), rgb[box].copy(), (height, width), kind, source, group
        )

    def covers(self, y: float, x: float) -> bool:
        """Whether a place of the picture is in the region."""
        row, column = round(y) - self.top, round(x) - self.left
        height, width = self.mask.shape
        return 0 <= row < height and 0 <= column < width and bool(self.mask[row, column])

    def describe(self) -> dict[str, Any]:
        """Say what and where it is, for provenance."""
        return {"kind": self.kind, "box": [self.top, self.left, *self.mask.shape]}

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON-serializable values."""
        return {
            **self.describe(),
            "shape": list(self.shape),
            "source": self.source,
            "mask": describe_exclusion(self.mask),
            "pixels": encoded(np.where(self.mask[..., None], self.rgb, 0).astype(np.uint8)),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RegionFix:
        """Read what `to_dict` gave.

        Raises
        ------
        InvalidFile
            It does not follow the format.
        """
        try:
            top, left, height, width = (int(n) for n in data["box"])
            rows, columns = (int(n) for n in data["shape"])
            rgb = decoded(data["pixels"])
            mask = mask_from_runs(data["mask"]["rle"], (height, width))
            kind: Kind = "erased" if data["kind"] == "erased" else "recoloured"
            fits = 0 <= top <= rows - height and 0 <= left <= columns - width
            if not fits or rgb.shape != (height, width, 3):
                raise ValueError("the region does not lie in the picture")
            return cls(top, left, mask, rgb, (rows, columns), kind, str(data.get("source", "")))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidFile(f"A region fix is malformed ({error}): save it again.") from error


def with_fixes(rgb: NDArray[np.uint8], fixes: Iterable[RegionFix]) -> NDArray[np.uint8]:
    """Lay fixes on a colouring, the latest on top.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (..., H, W, 3)
        Of the fixes' picture; before saturations.

    Returns
    -------
    A new array; the one given where there are none.
    """
    fixes = tuple(fixes)
    if not fixes:
        return rgb
    made = np.array(rgb)
    for fix in fixes:
        height, width = fix.mask.shape
        part = made[..., fix.top : fix.top + height, fix.left : fix.left + width, :]
        np.copyto(part, fix.rgb, where=fix.mask[..., None])
    return made


def with_fixes_on_small(
    rgb: NDArray[np.uint8], scale: tuple[float, float], fixes: Iterable[RegionFix]
) -> NDArray[np.uint8]:
    """Lay fixes on a smaller copy of a colouring.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (h, w, 3)
    scale : (float, float)
        Pixels of the picture to one of the copy, along rows and columns.
    """
    fixes = tuple(fixes)
    if not fixes:
        return rgb
    made = np.array(rgb)
    for fix in fixes:
        at = [
            np.minimum(((np.arange(n) + 0.5) * factor).astype(np.intp), most - 1) - first
            for n, factor, most, first in zip(
                rgb.shape, scale, fix.shape, (fix.top, fix.left), strict=False
            )
        ]
        inside = [(a >= 0) & (a < n) for a, n in zip(at, fix.mask.shape, strict=True)]
        if not all(each.any() for each in inside):
            continue
        rows, columns = (np.flatnonzero(each) for each in inside)
        of_fix = np.ix_(at[0][rows], at[1][columns])
        where = np.ix_(rows, columns)
        made[where] = np.where(fix.mask[of_fix][..., None], fix.rgb[of_fix], made[where])
    return made


def encoded(rgb: NDArray[np.uint8]) -> str:
    """Write pixels, (h, w, 3), as text: a PNG in base 64."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def decoded(text: str) -> NDArray[np.uint8]:
    """Read what `encoded` gave.

    Raises
    ------
    ValueError
        It is no such picture.
    """
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"]) as png:
            return np.asarray(png.convert("RGB")).copy()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"unreadable pixels: {error}") from error
