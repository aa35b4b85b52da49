"""What is known of a variation that is, was or can be a layer. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weakref import ReferenceType

    from napari.layers import Layer

    from napari_abdiffuser.studio.gallery import Pixels
    from napari_abdiffuser.studio.slices import Index

__all__ = ["Entry"]


@dataclass(eq=False)
class Entry:
    """How to make the layer of a variation, and the layer while there is one.

    Attributes
    ----------
    made
        Data, metadata and type of the layer; data are None once it was put away.
    name
        That it is given.
    source
        The image that it was made from.
    index
        The slice that it is of.
    leads
        Whether it is the first of its delivery.
    layer
        None while there is none.
    shape
        Of the data.
    """

    made: Any
    name: str
    source: ReferenceType[Any] | None
    index: Index = ()
    leads: bool = False
    layer: Layer | None = None
    shape: tuple[int, ...] = ()

    def untouched(self) -> bool:
        """Whether the user has made the layer nothing of their own."""
        return self.layer is not None and self.layer.name == self.name

    @property
    def away(self) -> bool:
        """Whether the variation was discarded."""
        return self.made[0] is None

    def put_away(self) -> None:
        """Let go of pixels and layer: what the gallery brings back has the pixels."""
        data, *rest = self.made
        self.shape, self.made, self.layer = data.shape, (None, *rest), None

    def bring_back(self, rgb: Pixels) -> None:
        """Have the pixels again."""
        self.made = (rgb.reshape(self.shape), *self.made[1:])
