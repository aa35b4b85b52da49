"""Hints of several layers as those of one picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_abdiffuser.imaging.hints import Hints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_abdiffuser.layers.hints.reading import Reading

__all__ = ["together"]


def together(readings: Sequence[Reading]) -> Hints:
    """Return the hints of several layers as those of one picture."""
    points = [p for r in readings for p in r.points]
    regions = [r for reading in readings for r in reading.regions]
    return Hints(*_agreed(points, regions))


def _agreed(points: list[Any], regions: list[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Let hints of one class have one colour, that of the first, whichever layer they are in."""
    colors: dict[str, Any] = {}

    def agreed(hint: Any) -> Any:
        if hint.class_name is None:
            return hint
        color = colors.setdefault(hint.class_name, hint.color)
        return hint if color == hint.color else replace(hint, color=color)

    return tuple(map(agreed, points)), tuple(map(agreed, regions))
