"""What everything that can be done with an open picture starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch

from napari_abdiffuser.colorizer.coarse.encoded import EncodedPicture
from napari_abdiffuser.colorizer.hints.groups import hints_inside
from napari_abdiffuser.colorizer.hints.tokens import HintTokens, hint_tokens
from napari_abdiffuser.colorizer.native.painter import NativePainter
from napari_abdiffuser.colorizer.requests import PaintRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.hints.hard_regions import spreading
from napari_abdiffuser.imaging.lightness import Lightness
from napari_abdiffuser.options import Background

if TYPE_CHECKING:
    from napari_abdiffuser.colorizer.colorizer import Colorizer

__all__ = ["PictureCore"]


@dataclass(frozen=True, eq=False)
class PictureCore:
    """A picture as a colorizer sees it.

    Attributes
    ----------
    colorizer : Colorizer
        The model.
    lightness : Lightness
        Of the picture.
    encoded : EncodedPicture
        What the networks know of it.
    painter : NativePainter
        Brings colours to native resolution.
    """

    colorizer: Colorizer
    lightness: Lightness
    encoded: EncodedPicture
    painter: NativePainter

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.painter.surface.shape

    def tokens(self, hints: Hints) -> HintTokens:
        """Hints for the guide, on its device; hard regions and excluded pixels are left out.

        What the guide does not hear of cannot spread: outside of hard regions the picture is, to
        the byte, as if they were not there. Their own pixels are put in at native resolution.
        """
        hints = spreading(hints)
        surface = self.painter.surface
        if surface.excluded is not None:
            hints = hints_inside(hints, ~surface.excluded)
        encoded = self.encoded
        with torch.inference_mode():
            tokens = hint_tokens(
                hints,
                surface.display,
                encoded.shape,
                lambda places: encoded.carried(places.to(encoded.device)),
                encoded.covariates_array,
            )
        return tokens.to(encoded.device)

    def request(
        self,
        hints: Hints | None,
        n_outputs: int = 1,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> PaintRequest:
        """Check what a caller asks for; raises InvalidHints and InvalidRequest."""
        steps = self.colorizer.default_steps if steps is None else steps
        return PaintRequest(
            hints=Hints() if hints is None else hints,
            n_outputs=n_outputs,
            steps=steps,
            seed=seed,
            background=cast(Background, background),
            progress=progress,
            cancel=cancel,
            shape=self.shape,
        )
