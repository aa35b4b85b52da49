"""Hints whose colours can change without running a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from napari_abdiffuser.colorizer.coarse.trends import attention_modes
from napari_abdiffuser.colorizer.hints.groups import HintGroups, recolored
from napari_abdiffuser.colorizer.memory import within_memory
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.picture.core import PictureCore
from napari_abdiffuser.colorizer.picture.paint import paint
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.model.guide.features import Attention
from napari_abdiffuser.options import Background, PaintOptions

__all__ = ["Spread", "spread"]


@dataclass(frozen=True, eq=False)
class Spread:
    """Attention of hints at fixed places; made by `OpenPicture.spread`.

    Attributes
    ----------
    picture : PictureCore
        The picture.
    hints : Hints
        The hints.
    background : Background
        What becomes of pixels that no hint claims.
    """

    picture: PictureCore
    hints: Hints
    background: Background
    _positions: Tensor = field(init=False, repr=False)
    _attentions: dict[bool, Attention] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Attend once; the attentions are held as long as this is."""
        with within_memory("these hints"):
            positions = self.picture.tokens(self.hints).positions
            object.__setattr__(self, "_positions", positions)
            kinds = attention_modes(positions.shape[1], self.background)
            held = {kind: self.picture.encoded.attend(positions, highlight=kind) for kind in kinds}
        object.__setattr__(self, "_attentions", held)

    @property
    def classes(self) -> HintGroups:
        """Names and colours of the classes that can be recoloured."""
        return HintGroups.of(self.hints)

    def recolor(self, colors: Mapping[str, Any]) -> Result:
        """Give classes other colours: the same bytes as painting anew, and no network is run.

        Parameters
        ----------
        colors : mapping of str to colour
            By class name, or by '#rrggbb' for hints without one: sRGB floats in [0, 1], CSS name
            or '#rrggbb'. Classes that are left out keep theirs.

        Returns
        -------
        Result
            `best` only; its provenance has the hints in their new colours.

        Raises
        ------
        InvalidRequest, InvalidHints
            If there is no such class, or a colour is none.
        """
        hints = recolored(self.hints, colors)
        for kind, attention in self._attentions.items():
            self.picture.encoded.remember(self._positions, attention, highlight=kind)
        return paint(self.picture, hints, n_outputs=0, background=self.background)


def spread(picture: PictureCore, hints: Hints, background: str = "auto") -> Spread:
    """Fix the places of hints, so that other colours need no network.

    Parameters
    ----------
    hints : Hints
        Their places decide which hint owns which pixel.
    background : {'auto', 'gray'}
        See `paint`.

    Returns
    -------
    Spread
    """
    request = picture.request(hints, PaintOptions(0, background=Background.parse(background)))
    return Spread(picture, request.hints, request.background)
