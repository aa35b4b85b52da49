"""A stack's slices as pieces of work, and the layer that fills with them."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_abdiffuser.jobs import texts as jobs_texts
from napari_abdiffuser.jobs.series import Colored, Piece
from napari_abdiffuser.layers.allocation import StackBuffer
from napari_abdiffuser.layers.images import image_array, read_image
from napari_abdiffuser.layers.outputs import PROVENANCE_KEY
from napari_abdiffuser.layers.spatial import LayerTransform
from napari_abdiffuser.layers.stacking import bring_up, insert_keeping_active, top_of_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.viewer import Viewer

    from napari_abdiffuser.studio.document.state import StudioState

__all__ = ["StackLayer", "insert_above", "long_axis"]

_EVERY = 0.3  # seconds between updates of the layer: each costs napari a few milliseconds


def long_axis(index: tuple[int | None, ...], shape: tuple[int, ...]) -> int | None:
    """Return the axis that a range of slices runs along; None for a single picture."""
    axes = [axis for axis, at in enumerate(index) if at is not None]
    return next((axis for axis in axes if shape[axis] > 1), None)


class StackLayer:
    """Slices of a stack along one axis, and the RGB layer of those that are done.

    The layer grows: where nothing is coloured yet, the image below it is seen.

    Parameters
    ----------
    image
        The stack.
    state
        Its hints, by slice.
    index
        The slice in view: None on the picture's two axes.
    first, last
        Of the slices along `long_axis`, both included.
    only_view
        Whether of other axes only the slice in view is meant: one time and one depth of a stack
        with both. Else all that they have.

    Raises
    ------
    OutOfMemory
        There is no room for the layer.
    """

    def __init__(
        self,
        image: Image,
        state: StudioState,
        index: tuple[int | None, ...],
        first: int,
        last: int,
        *,
        only_view: bool = False,
    ) -> None:
        shape = image_array(image).shape[: image.ndim]
        axis = long_axis(index, shape)
        if axis is None:
            raise ValueError("a single picture is no stack")
        self._image, self._axis = image, axis
        spans: list[Sequence[int | None]] = [
            [None] if at is None else [at] if only_view else range(size)
            for at, size in zip(index, shape, strict=True)
        ]
        spans[axis] = range(first, last + 1)
        self._start = tuple(span[0] for span in spans)
        # The long axis outermost, so that the layer grows by whole steps along it.
        order = [axis, *(n for n in range(len(index)) if n != axis)]
        lengths = [shape[n] if at is None else len(spans[n]) for n, at in enumerate(index)]
        self._room = StackBuffer((*lengths, 3))
        self._array = self._room.array
        # Reading the layer once is enough: where a slice lies does not matter here.
        self._source = read_image(image, index=index)
        self.hint_origins: list[dict[str, Any]] = []
        pieces = []
        for entries in itertools.product(*(spans[n] for n in order)):
            where = tuple(entries[order.index(n)] for n in range(len(index)))
            pieces.append(self._piece(state, where))
        self.pieces = tuple(pieces)
        self._per_step = len(pieces) // lengths[axis]
        self._done = 0
        self._shown = 0
        self._updated = 0.0
        self.layer: Image | None = None

    def reserve(self, cancelled: Callable[[], bool]) -> None:
        """Take the room that the layer needs, in a worker; OutOfMemory says that there is none."""
        self._room.reserve(cancelled)

    def _piece(self, state: StudioState, where: tuple[int | None, ...]) -> Piece:
        index = tuple(at for at in where if at is not None)
        origin, hints = state.document.nearest_hints(index)
        self.hint_origins.append({"index": list(index), "hints_of": origin and list(origin)})
        into = self._array[
            tuple(
                slice(None) if at is None else at - (start or 0)
                for at, start in zip(where, self._start, strict=True)
            )
        ]
        fixes = state.document.fixes.get(index, ())
        return Piece(replace(self._source, index=where), hints, self._source.shape, into, fixes)

    def take(self, done: Colored, viewer: Viewer) -> None:
        """Let the layer grow by a slice, unless it has just grown."""
        self._done = done.number + 1
        if self.layer is None and done.rgb is not None:
            self._add(done, viewer)
        elif time.monotonic() - self._updated >= _EVERY:
            self.update(viewer)

    def update(self, viewer: Viewer) -> None:
        """Show all that is done."""
        steps = self._done // self._per_step
        if self.layer is None or self.layer not in viewer.layers or steps <= self._shown:
            return
        self._shown, self._updated = steps, time.monotonic()
        self.layer.data = self._part(steps)
        told = self.layer.metadata[PROVENANCE_KEY]
        told["slices"] = self.hint_origins[: steps * self._per_step]

    def _add(self, done: Colored, viewer: Viewer) -> None:
        self._shown = max(1, self._done // self._per_step)
        self._updated = time.monotonic()
        told = {
            **done.provenance,
            "source": {
                "layer": str(self._image.name),
                "index": list(self._start),
                "first": list(self._start),
            },
            "slices": self.hint_origins[: self._done],
        }
        self.layer = Image(
            self._part(self._shown),
            name=jobs_texts.SERIES_LAYER.format(name=self._image.name),
            rgb=True,
            metadata={PROVENANCE_KEY: told},
            **LayerTransform.of(self._image, self._start).as_kwargs(),
        )
        insert_keeping_active(viewer.layers, top_of_pictures(viewer.layers), self.layer)
        bring_up(viewer.layers, self.layer)

    def _part(self, steps: int) -> Any:
        return self._array[(*[slice(None)] * self._axis, slice(0, steps))]


def insert_above(viewer: Viewer, layer: Any, source: Any) -> None:
    """Add a layer above its source and below the hints, leaving the active layer active."""
    layers = viewer.layers
    # The source may have been deleted meanwhile: then the result goes on top.
    above = layers.index(source) + 1 if source in layers else len(layers)
    insert_keeping_active(layers, above, layer)
