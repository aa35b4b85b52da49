"""Provenance of a figure: what is written into its file, and what is read back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_abdiffuser.errors import ABDiffuserError
from napari_abdiffuser.files.provenance import read_raw
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.figure.options import Figure
from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["FileProvenance", "figure_provenance", "read_provenance"]


@dataclass(frozen=True)
class FileProvenance:
    """How a picture was made, as its file says.

    Attributes
    ----------
    hints : Hints
        Empty where there were none, or they cannot be read.
    legend : Legend
        Classes with their colours.
    colored : (int, int, int, int) or None
        Top, left, height and width of the coloured picture in a figure.
    raw : mapping
        All that the file says.
    """

    hints: Hints
    legend: Legend
    colored: tuple[int, int, int, int] | None
    raw: Mapping[str, Any]


def figure_provenance(
    provenance: Mapping[str, Any],
    figure: Figure,
    legend: Legend,
    caption: str = "",
    source: str = "",
) -> dict[str, Any]:
    """Put together what goes into a figure's file.

    Parameters
    ----------
    provenance
        The result's: model, seed, hints, versions.
    figure
        The figure.
    legend
        The classes.
    caption
        The sentence that declares the colouring.
    source
        Name of the picture that was colorized.
    """
    about: dict[str, Any] = {
        "options": figure.options.to_dict(),
        "coloured": list(figure.colored),
        "original": None if figure.original is None else list(figure.original),
        "scale_bar": None if figure.bar is None else figure.bar.text,
        "caption": caption,
    }
    named = {"picture": source} if source else {}
    return {**provenance, **named, "classes": legend.to_list(), "figure": about}


def read_provenance(path: str | os.PathLike[str]) -> FileProvenance | None:
    """Read how a PNG or TIFF file was made.

    Returns
    -------
    FileProvenance or None
        None if the file says nothing about it: another program made it.

    Raises
    ------
    InvalidFile
        It cannot be read, or what it says is damaged.
    """
    raw = read_raw(path)
    return None if raw is None else _decoded(raw)


def _decoded(raw: Mapping[str, Any]) -> FileProvenance:
    figure = raw.get("figure")
    box = figure.get("coloured") if isinstance(figure, Mapping) else None
    whole = isinstance(box, list) and len(box) == 4 and all(type(n) is int for n in box)
    return FileProvenance(
        _hints(raw.get("hints")),
        Legend.recovered(raw.get("classes")),
        (box[0], box[1], box[2], box[3]) if whole and box else None,
        raw,
    )


def _hints(data: Any) -> Hints:
    try:
        return Hints.from_dict(data) if data else Hints()
    except ABDiffuserError:
        return Hints()  # of a newer version, say: seed and model are good all the same
