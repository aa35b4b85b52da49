"""Private TIFF tags of electron microscopes: Thermo Fisher / FEI, Phenom, Zeiss, Tescan."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from napari_abdiffuser.files.sem.info import (
    SemInfo,
    fit_size,
    ini_sections,
    known,
    length,
    number,
    positive,
    volts,
)

__all__ = ["from_page", "tescan_info"]

_FEI, _PHENOM, _ZEISS, _TESCAN = (34682, 34680), 34683, 34118, 50431
# The column of pixels that Zeiss' unnamed pixel size is meant for.
_ZEISS_WIDTH, _ZEISS_PIXEL = 1024, 3


def from_page(page: Any) -> SemInfo | None:
    """Read what an instrument wrote into a TIFF page.

    Parameters
    ----------
    page : tifffile.TiffPage
        The picture's.

    Returns
    -------
    SemInfo or None
        None where no instrument that is known here wrote anything.
    """
    readers: tuple[Callable[[Any], SemInfo | None], ...] = (_fei, _phenom, _zeiss, _tescan)
    return next((info for read in readers if (info := read(page)) is not None), None)


def _fei(page: Any) -> SemInfo | None:
    sections: dict[str, Any] = {}
    for tag in _FEI:
        value = page.tags.valueof(tag)
        if isinstance(value, Mapping):
            sections.update(value)
    if not sections:
        return None

    def entry(section: str, key: str) -> Any:
        return (sections.get(section) or {}).get(key)

    beam = str(entry("Beam", "Beam") or "EBeam")
    scans = ("Scan", str(entry(beam, "Scan") or "EScan"), "EScan", "IScan")
    width, height = (
        next((n for s in scans if (n := positive(entry(s, f"Pixel{side}")))), None)
        for side in ("Width", "Height")
    )
    across = next((n for s in scans if (n := positive(entry(s, "HorFieldsize")))), None)
    if width is None and across is not None:
        width = across / (positive(entry("Image", "ResolutionX")) or page.imagewidth)
    told = positive(entry("Image", "ResolutionY")), positive(entry("Image", "ResolutionX"))
    said = number(entry("PrivateFei", "DatabarHeight"))
    fits, rows = fit_size(told, (page.imagelength, page.imagewidth), said)
    return SemInfo(
        "Thermo Fisher / FEI",
        (height or width, width) if width is not None and fits else None,
        rows,
        known(
            instrument=entry("System", "SystemType"),
            voltage=positive(entry("Beam", "HV")) or positive(entry(beam, "HV")),
            working_distance=positive(entry(beam, "WD"))
            or positive(entry("Stage", "WorkingDistance")),
            detector=entry("Detectors", "Name"),
            date=entry("User", "Date"),
            time=entry("User", "Time"),
        ),
        sections,
        fits and None not in told,
    )


def _phenom(page: Any) -> SemInfo | None:
    text = _xml(_text(page.tags.valueof(_PHENOM)))
    if "<FeiImage" not in text:
        return None
    try:
        root = ElementTree.fromstring(text[: text.rindex(">") + 1])
    except ElementTree.ParseError:
        return SemInfo("Phenom")  # an instrument's picture all the same
    leaves = {e.tag: e for e in root.iter() if len(e) == 0}

    def entry(name: str) -> str | None:
        return leaves[name].text if name in leaves else None

    def side(name: str) -> float | None:
        unit = leaves[name].attrib.get("unit", "") if name in leaves else ""
        return length(entry(name), unit)

    width = side("pixelWidth")
    rows = number(entry("databarHeight"))
    return SemInfo(
        "Phenom",
        None if not width else (side("pixelHeight") or width, width),
        None if rows is None or rows < 0 else int(rows),
        known(
            instrument=entry("edition") or entry("type"),
            detector=entry("detector"),
            date=entry("date"),
            time=entry("time"),
        ),
        {name: (e.text or "").strip() for name, e in leaves.items()},
    )


def _zeiss(page: Any) -> SemInfo | None:
    entries = page.tags.valueof(_ZEISS)
    if not isinstance(entries, Mapping):
        return None

    def entry(name: str) -> Any:
        value = entries.get(name)
        return value[1] if isinstance(value, tuple) and len(value) > 1 else None

    def unit(name: str) -> str:
        value = entries.get(name)
        return str(value[2]) if isinstance(value, tuple) and len(value) > 2 else ""

    def metres(name: str) -> float | None:
        return length(entry(name), unit(name)) or None

    fits, _ = fit_size(_stored(entry("dp_image_store")), (page.imagelength, page.imagewidth))
    pixel = metres("ap_image_pixel_size")
    unnamed = entries.get("") or ()
    if pixel is None and len(unnamed) > _ZEISS_PIXEL:
        shown = positive(unnamed[_ZEISS_PIXEL])
        pixel = None if shown is None else shown * _ZEISS_WIDTH / page.imagewidth
    return SemInfo(
        "Zeiss",
        (pixel, pixel) if pixel is not None and fits else None,
        None,
        known(
            instrument=entry("dp_sem") or entry("sv_system_type"),
            voltage=next(
                (v for n in ("ap_actualkv", "ap_manualkv") if (v := volts(entry(n), unit(n)))), None
            ),
            working_distance=metres("ap_wd"),
            magnification=entry("ap_mag"),
            detector=entry("dp_detector_channel"),
            date=entry("ap_date"),
            time=entry("ap_time"),
        ),
        {name: value for name, value in entries.items() if name},
    )


def _stored(text: Any) -> tuple[float | None, float | None]:
    """Read '1024 * 768' as (height, width)."""
    width, _, height = str(text or "").partition("*")
    return positive(height), positive(width)


def _tescan(page: Any) -> SemInfo | None:
    text = _text(page.tags.valueof(_TESCAN))
    # A thumbnail comes first, whose bytes are no text.
    start = text.find("[MAIN]")
    if start < 0:
        start = max(text.find("AccFrames="), 0)
    entries = {
        key: value
        for section in ini_sections("[MAIN]\n" + text[start:]).values()
        for key, value in section.items()
        if key.isascii() and key.isalnum() and value.isprintable()
    }
    return tescan_info(entries)


def tescan_info(entries: Mapping[str, str]) -> SemInfo | None:
    """Understand Tescan's keys, from the tag or from the header file beside a picture."""
    width = positive(entries.get("PixelSizeX"))
    if width is None:
        return None
    rows = positive(entries.get("ImageStripSize"))
    return SemInfo(
        "Tescan",
        (positive(entries.get("PixelSizeY")) or width, width),
        None if rows is None else int(rows),
        known(
            instrument=entries.get("Device"),
            voltage=positive(entries.get("HV")),
            working_distance=positive(entries.get("WD")),
            magnification=positive(entries.get("Magnification")),
            detector=entries.get("Detector0") or entries.get("Detector"),
            date=entries.get("Date"),
            time=entries.get("Time"),
        ),
        dict(entries),
    )


def _xml(text: str) -> str:
    """Undo base64, in which some programs wrap XML."""
    if "<" in text:
        return text
    packed = "".join(text.split("\0")[0].split())
    try:
        return base64.b64decode(packed, validate=True).decode("latin-1")
    except ValueError:
        return text


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        value = bytes(n & 255 for n in value if isinstance(n, int))
    return value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
