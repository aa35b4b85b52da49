"""Picture at its own resolution, ready to be rendered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_abdiffuser.colorizer.model_info import ModelInfo
from napari_abdiffuser.colorizer.native.painter import NativePainter
from napari_abdiffuser.colorizer.requests import PaintRequest
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.imaging.lightness import Lightness
from napari_abdiffuser.options import PaintOptions

__all__ = ["Canvas"]


@dataclass(frozen=True, eq=False)
class Canvas:
    """A picture at its own resolution.

    Attributes
    ----------
    info : ModelInfo
        The model.
    lightness : Lightness
        Of the picture.
    painter : NativePainter
        Renders coarse colour maps.
    """

    info: ModelInfo
    lightness: Lightness
    painter: NativePainter

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.painter.surface.shape

    def request(
        self,
        hints: Hints | None,
        options: PaintOptions,
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> PaintRequest:
        """Check a caller's arguments; raises InvalidHints and InvalidRequest."""
        return PaintRequest(
            shape=self.shape,
            hints=Hints() if hints is None else hints,
            progress=progress,
            cancel=cancel,
            **options.with_steps(self.info.default_steps).painting(),
        )
