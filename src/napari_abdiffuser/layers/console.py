"""`colorize_layer`, the colouring of a layer from napari's console and from scripts."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from napari.layers import Image
from napari.viewer import current_viewer

from napari_abdiffuser.layers.hints.sources import read_hints
from napari_abdiffuser.layers.images import open_picture, read_image
from napari_abdiffuser.layers.outputs import result_to_layers
from napari_abdiffuser.options import Background, PaintOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import Dims
    from napari.layers import Labels, Points
    from napari.types import LayerDataTuple

    from napari_abdiffuser.colorizer.protocols import ColorizerLike
    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.layers.images import PictureSource

__all__ = ["colorize_layer"]


def colorize_layer(
    image_layer: Image,
    hints_layer: Points | Labels | Hints | None = None,
    *,
    n_outputs: int = 1,
    steps: int | None = None,
    seed: int = 0,
    background: str = "auto",
    progress: Callable[[int, int], object] | None = None,
    cancel: Callable[[], bool] | None = None,
    model: str = "default",
    device: str = "auto",
    index: int | Sequence[int | None] | None = None,
    colorizer: ColorizerLike | None = None,
    data_bar: bool = True,
    hard_edges: bool = False,
) -> list[LayerDataTuple]:
    """Colorize an Image layer.

    Parameters
    ----------
    image_layer
        A gray image, or an RGB image whose lightness is taken.
    hints_layer
        A Points or a Labels layer, `Hints`, or None for an automatic colouring. Hints outside
        the picture, and those of other slices, are left out; a warning counts the former.
    n_outputs, steps, seed, background, progress, cancel
        As for ``Colorizer``: variations beside the most probable colouring (0 to 64), denoising
        steps (None: the model's own), same seed same variations, 'gray' to keep gray what no
        hint claims, called with (done, total), asked whether to stop.
    model, device
        As for ``Colorizer.load``; not used where ``colorizer`` (one that is loaded) is given.
    index
        Which slice of a stack, one number a leading axis; None for the one that is shown.
    data_bar
        Whether the instrument's data bar, where there is one, stays gray and steers nothing.
    hard_edges
        Whether the regions of a Labels layer are filled exactly to their edges and colour nothing
        beyond them, as a segmentation's may be meant; else their colours spread.

    Returns
    -------
    (data, metadata, ``'image'``) of each, the most probable first, for `Layer.create`.

    Raises
    ------
    ABDiffuserError
        Of the kind that fits; its message says what to do.
    """
    options = PaintOptions(n_outputs, steps, seed, Background.parse(background))
    dims = None if index is not None else _current_dims(image_layer)
    picture = read_image(image_layer, dims, index)
    hints = _hints_inside(hints_layer, image_layer, picture, dims)
    if hard_edges:
        hints = replace(hints, regions=tuple(replace(r, hard=True) for r in hints.regions))
    colorizer = _loaded(model, device) if colorizer is None else colorizer
    opened = open_picture(colorizer, picture, picture.load(), data_bar=data_bar)
    result = opened.paint(hints, **options.painting(), progress=progress, cancel=cancel)
    return result_to_layers(result, picture)


def _loaded(model: str, device: str) -> ColorizerLike:
    from napari_abdiffuser.colorizer import Colorizer

    return Colorizer.load(model, device=device)


def _hints_inside(
    layer: Points | Labels | Hints | None, image: Image, picture: PictureSource, dims: Dims | None
) -> Hints:
    """Read the hints; warn, in the name of the caller's caller, of those left out."""
    hints, left_out = read_hints(layer, image, picture, dims).build(picture.shape)
    if left_out:
        warnings.warn(left_out.sentence(), stacklevel=3)
    return hints


def _current_dims(layer: Image) -> Dims | None:
    """Return the dimensions of the current viewer if it holds this layer."""
    viewer = current_viewer()
    # What is no layer is refused where it is read.
    if viewer is None or not isinstance(layer, Image) or layer not in viewer.layers:
        return None
    return viewer.dims
