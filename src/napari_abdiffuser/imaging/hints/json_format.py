"""JSON format of hints, as in ``hints.json``.

``{"format": "abdiffuser-hints", "version": 1, "points": [...], "regions": [...]}``; a point is
``{"y", "x", "size", "color": "#rrggbb", "class"}``, a region ``{"shape": [H, W], "rle": [...],
"color", "class"}`` with run lengths in row order, first of pixels outside, then inside, in turn; a
whole region also says ``"hard"``, true where its colour ends exactly at its edges. A
colour that 8 bits do not hold exactly has a further key ``"rgb"`` with its three floats, so that
saved hints give the same picture to the last byte. Unknown keys are kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidHints
from napari_abdiffuser.imaging.colors import RGB, parse_color, to_hex
from napari_abdiffuser.imaging.hints.kinds import PointHint, RegionHint
from napari_abdiffuser.whole_files import read_small, write_whole

__all__ = ["decode", "encode", "mask_from_runs", "read", "run_lengths", "write"]

MAX_SIDE, MAX_PIXELS = 1 << 20, 30_000**2
"""Of a picture: what a file says beyond them is not believed."""
_FREE_PIXELS, _PIXELS_A_RUN = 1 << 30, 1 << 14
"""Of all regions of a file together: their masks take a byte a pixel, their text few."""

_FORMAT, _VERSION = "abdiffuser-hints", 1
_Parts = tuple[tuple[PointHint, ...], tuple[RegionHint, ...], dict[str, Any]]
_T = TypeVar("_T")


def encode(
    points: Sequence[PointHint], regions: Sequence[RegionHint], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Return hints as JSON-serializable values."""
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "points": [_encode_point(point) for point in points],
        "regions": [_encode_region(region) for region in regions],
        **extra,
    }


def decode(data: Any) -> _Parts:
    """Return points, regions and unknown keys of parsed JSON.

    Raises
    ------
    InvalidHints
        If it does not follow the format.
    """
    if not isinstance(data, Mapping) or data.get("format") != _FORMAT:
        raise InvalidHints(
            f'This is not a hints file: it must be a JSON object with "format": "{_FORMAT}".'
        )
    version = data.get("version")
    if type(version) is not int or version < 1:
        raise InvalidHints(f'The hints have "version": {version!r}; write "version": {_VERSION}.')
    if version > _VERSION:
        raise InvalidHints(
            f"The hints have version {version} and this program reads version {_VERSION}: "
            "update napari-abdiffuser."
        )
    _check_size(data.get("regions"))
    extra = {k: v for k, v in data.items() if k not in ("format", "version", "points", "regions")}
    return (
        _decode_all(data.get("points", []), "points", _decode_point),
        _decode_all(data.get("regions", []), "regions", _decode_region),
        extra,
    )


def _check_size(regions: Any) -> None:
    """Refuse regions whose masks would take far more memory than their text explains."""
    if not isinstance(regions, list | tuple):
        return
    pixels, runs = 0, 0
    for region in regions:
        if isinstance(region, Mapping) and isinstance(rle := region.get("rle"), list):
            runs += len(rle)
            pixels += sum(n for n in rle if type(n) is int and n > 0)
    if pixels > _FREE_PIXELS + _PIXELS_A_RUN * runs:
        raise InvalidHints(
            f"The regions cover {pixels:.2g} pixels, more than can be held: save hints of a "
            "smaller picture, or fewer regions."
        )


def read(path: str | os.PathLike[str]) -> Any:
    """Parse a JSON file.

    Raises
    ------
    InvalidHints
        If the file cannot be read or is not JSON.
    """
    try:
        return json.loads(read_small(Path(path)).decode("utf-8-sig"))
    except OSError as error:
        reason = error.strerror or error
        raise InvalidHints(f"Cannot read hints from {path}: {reason}. Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidHints(
            f"{path} is not a hints file: {error}. Save the hints again, or repair its JSON."
        ) from error


def write(path: str | os.PathLike[str], data: Mapping[str, Any]) -> None:
    """Write a JSON file by way of a temporary one beside it, so that no half file is ever seen."""
    target = Path(path)
    try:
        text = json.dumps(data, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidHints(f"The hints cannot be written as JSON: {error}. Remove it.") from error
    try:
        write_whole(target, f"{text}\n".encode())
    except OSError as error:
        raise InvalidHints(
            f"The hints cannot be written to {target} ({error.strerror}): choose a folder that "
            "exists and can be written to."
        ) from error


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Return lengths of the runs of False, True, False, … in row order; the first may be 0."""
    flat = np.concatenate([[False], mask.ravel()])
    # A change after element k of `flat` is a border before pixel k.
    borders = np.flatnonzero(flat[1:] != flat[:-1])
    lengths: list[int] = np.diff(np.concatenate([[0], borders, [mask.size]])).tolist()
    return lengths


def mask_from_runs(lengths: Any, shape: Any) -> NDArray[np.bool_]:
    """Return the mask, (H, W), of such runs; ValueError if they cannot be."""
    numbers = [*shape, *lengths]
    if len(shape) != 2 or any(type(n) is not int or n < 0 for n in numbers):
        raise ValueError('"shape" and "rle" must hold whole numbers')
    if shape[0] * shape[1] > MAX_PIXELS or max(shape) > MAX_SIDE:
        raise ValueError(f'"shape" {list(shape)} is larger than any picture that can be opened')
    if sum(lengths) != shape[0] * shape[1]:
        raise ValueError('"rle" does not add up to the pixels of "shape"')
    inside = np.arange(len(lengths)) % 2 == 1
    return np.repeat(inside, lengths).reshape(shape)


def _encode_point(point: PointHint) -> dict[str, Any]:
    place = {"y": point.y, "x": point.x, "size": point.size}
    return {**place, **_encode_color(point.color), "class": point.class_name, **point.extra}


def _encode_region(region: RegionHint) -> dict[str, Any]:
    pixels = {"shape": list(region.mask.shape), "rle": run_lengths(region.mask)}
    color = _encode_color(region.color)
    hard = {} if region.hard is None else {"hard": region.hard}
    return {**pixels, **color, "class": region.class_name, **hard, **region.extra}


def _encode_color(color: RGB) -> dict[str, Any]:
    text = to_hex(color)
    return {"color": text} if parse_color(text) == color else {"color": text, "rgb": list(color)}


def _decode_all(
    items: Any, what: str, decode_one: Callable[[dict[str, Any]], _T]
) -> tuple[_T, ...]:
    if not isinstance(items, list | tuple):
        raise InvalidHints(f'"{what}" must be a list.')
    decoded = []
    for number, item in enumerate(items):
        try:
            decoded.append(decode_one(dict(item)))
        except KeyError as error:
            raise InvalidHints(f"{what}[{number}] lacks {error}: add it.") from error
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidHints(f"{what}[{number}] is wrong: {error}") from error
    return tuple(decoded)


def _decode_point(item: dict[str, Any]) -> PointHint:
    y, x, size = item.pop("y"), item.pop("x"), item.pop("size", 9)
    for name, value in (("y", y), ("x", x), ("size", size)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f'"{name}" must be a number, not {value!r}.')
    if size != int(size):
        raise ValueError(f'"size" must be a whole number of pixels, not {size!r}.')
    color, class_name = _decode_color(item), _decode_class(item)
    return PointHint(float(y), float(x), int(size), color, class_name, item)


def _decode_region(item: dict[str, Any]) -> RegionHint:
    mask = mask_from_runs(item.pop("rle"), item.pop("shape"))
    color, class_name, hard = _decode_color(item), _decode_class(item), item.pop("hard", None)
    if hard is not None and not isinstance(hard, bool):
        raise ValueError(f'"hard" must be true or false, not {hard!r}.')
    return RegionHint(mask, color, class_name, item, hard)


def _decode_color(item: dict[str, Any]) -> RGB:
    color, exact = parse_color(item.pop("color")), item.get("rgb")
    if exact is None:
        return color
    precise = parse_color(exact)
    # Someone may have edited only "color": it is the one that counts.
    if max(abs(u - v) for u, v in zip(color, precise, strict=True)) > 0.51 / 255:
        precise = color
    del item["rgb"]
    return precise


def _decode_class(item: dict[str, Any]) -> str | None:
    name = item.pop("class", None)
    if name is None or isinstance(name, str):
        return name or None
    raise ValueError(f'"class" must be a text or null, not {name!r}.')
