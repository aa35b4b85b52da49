"""Transforms of layers, and maps between the pixels of two layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.transforms import CompositeAffine

from napari_abdiffuser.errors import InvalidImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import Dims
    from napari.layers import Layer
    from numpy.typing import ArrayLike, NDArray

    Index = tuple[int | None, ...]

__all__ = [
    "AffineMap",
    "LayerTransform",
    "displayed_index",
    "map_between",
    "pixel_sides",
    "pixel_size",
    "unit_factors",
    "world_position",
]

# Differences of far-apart probes lose fewer digits where a layer lies far from the origin, as
# stage coordinates do. A power of two, so that dividing by it is exact.
_PROBE = 4096.0
_SQUARE = 1e-3  # cosine of an angle that still passes for a right one


@dataclass(frozen=True, eq=False)
class LayerTransform:
    """The seven spatial properties of a layer, copied: later changes of the layer do not show.

    Attributes
    ----------
    scale, translate
        (D,) floats in world units.
    rotate
        (D, D) rotation matrix.
    shear
        (D, D) matrix or the D (D - 1) / 2 values of its upper triangle, as napari gives it.
    affine
        (D + 1, D + 1) matrix of the extra transform.
    units
        D units, or None where napari has none.
    axis_labels
        D names.
    """

    scale: NDArray[np.float64]
    translate: NDArray[np.float64]
    rotate: NDArray[np.float64]
    shear: NDArray[np.float64]
    affine: NDArray[np.float64]
    units: tuple[Any, ...] | None
    axis_labels: tuple[str, ...]

    @classmethod
    def of(cls, layer: Layer, index: Index | None = None) -> LayerTransform:
        """Copy a layer's placement.

        Parameters
        ----------
        layer
            A layer with D dimensions.
        index
            D entries, an integer on each axis of which only that one slice is kept (the result
            then has length 1 there) and None on the others. The slice stays where it was in the
            stack, under any transform.
        """
        scale = np.array(layer.scale, dtype=np.float64)
        translate = np.array(layer.translate, dtype=np.float64)
        rotate = np.array(layer.rotate, dtype=np.float64)
        shear = np.array(layer.shear, dtype=np.float64)
        start = [0 if at is None else at for at in index or ()]
        if any(start):
            # Pixel 0 of the slice is pixel `start` of the stack, so the shift is what the linear
            # part of scale, shear and rotation makes of `start`.
            linear = CompositeAffine(
                scale, np.zeros_like(scale), rotate=rotate, shear=shear, ndim=layer.ndim
            )
            translate = translate + np.asarray(linear(start), dtype=np.float64)
        return cls(
            scale=scale,
            translate=translate,
            rotate=rotate,
            shear=shear,
            affine=np.array(layer.affine.affine_matrix, dtype=np.float64),
            units=tuple(layer.units) if layer.units is not None else None,
            axis_labels=tuple(layer.axis_labels),
        )

    def as_kwargs(self) -> dict[str, Any]:
        """Return the keyword arguments that give a new layer this placement."""
        return {
            "scale": self.scale.copy(),
            "translate": self.translate.copy(),
            "rotate": self.rotate.copy(),
            "shear": self.shear.copy(),
            "affine": self.affine.copy(),
            "units": self.units,
            "axis_labels": self.axis_labels,
        }


@dataclass(frozen=True, eq=False)
class AffineMap:
    """``y = linear @ x + offset`` from the data coordinates of one layer to those of another.

    Attributes
    ----------
    linear
        (D_to, D_from).
    offset
        (D_to,).
    """

    linear: NDArray[np.float64]
    offset: NDArray[np.float64]

    def __call__(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points (N, D_from) to (N, D_to)."""
        result: NDArray[np.float64] = np.asarray(points, np.float64) @ self.linear.T + self.offset
        return result


def map_between(source: Layer, target: Layer, world: ArrayLike | None = None) -> AffineMap:
    """Return the map from the data coordinates of one layer to those of another.

    It is ``target.world_to_data(source.data_to_world(p))`` for every ``p``: both are affine, so
    a few probes through napari's own functions determine it, and many points cost no more than
    one. Where both layers have units of one kind (nm and µm) these are converted, as napari
    does on the canvas.

    Parameters
    ----------
    source, target
        Layers of any number of dimensions; napari aligns their last axes.
    world
        World position, in the target's units, that fills the target's leading axes where the
        source has fewer dimensions; zeros by default.
    """
    factors = unit_factors(source.units, target.units)
    missing = max(target.ndim - source.ndim, 0)
    leading = np.zeros(missing)
    if missing and world is not None:
        leading = np.asarray(world, dtype=np.float64)[-target.ndim :][:missing]

    def carry(point: NDArray[np.float64]) -> NDArray[np.float64]:
        position = np.asarray(source.data_to_world(point), dtype=np.float64)
        position[position.size - factors.size :] *= factors
        there = target.world_to_data(np.concatenate([leading, position]))
        return np.asarray(there, dtype=np.float64)

    offset = carry(np.zeros(source.ndim))
    columns = [(carry(axis) - offset) / _PROBE for axis in np.eye(source.ndim) * _PROBE]
    return AffineMap(np.stack(columns, axis=1), offset)


def unit_factors(source: Sequence[Any] | None, target: Sequence[Any] | None) -> NDArray[np.float64]:
    """Return what turns lengths in one tuple of units into lengths in another, axis by axis.

    Parameters
    ----------
    source, target
        Units of the axes, aligned at the last; units of different kinds (pixel and nm) are not
        converted.

    Returns
    -------
    (min(D_source, D_target),) floats
    """
    if source is None or target is None:
        return np.ones(0)
    n = min(len(source), len(target))
    pairs = zip(tuple(source)[-n:], tuple(target)[-n:], strict=True)
    return np.array([_factor(unit, other) for unit, other in pairs])


def _factor(unit: Any, other: Any) -> float:
    if unit == other or unit.dimensionality != other.dimensionality:
        return 1.0
    return float((1.0 * unit).to(other).magnitude)


def pixel_sides(
    placement: LayerTransform, plane: Sequence[int]
) -> tuple[NDArray[np.float64], Any] | None:
    """Measure the sides of a pixel in the world: scale, shear and the extra affine all count.

    Parameters
    ----------
    placement
        Of a layer with D dimensions.
    plane
        The picture's two axes.

    Returns
    -------
    (sides, unit) or None
        (D, 2) vectors along rows' and columns' steps in `unit`; None where the two axes have no
        common unit of length, or a side has none.
    """
    if placement.units is None or len(plane) != 2:
        return None
    first, second = (placement.units[axis] for axis in plane)
    if first != second or str(getattr(first, "dimensionality", "")) != "[length]":
        return None
    own = CompositeAffine(
        placement.scale,
        np.zeros_like(placement.scale),
        rotate=placement.rotate,
        shear=placement.shear,
        ndim=len(placement.scale),
    ).linear_matrix
    sides = (placement.affine[:-1, :-1] @ own)[:, list(plane)]
    lengths = np.linalg.norm(sides, axis=0)
    return (sides, first) if np.isfinite(lengths).all() and lengths.min() > 0 else None


def pixel_size(
    placement: LayerTransform, plane: Sequence[int]
) -> tuple[tuple[float, float] | None, str]:
    """Measure height and width of a pixel.

    Parameters
    ----------
    placement, plane
        See `pixel_sides`.

    Returns
    -------
    ((height, width), unit)
        None and '' without a length, and where a shear leaves no right angle: then one number is
        true along neither side.
    """
    found = pixel_sides(placement, plane)
    if found is None:
        return None, ""
    sides, unit = found
    height, width = (float(n) for n in np.linalg.norm(sides, axis=0))
    if abs(float(sides[:, 0] @ sides[:, 1])) > _SQUARE * height * width:
        return None, ""
    return (height, width), f"{unit:~P}"


def displayed_index(layer: Layer, dims: Dims) -> Index:
    """Return which slice of a layer a viewer shows.

    Parameters
    ----------
    layer
        A layer of a viewer, at least two-dimensional.
    dims
        The viewer's dimensions.

    Returns
    -------
    D entries: None on the two axes of the picture, the slice's index on the others. In a
    three-dimensional view the picture is that of the last two axes in the viewer's order.

    Raises
    ------
    InvalidImage
        If the sliders stand where this layer has no slice.
    """
    hidden = dims.ndim - layer.ndim
    order = [axis - hidden for axis in dims.order if axis >= hidden]
    plane = set(order[-2:])
    ndim = int(layer.ndim)
    if len(plane) == ndim:
        return (None,) * ndim
    point = np.asarray(layer.world_to_data(world_position(layer, dims)))
    index: Index = tuple(
        None if axis in plane else int(np.round(at)) for axis, at in enumerate(point)
    )
    for at, size in zip(index, np.asarray(layer.extent.data)[1] + 1, strict=True):
        if at is not None and not 0 <= at < size:
            raise InvalidImage(
                f"Layer '{layer.name}' has nothing at the current slice. "
                "Move the sliders under the picture to a slice that it shows."
            )
    return index


def world_position(layer: Layer, dims: Dims) -> NDArray[np.float64]:
    """Return the viewer's position in world coordinates, in the layer's units where they differ.

    Parameters
    ----------
    layer
        A layer of the viewer.
    dims
        The viewer's dimensions.

    Returns
    -------
    (max(D_viewer, D_layer),) floats
    """
    position = np.zeros(max(dims.ndim, layer.ndim))
    position[position.size - dims.ndim :] = dims.point
    # Only napari 0.9 and later share units between the layers of a viewer.
    factors = unit_factors(getattr(dims, "units", None), layer.units)
    position[position.size - factors.size :] *= factors
    return position
