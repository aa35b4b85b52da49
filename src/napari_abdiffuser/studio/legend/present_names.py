"""What classes of a colouring are called now: they may have got other names since it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.kinds import Hint
from napari_abdiffuser.studio.legend.classes import Legend

__all__ = ["CLASSES_KEY", "identities", "with_present_names"]

CLASSES_KEY = "abdiffuser_classes"
"""In the metadata of a layer: identities of the classes of its hints, by the name of then."""


def identities(legend: Legend, hints: Hints | None) -> dict[str, int]:
    """Return identities of the classes that hints have, by name.

    Parameters
    ----------
    legend
        Of when the hints were used; a class renamed meanwhile is known by its colour.
    hints
        None where they are not known.
    """
    known: dict[str, int] = {}
    marks: tuple[Hint, ...] = () if hints is None else (*hints.points, *hints.regions)
    for hint in marks:
        name = hint.class_name
        if name is None or name in known:
            continue
        entry = legend[name] if name in legend else legend.with_color(hint.color)
        if entry is not None:
            known[name] = entry.identity
    return known


def with_present_names(
    provenance: Mapping[str, Any], known: Mapping[str, int], legend: Legend
) -> Mapping[str, Any]:
    """Call the classes of a colouring what they are called now.

    Parameters
    ----------
    provenance
        Of the colouring, with its hints.
    known
        From `identities`; a class that is not there, as of a file, is known by its colour where
        its name is none of the present ones.
    legend
        The present classes. One that was removed keeps the name that it had.

    Returns
    -------
    The provenance itself where no name has changed.
    """
    hints = provenance.get("hints")
    if not isinstance(hints, Mapping):
        return provenance
    present = {entry.identity: entry.name for entry in legend}
    by_color = {entry.hex: entry.name for entry in legend}

    def name(item: Mapping[str, Any]) -> Any:
        had = item.get("class")
        if not isinstance(had, str):
            return had
        if had in known:
            return present.get(known[had], had)
        return had if had in legend else by_color.get(str(item.get("color")), had)

    try:
        renamed = {
            kind: [{**item, "class": name(item)} for item in hints.get(kind, ())]
            for kind in ("points", "regions")
        }
    except TypeError:  # of a file that somebody has edited
        return provenance
    if all(renamed[kind] == list(hints.get(kind, ())) for kind in renamed):
        return provenance
    return {**provenance, "hints": {**hints, **renamed}}
