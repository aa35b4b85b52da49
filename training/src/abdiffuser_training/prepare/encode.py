"""A kept picture as the members of its sample."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from abdiffuser_training.prepare.examine import Record
from abdiffuser_training.prepare.find import Found
from abdiffuser_training.prepare.read import read_mask, read_picture, resized
from napari_abdiffuser.errors import InvalidRequest

__all__ = ["Order", "encode"]

_VERBATIM = {"JPEG": "jpg", "PNG": "png"}
_QUALITY = 95
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Order:
    """One picture to encode, and everything that its bytes depend on."""

    found: Found
    record: Record
    key: str
    crop: int
    max_side: int
    encoding: str

    def plan(self) -> list[Any]:
        """Give what decides the bytes, JSON-serializable."""
        return [self.key, self.record.to_dict(), self.crop, self.max_side, self.encoding]


def encode(order: Order) -> dict[str, bytes]:
    """Encode a picture, its masks and where it came from.

    Parameters
    ----------
    order : Order
        The picture.

    Returns
    -------
    dict[str, bytes]
        ``jpg`` or ``png``; ``mask.png`` (16 bits) and ``class.png`` (8 or 16 bits) where there are
        masks; ``json`` with the picture's ``source``, ``size`` and the ``bar`` rows cut off.

    Raises
    ------
    InvalidRequest
        If the file changed since it was examined.
    """
    found, record = order.found, order.record
    rows = record.height - order.crop
    changed = order.crop > 0 or 0 < order.max_side < max(rows, record.width)
    try:
        suffix, content = _verbatim(found) if not changed else ("", b"")
        if not suffix:
            picture = resized(read_picture(found.path)[:rows], order.max_side)
            suffix, content = _encoded(picture, _kind(order))
        parts = {suffix: content}
        for role, path in (("mask.png", found.mask), ("class.png", found.classes)):
            if path is not None:
                numbers = resized(read_mask(path)[:rows], order.max_side, nearest=True)
                small = role == "class.png" and numbers.max(initial=0) < 256
                parts[role] = _encoded(numbers.astype(np.uint8) if small else numbers, "png")[1]
    except (OSError, ValueError) as error:
        raise InvalidRequest(
            f"{found.path} changed while it was prepared ({error}): run the same command again."
        ) from error
    origin = {
        "source": record.name,
        "size": [record.height, record.width],
        "bar": order.crop,
    }
    parts["json"] = json.dumps(origin, ensure_ascii=False).encode()
    return parts


def _verbatim(found: Found) -> tuple[str, bytes]:
    """Suffix and bytes of a file that can be taken as it is; '' where it must be encoded."""
    try:
        with Image.open(found.path) as image:
            plain = image.format in _VERBATIM and image.mode in ("L", "RGB")
            frames = getattr(image, "n_frames", 1)
            turned = image.getexif().get(_EXIF_ORIENTATION, 1) != 1
            if not plain or frames > 1 or turned:
                return "", b""
            kind = _VERBATIM[str(image.format)]
        return kind, found.path.read_bytes()
    except (OSError, ValueError, SyntaxError):
        return "", b""


def _kind(order: Order) -> str:
    if order.encoding != "auto":
        return order.encoding
    return "jpg" if order.found.path.suffix.lower() in (".jpg", ".jpeg") else "png"


def _encoded(array: NDArray[Any], kind: str) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    image = Image.fromarray(array)
    if kind == "jpg":
        # Full resolution of colour: it is what is learned.
        image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    else:
        image.save(buffer, "PNG", compress_level=6)
    return kind, buffer.getvalue()
