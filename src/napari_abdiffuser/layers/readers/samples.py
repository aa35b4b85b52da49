"""Sample data for napari's File menu: the built-in micrograph with its hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_abdiffuser import data
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.layers.hints.new import hints_to_points

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

__all__ = ["micrograph"]


def micrograph() -> list[LayerDataTuple]:
    """Return the synthetic micrograph as an Image layer and its hints as a Points layer."""
    hints = Hints.load(data.micrograph_hints_path())
    image: LayerDataTuple = (
        data.micrograph(),
        {"name": "micrograph", "rgb": False},
        "image",
    )
    points: LayerDataTuple = hints_to_points(hints, "micrograph hints")
    return [image, points]
