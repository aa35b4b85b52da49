"""Whether hints are still what the layer that they came from says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_abdiffuser.imaging.colors import to_hex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_abdiffuser.imaging.hints import PointHint
    from napari_abdiffuser.layers.hints.reading import Reading

__all__ = ["says"]

# In pixels: positions that differ by less went through a transform and back.
_SAME = 1e-4


def says(reading: Reading, points: Sequence[PointHint]) -> bool:
    """Whether a layer of which this was read says what these hints do, as far as it can tell."""
    read = list(reading.points)
    for point in points:
        same = next((r for r in read if _same(r, point)), None)
        if same is None:
            return False
        read.remove(same)
    return not read


def _same(read: PointHint, point: PointHint) -> bool:
    """Whether a point that was read became this hint; its class may come from its colour."""
    off = max(abs(read.y - point.y), abs(read.x - point.x))
    look = (read.size, to_hex(read.color)) == (point.size, to_hex(point.color))
    return off <= _SAME and look and read.class_name in (None, point.class_name)
