"""What OME-TIFFs say of a picture or a stack: sizes with their units, and the instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from napari_abdiffuser.files.sem.info import SemInfo, known, length, positive

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["from_ome", "seconds", "spacing"]

# Seconds in OME's units of time; a second is its default.
_SECONDS = {"ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0,
            "min": 60.0, "h": 3600.0, "d": 86400.0}  # fmt: skip
_LENGTH = "µm"  # OME's default, which writers need not write


def from_ome(text: str | None) -> SemInfo | None:
    """Read what OME-XML says of its first picture.

    Parameters
    ----------
    text
        As `tifffile.TiffFile.ome_metadata` gives it.

    Returns
    -------
    SemInfo or None
        None where it does not say how large a pixel is: then it has nothing to add to what
        every reader shows.
    """
    root = _root(text)
    pixels = None if root is None else _first(root, "Pixels")
    if root is None or pixels is None:
        return None
    width = _length(pixels.attrib, "PhysicalSizeX")
    if width is None:
        return None
    microscope, detector = (_attributes(root, name) for name in ("Microscope", "Detector"))
    date = _first(root, "AcquisitionDate")
    maker = (microscope.get(name, "") for name in ("Manufacturer", "Model"))
    return SemInfo(
        "OME",
        (_length(pixels.attrib, "PhysicalSizeY") or width, width),
        None,
        known(
            instrument=" ".join(filter(None, maker)),
            detector=detector.get("Model") or detector.get("Type"),
            date=None if date is None else date.text,
        ),
        {**dict(pixels.attrib), **_annotations(root)},
    )


def spacing(raw: Mapping[str, Any]) -> float | None:
    """Return metres from slice to slice, of what `from_ome` found; None where not said."""
    return _length(raw, "PhysicalSizeZ")


def seconds(raw: Mapping[str, Any]) -> float | None:
    """Return the time from frame to frame, of what `from_ome` found; None where not said."""
    factor = _SECONDS.get(str(raw.get("TimeIncrementUnit", "s")))
    step = positive(raw.get("TimeIncrement"))
    return None if factor is None or step is None else step * factor


def _root(text: str | None) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(text) if text else None
    except ElementTree.ParseError:
        return None  # the pixels are good all the same


def _plain(element: ElementTree.Element) -> str:
    """Return an element's name; the schema before it is another every few years."""
    return element.tag.rpartition("}")[2]


def _first(root: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((e for e in root.iter() if _plain(e) == name), None)


def _attributes(root: ElementTree.Element, name: str) -> Mapping[str, str]:
    found = _first(root, name)
    return {} if found is None else found.attrib


def _annotations(root: ElementTree.Element) -> dict[str, str]:
    """Return the pairs of key and value that makers write for what OME has no word for."""
    pairs = (e for e in root.iter() if _plain(e) == "M" and "K" in e.attrib)
    return {e.attrib["K"]: (e.text or "").strip() for e in pairs}


def _length(entries: Mapping[str, Any], name: str) -> float | None:
    found = positive(entries.get(name))
    if found is None:
        return None
    return length(found, str(entries.get(f"{name}Unit", _LENGTH)))
