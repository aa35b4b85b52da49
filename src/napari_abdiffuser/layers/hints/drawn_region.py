"""Region of a picture, read from a Shapes or Labels layer as a mask.

As with hints, reading has two halves: `read_region` runs where the layers live and copies what may
change, `RegionSource.build` takes its time in a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from napari.layers import Labels, Shapes

from napari_abdiffuser.errors import InvalidRequest
from napari_abdiffuser.layers.hints.labels import LabelsSource, read_labels
from napari_abdiffuser.layers.hints.lasso import ellipse
from napari_abdiffuser.layers.hints.sources import slice_in_world
from napari_abdiffuser.layers.spatial import LayerTransform, map_between

if TYPE_CHECKING:
    from napari.components import Dims
    from napari.layers import Image
    from numpy.typing import NDArray

    from napari_abdiffuser.layers.images import PictureSource

__all__ = ["REGION_KEY", "RegionSource", "new_region_layer", "read_region"]

REGION_KEY = "abdiffuser_region"
"""In a layer's metadata: this Shapes layer was made to draw regions on, and holds no hints."""

_ROUND = 96  # corners that stand for an ellipse
# Lines have no inside.
_OPEN = ("line",)


class RegionSource(Protocol):
    """A region that was read from a layer and is not yet laid on the picture."""

    def build(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the region in a picture of this shape; raises InvalidRequest if it is empty."""
        ...


@dataclass(frozen=True, eq=False)
class _Outlines:
    """Closed outlines in the pixels of the picture, (N, 2) each."""

    outlines: tuple[NDArray[np.float64], ...]
    name: str

    def build(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        from skimage.draw import polygon

        mask = np.zeros(shape, bool)
        for outline in self.outlines:
            mask[polygon(outline[:, 0], outline[:, 1], shape)] = True  # type: ignore[no-untyped-call]
        return _not_empty(mask, self.name)


@dataclass(frozen=True, eq=False)
class _Painted:
    """Labels: all of them but 0, or one alone."""

    labels: LabelsSource
    label: int | None
    name: str

    def build(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        labels = self.labels.sample(shape)
        return _not_empty(labels != 0 if self.label is None else labels == self.label, self.name)


def new_region_layer(image: Image) -> Shapes:
    """Make an empty Shapes layer that lies exactly on an image, to draw a region on.

    Parameters
    ----------
    image
        What the region is of; the new layer has its transform and units.

    Returns
    -------
    A layer that is not yet in any viewer.
    """
    return Shapes(
        ndim=image.ndim,
        name=f"{image.name} region",
        face_color=[1.0, 1.0, 1.0, 0.12],
        edge_color="#f5c542",
        # Wide enough to be seen on a picture that is zoomed out.
        edge_width=max(1.0, float(max(image.data.shape[:2])) / 400) if image.ndim == 2 else 2.0,
        opacity=0.9,
        metadata={REGION_KEY: True},
        **LayerTransform.of(image).as_kwargs(),
    )


def read_region(
    layer: Shapes | Labels,
    image: Image,
    picture: PictureSource,
    dims: Dims | None = None,
    *,
    label: int | None = None,
) -> RegionSource:
    """Read the region that a layer marks in a picture, as it is now.

    Parameters
    ----------
    layer
        Of a Shapes layer the inside of all shapes counts, or of the selected ones if some are
        selected; of a Labels layer every pixel that has a label.
    image, picture, dims
        As for `napari_abdiffuser.layers.hints.read_hints`.
    label
        Of a Labels layer, only this label.

    Raises
    ------
    InvalidRequest
        If the layer is of another kind, or nothing is drawn in this slice.
    """
    name = str(getattr(layer, "name", layer))
    if isinstance(layer, Labels):
        return _Painted(read_labels(layer, image, picture, dims, snapshot=True), label, name)
    if not isinstance(layer, Shapes):
        raise InvalidRequest(
            f"'{name}' marks no region: choose a Shapes or a Labels layer, or press 'Draw region'."
        )
    to_image = map_between(layer, image, slice_in_world(image, picture))
    plane = [axis for axis, at in enumerate(picture.index) if at is None]
    chosen = sorted(layer.selected_data) or range(layer.nshapes)
    outlines = []
    for number in chosen:
        kind = str(layer.shape_type[number])
        if kind in _OPEN:
            continue
        corners = to_image(np.asarray(layer.data[number], np.float64))
        if _elsewhere(corners, picture):
            continue
        outline = corners[:, plane]
        outlines.append(ellipse(outline, _ROUND) if kind == "ellipse" else outline)
    if not outlines:
        raise InvalidRequest(
            f"Nothing is drawn on '{name}' in this picture: press 'Draw region', then draw around "
            "what is to change."
        )
    return _Outlines(tuple(outlines), name)


def _elsewhere(corners: NDArray[np.float64], picture: PictureSource) -> bool:
    """Whether a shape lies in another slice of the stack."""
    return any(
        at is not None and bool((np.round(corners[:, axis]) != at).any())
        for axis, at in enumerate(picture.index)
    )


def _not_empty(mask: NDArray[np.bool_], name: str) -> NDArray[np.bool_]:
    if not mask.any():
        raise InvalidRequest(
            f"The region on '{name}' covers no pixel of the picture: draw it on the picture."
        )
    return mask
