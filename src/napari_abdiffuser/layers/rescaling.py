"""Pixel size of an image, and layers that go with it when it is placed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.utils.transforms import CompositeAffine

from napari_abdiffuser.layers.spatial import LayerTransform

if TYPE_CHECKING:
    from napari.layers import Layer
    from numpy.typing import NDArray

__all__ = ["move_along", "set_pixel_size"]


def set_pixel_size(layer: Layer, size: float, unit: str) -> None:
    """Set the width of a layer's pixels, on the last two axes; their shape stays.

    Parameters
    ----------
    layer
        With at least two dimensions.
    size
        Width of a pixel in `unit`, more than 0.
    unit
        Such as 'nm'.
    """
    placement = LayerTransform.of(layer)
    world = placement.affine[:-1, :-1] @ _linear(placement)
    scale = np.array(layer.scale, float)
    scale[-2:] *= size / np.linalg.norm(world[:, -1])  # the extra affine enlarges pixels, too
    layer.scale = scale
    layer.units = (*layer.units[:-2], unit, unit)


def move_along(layer: Layer, before: LayerTransform, after: LayerTransform) -> bool:
    """Place a layer on an image as it was, now that the image is placed anew.

    Parameters
    ----------
    layer
        Lies on the image, at any offset and resolution; not turned or sheared against it.
    before, after
        Of the image.

    Returns
    -------
    bool
        Whether it was moved: what was not parallel to the image stays.
    """
    mine = LayerTransform.of(layer)
    same = mine.scale.shape == before.scale.shape and all(
        np.allclose(getattr(mine, name), getattr(before, name), rtol=1e-9, atol=1e-12)
        for name in ("rotate", "shear", "affine")
    )
    if not same:
        return False
    offset = np.linalg.solve(_linear(before), mine.translate - before.translate)
    layer.rotate, layer.shear, layer.affine = after.rotate, after.shear, after.affine
    layer.scale = mine.scale * (after.scale / before.scale)
    layer.translate = after.translate + _linear(after) @ offset
    if after.units is not None:
        layer.units = after.units
    return True


def _linear(placement: LayerTransform) -> NDArray[np.float64]:
    """Return what turns offsets in pixels into offsets in the world, before the extra affine."""
    made = CompositeAffine(
        placement.scale,
        np.zeros_like(placement.scale),
        rotate=placement.rotate,
        shear=placement.shear,
        ndim=len(placement.scale),
    )
    return np.asarray(made.linear_matrix, np.float64)
