"""Text files that instruments write beside a picture: Hitachi, JEOL, Tescan."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from napari_abdiffuser.files.sem.info import (
    SemInfo,
    fit_size,
    ini_sections,
    known,
    length,
    positive,
    volts,
)
from napari_abdiffuser.files.sem.tags import tescan_info

__all__ = ["from_sidecar"]

_HALF_WIDTH = re.compile("[A-Za-z0-9 =][\uff61-\uff9f]")
_LARGEST = 1 << 20  # bytes; the files have a few thousand


def from_sidecar(picture: Path, shape: tuple[int, int]) -> SemInfo | None:
    """Read what an instrument wrote beside a picture.

    Parameters
    ----------
    picture
        Path of the picture; ``a.tif`` has ``a.txt`` (Hitachi, JEOL) or ``a-tif.hdr`` or ``a.hdr``
        (Tescan) beside it.
    shape
        (H, W) of the picture.

    Returns
    -------
    SemInfo or None
        None where there is no such file of a known kind. Its pixel size is left out if it is
        said of a picture of another width.
    """
    stem, kind = picture.stem, picture.suffix.lstrip(".")
    wanted = [name.casefold() for name in (f"{stem}.txt", f"{stem}-{kind}.hdr", f"{stem}.hdr")]
    # Copied between systems, names change between upper and lower case.
    with os.scandir(picture.parent) as entries:
        there = [e.name for e in entries if e.name.casefold() in wanted]
    # Where only the case tells names apart, that in the picture's own case is meant.
    there.sort(key=lambda name: (wanted.index(name.casefold()), not name.startswith(stem), name))
    for name in there:
        text = _read(picture.with_name(name))
        if "[SemImageFile]" in text:
            return _hitachi(ini_sections(text)["SemImageFile"], shape)
        if "$CM_FORMAT" in text or "$$SM_MICRON_BAR" in text:
            return _jeol(text, shape)
        if name.casefold().endswith(".hdr") and "[MAIN]" in text:
            sections = ini_sections(text)
            return tescan_info({**sections.get("SEM", {}), **sections.get("MAIN", {})})
    return None


def _read(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        data = path.read_bytes()
    except OSError:
        return ""  # the picture can be read all the same
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:64]:  # every other byte of ASCII is 0 in UTF-16, which may have no mark
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace")
    for encoding in ("utf-8-sig", "cp932"):  # two of the makers are Japanese
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Latin-1's µ, °, Å and ² are half-width kana in cp932, which nobody mixes with ASCII words.
        if encoding != "cp932" or not _HALF_WIDTH.search(text):
            return text
    return data.decode("latin-1")


def _hitachi(entries: Mapping[str, str], shape: tuple[int, int]) -> SemInfo:
    pixel = length(entries.get("PixelSize"), "nm") or None
    width, _, height = entries.get("DataSize", "").lower().partition("x")
    fits, rows = fit_size((positive(height), positive(width)), shape)
    return SemInfo(
        "Hitachi",
        (pixel, pixel) if pixel is not None and fits else None,
        rows,
        known(
            instrument=entries.get("InstructName"),
            voltage=volts(entries.get("AcceleratingVoltage"), "v"),
            working_distance=length(entries.get("WorkingDistance"), "um"),
            magnification=positive(entries.get("Magnification")),
            detector=entries.get("SignalName"),
            date=entries.get("Date"),
            time=entries.get("Time"),
        ),
        dict(entries),
        fits and bool(positive(width) and positive(height)),
    )


def _jeol(text: str, shape: tuple[int, int]) -> SemInfo:
    entries: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        if key.startswith("$"):
            entries[key.lstrip("$")] = value.strip()
    bar = positive(entries.get("SM_MICRON_BAR"))
    marker = length(entries.get("SM_MICRON_MARKER"))
    size = entries.get("CM_FULL_SIZE", "").replace("x", " ").split()
    width, height = (positive(n) for n in size) if len(size) == 2 else (None, None)
    fits, rows = fit_size((height, width), shape)
    pixel = marker / bar if marker and bar else None
    return SemInfo(
        "JEOL",
        (pixel, pixel) if pixel is not None and fits else None,
        rows,
        known(
            instrument=entries.get("CM_INSTRUMENT"),
            voltage=volts(entries.get("CM_ACCEL_VOLT"), "kv"),
            working_distance=length(entries.get("SM_WD"), "mm"),
            magnification=positive(entries.get("CM_MAG")),
            detector=entries.get("CM_SIGNAL"),
            date=entries.get("CM_DATE"),
            time=entries.get("CM_TIME"),
        ),
        entries,
        fits and bool(width and height),
    )
