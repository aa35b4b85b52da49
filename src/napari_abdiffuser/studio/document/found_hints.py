"""Hints read from layers that the studio did not know yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_abdiffuser.imaging.colors import to_hex
from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint
from napari_abdiffuser.studio.document.document import Document
from napari_abdiffuser.studio.document.state import StudioState
from napari_abdiffuser.studio.legend.hints import adopt
from napari_abdiffuser.studio.slices import Index

__all__ = ["Difference", "difference", "with_found_hints", "with_read_slices"]


@dataclass(frozen=True, eq=False)
class Difference:
    """What was read of a slice's layers, beside what is known of it.

    Attributes
    ----------
    found : Hints
        That nobody knew of: points, and all regions where none were known.
    points_gone, regions_differ : bool
        Whether known points are no longer there, and whether known regions are others now.
    """

    found: Hints
    points_gone: bool = False
    regions_differ: bool = False


def difference(document: Document, index: Index, read: Hints) -> Difference:
    """Compare what the layers say of a slice with what a document does."""
    known, adopted = document.hints(index), adopt(document.legend, read)[1]
    left = Counter(map(_key, known.points))
    points = []
    for point, raw in zip(adopted.points, read.points, strict=True):
        key = _key(point)
        if left[key] > 0:
            left[key] -= 1
        else:
            points.append(raw)
    regions = () if known.regions else read.regions
    return Difference(
        Hints(tuple(points), regions),
        points_gone=any(n > 0 for n in left.values()),
        regions_differ=bool(known.regions) and not _alike(known.regions, adopted.regions),
    )


def with_found_hints(state: StudioState, hints: Hints) -> StudioState:
    """Add hints to those of the present slice without a step of undo.

    They are added to every step of the history: undoing what was done elsewhere must not take
    them away.
    """
    return _with_found(state, {state.index: hints} if len(hints) else {})


def with_read_slices(
    state: StudioState,
    read: Mapping[Index, Hints],
    label: str,
    edited: Collection[Index] = (),
) -> StudioState:
    """Let a state know what was read of slices other than the one that is worked on.

    Parameters
    ----------
    state
        Hints that it lacks are added as by `with_found_hints`. Regions are added only where it
        knows of none: a layer shows the uppermost of those that overlap, the state has all.
    read
        All hints of the slices; points that the state has and the layers have no longer are
        taken away, which is a step of undo.
    label
        Of that step.
    edited
        Slices whose regions were just drawn on, so that those of the layers count.
    """
    found, changed = dict[Index, Hints](), dict[Index, Hints]()
    for index, hints in read.items():
        change = difference(state.document, index, hints)
        if change.points_gone or (change.regions_differ and index in edited):
            known = () if index in edited else state.document.hints(index).regions
            changed[index] = Hints(hints.points, known or hints.regions)
        elif len(change.found):
            found[index] = change.found
    state = _with_found(state, found)
    document = state.document
    for index, hints in changed.items():
        document = document.set_hints(hints, index)
    return state.commit(document, label) if changed else state


def _with_found(state: StudioState, found: Mapping[Index, Hints]) -> StudioState:
    if not found:
        return state

    def entered(document: Document) -> Document:
        legend, slices = document.legend, dict(document.slices)
        for index, hints in found.items():
            # Adopted before they are added: hints of one class have one colour in a slice.
            legend, adopted = adopt(legend, hints)
            slices[index] = slices.get(index, Hints()) + adopted
        return replace(document, legend=legend, slices=slices)

    history = state.history.each(entered)
    return replace(state, history=history, revision=state.revision + 1)


def _key(point: PointHint) -> tuple[Any, ...]:
    # Positions that differ by less went through a transform and back.
    place = (round(point.y, 3), round(point.x, 3), point.size)
    return (*place, point.class_name, to_hex(point.color))


def _alike(known: tuple[RegionHint, ...], read: tuple[RegionHint, ...]) -> bool:
    """Whether the same regions are there, in whatever order."""
    return len(known) == len(read) and all(any(_same(k, r) for r in read) for k in known)


def _same(one: RegionHint, other: RegionHint) -> bool:
    said = (one.class_name, one.hard) == (other.class_name, other.hard)
    return said and (one.mask is other.mask or np.array_equal(one.mask, other.mask))
