"""One colouring in the gallery, and two that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.studio.gallery.pictures import Pixels
from napari_abdiffuser.studio.slices import Index

__all__ = ["Comparison", "Variation"]


@dataclass(frozen=True, eq=False)
class Variation:
    """One colouring.

    Attributes
    ----------
    number : int
        Its name for ever: 1, 2, 3 …, never given twice in one gallery.
    seed : int
        Of the run that made it.
    output : int or 'best'
        Its place among the run's variations, from 0, or the most probable colouring.
    thumbnail : ndarray of uint8, shape (h, w, 3)
    rgb : ndarray of uint8, shape (H, W, 3), or None
        The whole picture; None once it was discarded.
    parent : int or None
        The variation that 'more like this' was asked for.
    starred, discarded : bool
        Kept, or taken out of sight. A starred one cannot be discarded.
    provenance : mapping
        How it was made, JSON-serializable.
    index : tuple of int
        The slice of a stack that it is of.
    hints : Hints or None
        All that the picture had when it was made; None if that is not known any more.
    """

    number: int
    seed: int
    output: int | Literal["best"]
    thumbnail: Pixels
    rgb: Pixels | None
    parent: int | None = None
    starred: bool = False
    discarded: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    index: Index = ()
    hints: Hints | None = None

    @property
    def is_best(self) -> bool:
        """Whether it is a run's most probable colouring, which is not counted; no correction."""
        return self.output == "best" and self.parent is None


@dataclass(frozen=True)
class Comparison:
    """Two variations looked at together.

    Attributes
    ----------
    left, right : int
        Their numbers; 0 is the gray original.
    mode : {'swipe', 'side by side'}
    position : float
        Of the swipe's border as a share of the width, [0, 1].
    """

    left: int
    right: int
    mode: Literal["swipe", "side by side"] = "swipe"
    position: float = 0.5
