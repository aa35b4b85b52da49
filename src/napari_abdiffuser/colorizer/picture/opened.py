"""A picture that was encoded once, to be painted any number of times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from napari_abdiffuser.colorizer.coarse.painting import most_probable, sample_maps
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.picture.corrections import Corrections
from napari_abdiffuser.colorizer.picture.insights import Insights
from napari_abdiffuser.colorizer.picture.previews import Previews
from napari_abdiffuser.colorizer.picture.run import Run, within_memory
from napari_abdiffuser.colorizer.picture.spread import Spread
from napari_abdiffuser.imaging.hints import Hints

__all__ = ["OpenPicture"]


@dataclass(frozen=True, eq=False)
class OpenPicture(Previews, Insights, Corrections):
    """A picture that was encoded once; made by `Colorizer.open`. Safe to share among threads.

    Painting and spreading are here; previews, numbers and suggestions, and corrections come from
    the classes it is made of, which only group its methods.

    Attributes
    ----------
    colorizer : Colorizer
        The model.
    lightness : Lightness
        Of the picture.
    shape : (int, int)
        (H, W) in pixels.
    """

    def prepare(self, cancel: Callable[[], bool] | None = None) -> None:
        """Compute what the first painting would have to, to be called in the background.

        The upsampler's weights, about 0.2 s a megapixel on two CPU cores. They are kept up to 16
        megapixels, 8 bytes a pixel; of larger pictures those of the preview's size.

        Parameters
        ----------
        cancel : callable, optional
            Asked often; returning True stops early, and what was computed is kept.
        """
        with within_memory("the weights of this picture"):
            self.small_painter().prepare(cancel or (lambda: False))
            self.painter.prepare(cancel or (lambda: False))

    def paint(
        self,
        hints: Hints | None = None,
        n_outputs: int = 1,
        steps: int | None = None,
        seed: int = 0,
        background: str = "auto",
        progress: Callable[[int, int], object] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Result:
        """Colorize the picture; see `Colorizer.__call__`, whose parameters these are."""
        request = self.request(hints, n_outputs, steps, seed, background, progress, cancel)
        with within_memory(f"{request.n_outputs} outputs of this picture"):
            run = Run(self, request)
            tokens = self.tokens(request.hints)
            best = most_probable(self.encoded, tokens, gray=request.gray)
            sample = partial(sample_maps, self.encoded, tokens, gray=request.gray)
            return run.result(best, run.samples(sample))

    def spread(self, hints: Hints, background: str = "auto") -> Spread:
        """Lay hints out, to be given other colours at once and without a network.

        Parameters
        ----------
        hints : Hints
            Their places decide who owns which pixel.
        background : {'auto', 'gray'}
            See `paint`.

        Returns
        -------
        Spread
        """
        request = self.request(hints, 0, background=background)
        return Spread(self, request.hints, background)
