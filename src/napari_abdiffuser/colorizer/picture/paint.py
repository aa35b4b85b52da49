"""Painting of an open picture, and its preparation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from napari_abdiffuser.colorizer.coarse.painting import most_probable, sample_maps
from napari_abdiffuser.colorizer.memory import within_memory
from napari_abdiffuser.colorizer.native.result import Result
from napari_abdiffuser.colorizer.native.run import Run
from napari_abdiffuser.colorizer.picture.core import PictureCore
from napari_abdiffuser.colorizer.picture.previews import PREVIEW_SIDE
from napari_abdiffuser.imaging.hints import Hints
from napari_abdiffuser.options import Background, PaintOptions

__all__ = ["paint", "prepare"]


def prepare(picture: PictureCore, cancel: Callable[[], bool] | None = None) -> None:
    """Compute in advance what the first painting needs, to be called in the background.

    These are the upsampler's weights: about 0.2 s a megapixel on two CPU cores. They are kept up
    to 16 megapixels, 8 bytes a pixel; of larger pictures those of the preview's size.

    Parameters
    ----------
    cancel : callable, optional
        Asked often; returning True stops early, and what was computed is kept.
    """
    with within_memory("the weights of this picture"):
        picture.painter.smaller(PREVIEW_SIDE).prepare(cancel or (lambda: False))
        picture.painter.prepare(cancel or (lambda: False))


def paint(
    picture: PictureCore,
    hints: Hints | None = None,
    n_outputs: int = 1,
    steps: int | None = None,
    seed: int = 0,
    background: str = "auto",
    progress: Callable[[int, int], object] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Result:
    """Colorize the picture; see `Colorizer.__call__`, whose parameters these are."""
    options = PaintOptions(n_outputs, steps, seed, Background.parse(background))
    request = picture.request(hints, options, progress, cancel)
    with within_memory(f"{request.n_outputs} outputs of this picture"):
        run = Run(picture, picture.encoded.shape, request)
        tokens = picture.tokens(request.hints)
        best = most_probable(picture.encoded, tokens, request.background)
        sample = partial(sample_maps, picture.encoded, tokens, background=request.background)
        return run.result(best, run.samples(sample))
