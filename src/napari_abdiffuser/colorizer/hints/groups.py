"""Hints grouped by class, and hints inside a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.imaging.colors import RGB, parse_color, to_hex
from napari_abdiffuser.imaging.hints import Hints, PointHint, RegionHint

__all__ = ["HintGroups", "group_of", "hints_inside", "recolored"]


def group_of(hint: PointHint | RegionHint) -> str:
    """Name of a hint's class; of a hint without one, its colour as '#rrggbb'."""
    return hint.class_name or to_hex(hint.color)


@dataclass(frozen=True)
class HintGroups:
    """The classes that hints mark, in the order of first use, points before regions.

    Attributes
    ----------
    names : tuple of str
        Class names; '#rrggbb' for hints without one.
    colors : tuple of (float, float, float)
        sRGB, [0, 1].
    """

    names: tuple[str, ...]
    colors: tuple[RGB, ...]

    @classmethod
    def of(cls, hints: Hints) -> HintGroups:
        """Return classes of hints."""
        legend: dict[str, RGB] = {}
        marks: tuple[PointHint | RegionHint, ...] = (*hints.points, *hints.regions)
        for hint in marks:
            legend.setdefault(group_of(hint), hint.color)
        return cls(tuple(legend), tuple(legend.values()))


def recolored(hints: Hints, colors: Mapping[str, Any]) -> Hints:
    """Give classes other colours.

    Parameters
    ----------
    hints : Hints
        Whose places and sizes stay.
    colors : mapping of str to colour
        sRGB floats in [0, 1], CSS name or '#rrggbb', by class name; by '#rrggbb', their colour so
        far, for hints without a class.

    Raises
    ------
    InvalidRequest
        If there is no such class.
    InvalidHints
        If a colour is none.
    """
    known = HintGroups.of(hints).names
    unknown = [name for name in colors if name not in known]
    if unknown:
        raise InvalidRequest(
            f"No hint is of the class {unknown[0]!r}: choose among {', '.join(known) or 'none'}."
        )
    new = {name: parse_color(color) for name, color in colors.items()}
    return replace(
        hints,
        points=tuple(replace(h, color=new.get(group_of(h), h.color)) for h in hints.points),
        regions=tuple(replace(h, color=new.get(group_of(h), h.color)) for h in hints.regions),
    )


def hints_inside(hints: Hints, mask: NDArray[np.bool_]) -> Hints:
    """Return the hints inside a mask: points whose pixel is in it, and parts of regions."""
    shape = np.array(mask.shape)

    def inside(point: PointHint) -> bool:
        place = np.clip(np.round([point.y, point.x]), 0, shape - 1).astype(int)
        return bool(mask[place[0], place[1]])

    parts = (replace(region, mask=region.mask & mask) for region in hints.regions)
    return replace(
        hints,
        points=tuple(point for point in hints.points if inside(point)),
        regions=tuple(region for region in parts if region.mask.any()),
    )
