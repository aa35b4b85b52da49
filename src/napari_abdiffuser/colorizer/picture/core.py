"""State shared by all operations on an open picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.colorizer.hints.groups import hints_inside
from napari_abdiffuser.colorizer.hints.tokens import HintTokens, hint_tokens
from napari_abdiffuser.colorizer.native.canvas import Canvas
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.hard_regions import without_hard_regions

__all__ = ["PictureCore"]


@dataclass(frozen=True, eq=False)
class PictureCore(Canvas):
    """A picture that the guide has encoded.

    Attributes
    ----------
    encoded : EncodedPicture
        What the networks know of it.
    """

    encoded: EncodedPicture

    def tokens(self, hints: Hints) -> HintTokens:
        """Return hints as tokens on the guide's device, without hard regions and excluded pixels.

        Colours of hints that the guide does not see cannot spread: outside of hard regions the
        picture has the same bytes as without them. Their own pixels are put in at native
        resolution.
        """
        hints = without_hard_regions(hints)
        surface = self.painter.surface
        if surface.excluded is not None:
            hints = hints_inside(hints, ~surface.excluded)
        encoded = self.encoded
        with torch.inference_mode():
            tokens = hint_tokens(
                hints,
                surface.display,
                encoded.shape,
                lambda places: encoded.relative_gain(places.to(encoded.device)),
                encoded.covariates_array,
            )
        return tokens.to(encoded.device)
