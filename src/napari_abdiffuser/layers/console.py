"""`colorize_layer`: what the dock widget does, for napari's console and for scripts."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from napari.viewer import current_viewer

from napari_abdiffuser.layers.hints import read_hints
from napari_abdiffuser.layers.images import read_image
from napari_abdiffuser.layers.outputs import result_to_layers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import Dims
    from napari.layers import Image, Labels, Points
    from napari.types import LayerDataTuple

    from napari_abdiffuser.imaging.hints import Hints
    from napari_abdiffuser.layers.protocols import ColorizerLike

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
    index: Sequence[int | None] | None = None,
    colorizer: ColorizerLike | None = None,
) -> list[LayerDataTuple]:
    """Colorize an Image layer.

    Parameters
    ----------
    image_layer
        A gray image, or an RGB image whose lightness is taken.
    hints_layer
        A Points or a Labels layer, `Hints`, or None for an automatic colouring. Hints outside
        the picture, and those of other slices, are left out; a warning counts the former.
    n_outputs
        Number of variations beside the most probable colouring, 0 to 64.
    steps
        Denoising steps a variation; None for the model's default.
    seed
        Same seed, same variations.
    background
        ``'auto'``, or ``'gray'`` to keep what no hint claims gray.
    progress
        Called with (done, total) at least once a step.
    cancel
        Asked at least once a step; True raises `Cancelled`.
    model
        Name of a model, or path of a ``.safetensors`` file.
    device
        ``'auto'``, ``'cpu'``, ``'cuda'``, ``'cuda:1'``, ``'mps'``.
    index
        Which slice of a stack, one number for each leading axis. By default the one that the
        current viewer shows.
    colorizer
        A colorizer that is loaded already; ``model`` and ``device`` are then not used.

    Returns
    -------
    A list of (data, metadata, ``'image'``), the most probable colouring first;
    ``viewer.add_layer(napari.layers.Layer.create(*t))`` shows one.

    Raises
    ------
    ABDiffuserError
        Of the kind that fits; its message says what to do.

    Examples
    --------
    >>> for t in colorize_layer(viewer.layers["micrograph"], n_outputs=3):  # doctest: +SKIP
    ...     viewer.add_layer(napari.layers.Layer.create(*t))
    """
    dims = None if index is not None else _current_dims(image_layer)
    picture = read_image(image_layer, dims, index)
    hints, left_out = read_hints(hints_layer, image_layer, picture, dims).build(picture.shape)
    if left_out:
        warnings.warn(left_out.sentence(), stacklevel=2)
    if colorizer is None:
        # Imported when it is needed: it loads torch.
        from napari_abdiffuser.colorizer import Colorizer

        colorizer = Colorizer.load(model, device=device)
    result = colorizer.open(picture.load(), contrast_limits=picture.contrast_limits).paint(
        hints,
        n_outputs=n_outputs,
        steps=steps,
        seed=seed,
        background=background,
        progress=progress,
        cancel=cancel,
    )
    return result_to_layers(result, picture)


def _current_dims(layer: Image) -> Dims | None:
    """Return the dimensions of the current viewer if it holds this layer."""
    viewer = current_viewer()
    if viewer is None or layer not in viewer.layers:
        return None
    return viewer.dims
