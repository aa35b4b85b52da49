"""One studio state for each image, kept while the image lives."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_abdiffuser.layers.images import PictureSource, index_of
from napari_abdiffuser.layers.spatial import pixel_size
from napari_abdiffuser.studio.document.state import PictureIdentity, StudioState
from napari_abdiffuser.studio.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["KeptStates"]

_numbers = count(1)


class KeptStates:
    """Keeps what the user did with every image, so that coming back restores it."""

    def __init__(self) -> None:
        self._keys: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._states: WeakKeyDictionary[Any, dict[Hashable, StudioState]] = WeakKeyDictionary()

    def keep(self, image: Any, state: StudioState) -> None:
        """Remember the state of an image, if it is one of this image."""
        if image is None or state.picture is None:
            return
        if self._owner(state.picture) == self._keys.get(image):
            self._states.setdefault(image, {})[state.picture.key] = state

    def change(
        self, image: Any, key: Hashable, transition: Callable[[StudioState], StudioState]
    ) -> StudioState | None:
        """Change the state kept of an image; None if none is."""
        states = self._states.get(image, {}) if image is not None else {}
        if key not in states:
            return None
        states[key] = transition(states[key])
        return states[key]

    def identity(self, image: Any, picture: PictureSource) -> PictureIdentity:
        """Describe the picture that is shown of an image."""
        # The number of a layer is not that of another one that is made when it is gone.
        number = self._keys.setdefault(image, next(_numbers))
        plane = tuple(axis for axis, at in enumerate(picture.index) if at is None)
        leading = tuple(
            int(n)
            for n, at in zip(picture.array.shape, picture.index, strict=False)
            if at is not None
        )
        size, unit = pixel_size(picture.placement, plane)
        return PictureIdentity(
            (number, plane, picture.shape), picture.name, picture.shape, leading, size, unit
        )

    def plane(self, picture: PictureIdentity) -> tuple[int, ...]:
        """Return the image's axes that a picture extends on."""
        key = picture.key
        return key[1] if isinstance(key, tuple) else ()

    def _owner(self, picture: PictureIdentity) -> int | None:
        key = picture.key
        return key[0] if isinstance(key, tuple) else None

    def open(self, state: StudioState, image: Any, picture: PictureSource) -> StudioState:
        """Go on with another image: as it was left, or afresh with the present classes."""
        identity = self.identity(image, picture)
        index = index_of(picture)
        known = self._states.get(image, {}).get(identity.key)
        if known is None:
            return state.open(identity).at(index)
        # Revisions only grow: a preview of the other picture must not pass for one of this.
        back = replace(known, picture=identity, revision=max(state.revision, known.revision) + 1)
        return back.at(index)

    def close(self, state: StudioState) -> StudioState:
        """Be without a picture; classes and corrections stay."""
        fresh = StudioState().set_legend(state.legend)
        history = fresh.history.start(fresh.document, weigh=fresh.history.weigh)
        return replace(
            state,
            picture=None,
            index=(),
            history=history,
            gallery=Gallery(),
            revision=state.revision + 1,
        )
