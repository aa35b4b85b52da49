"""Texts that several rooms use: names of layers and undo steps."""

from __future__ import annotations

ADDED = "Add hint"
OF_SLICE = "The colourings are of slice {index}: move the slider there to see them."
OF_PICTURE = "The colourings are with '{name}', which they were made from: choose it to see them."
OF_GONE = "The picture that the colourings were made from is not open any more: they are layers."
PREVIEW_LAYER = "{name} preview"


def of_slice(index: tuple[int, ...]) -> str:
    """Say which slice colourings are of."""
    return OF_SLICE.format(index=", ".join(map(str, index)))


def with_image(name: str, *, there: bool) -> str:
    """Say which image colourings are with."""
    return OF_PICTURE.format(name=name) if there else OF_GONE
