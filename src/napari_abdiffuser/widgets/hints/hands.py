"""What keys do to the hints of the picture: erase, hide, place and move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Points

from napari_abdiffuser.imaging.hints import PointHint
from napari_abdiffuser.widgets.hints import texts
from napari_abdiffuser.widgets.session import texts as session_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.viewer import Viewer

    from napari_abdiffuser.layers.hints.reading import HintLink, Place
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["HintHands"]


class HintHands:
    """Makes and moves hints without a mouse, and erases what is under it.

    Parameters
    ----------
    viewer
        Where the view and the mouse are.
    store
        Holds the hints.
    """

    def __init__(self, viewer: Viewer, store: Store) -> None:
        self._viewer = viewer
        self._store = store
        self._drag = object()

    def place(self, place: Place, size: int) -> bool:
        """Place a hint of the chosen class in the middle of the view; False if that is outside."""
        height, width = place.picture.shape
        y, x = self._middle(place)
        if not (-0.5 <= y < height - 0.5 and -0.5 <= x < width - 0.5):
            return False
        self._drag = object()

        def add(state: StudioState) -> StudioState:
            entry = state.legend[state.active]
            hint = PointHint(float(y), float(x), max(1, size), entry.color, entry.name)
            hints = replace(state.hints, points=(*state.hints.points, hint))
            return state.set_hints(hints, session_texts.ADDED)

        return self._store.apply(add)

    def move(self, place: Place, down: int, right: int) -> None:
        """Move the latest click by half its size a step; all moves in a row are one of undo."""
        height, width = place.picture.shape

        def moved(state: StudioState) -> StudioState:
            *others, last = state.hints.points
            step = max(1, last.size // 2)
            y = min(max(last.y + down * step, 0.0), height - 1.0)
            x = min(max(last.x + right * step, 0.0), width - 1.0)
            points = (*others, replace(last, y=y, x=x))
            return state.set_hints(replace(state.hints, points=points), texts.MOVED, self._drag)

        if self._store.state.hints.points:
            self._store.apply(moved)

    def erase(self, links: Iterable[HintLink]) -> bool:
        """Remove the hint of the plugin's layers that is under the mouse; False if none is."""
        position = self._viewer.cursor.position
        return any(_erase(link.layer, position) for link in links if link.own)

    def hide(self, links: Iterable[HintLink]) -> None:
        """Hide the plugin's hint layers, or show them if all are hidden."""
        layers = [link.layer for link in links if link.own]
        shown = any(layer.visible for layer in layers)
        for layer in layers:
            layer.visible = not shown

    def _middle(self, place: Place) -> tuple[float, float]:
        """Return where the middle of the view is in the picture."""
        dims = self._viewer.dims
        # napari has moved the camera to the scene, and keeps the old way for now.
        camera = getattr(self._viewer, "scene", self._viewer).camera
        world = np.array(dims.point, np.float64)
        shown = list(dims.displayed)
        world[shown] = camera.center[-len(shown) :]
        at = place.image.world_to_data(world[-place.image.ndim :])
        y, x = (float(at[axis]) for axis, i in enumerate(place.picture.index) if i is None)
        return y, x


def _erase(layer: Any, position: Any) -> bool:
    """Remove what a layer has at a place of the world."""
    if not layer.visible:
        return False
    found = layer.get_value(position, world=True)
    if isinstance(layer, Labels):
        if not found:
            return False
        layer.fill(tuple(np.round(layer.world_to_data(position)).astype(int)), 0)
        return True
    number = found if isinstance(layer, Points) or found is None else found[0]
    if number is None:
        return False
    layer.selected_data = {int(number)}
    layer.remove_selected()
    return True
