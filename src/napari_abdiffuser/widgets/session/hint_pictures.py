"""The chosen image and its slice, as the state's picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.errors import ABDiffuserError, InvalidImage
from napari_abdiffuser.layers.hints.reading import Place
from napari_abdiffuser.layers.images import index_of, read_image
from napari_abdiffuser.widgets.common.connections import Connections
from napari_abdiffuser.widgets.common.layer_combo import unwrap
from napari_abdiffuser.widgets.session.kept_states import KeptStates

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from weakref import ReferenceType

    from napari.viewer import Viewer

    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.sources import Sources
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["HintPictures"]

_QUIET_MS = 50
_PLACED = ("scale", "translate", "rotate", "shear", "affine", "units", "data")


class HintPictures(QObject):
    """Opens the picture on screen in the state, and comes back to pictures as they were left.

    Parameters
    ----------
    viewer
        Its sliders choose the slice.
    sources
        Say which image is meant.
    store
        Holds the state.
    """

    left = Signal()
    """Emitted when the image is no longer the one before."""

    came = Signal()
    """Emitted when the state's picture and slice are those on screen, or have moved."""

    def __init__(
        self, viewer: Viewer, sources: Sources, store: Store, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._sources = sources
        self._store = store
        self._kept = KeptStates()
        self._image: ReferenceType[Any] | None = None
        self._connections = Connections()
        self._of_image = Connections()
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET_MS)
        self._quiet.timeout.connect(self.look)
        sources.image_chosen.connect(self._on_image)
        for signal in (viewer.dims.events.current_step, viewer.dims.events.order):
            self._connections.connect(signal, self._on_moved)

    @property
    def image(self) -> Any:
        """The image whose hints are kept in step; None if there is none."""
        return None if self._image is None else self._image()

    def place(self) -> Place | None:
        """Return what hints are read for: the picture on screen, if the state has come to it."""
        image, state = self.image, self._store.state
        if image is None or state.picture is None:
            return None
        try:
            picture = read_image(image, self._viewer.dims)
        except InvalidImage:
            return None
        if index_of(picture) != state.index:
            return None  # the sliders move: soon
        return Place(image, picture, self._viewer.dims, state.legend)

    def place_at(self, index: tuple[int, ...]) -> Place | None:
        """Return another slice of the same image."""
        image, state = self.image, self._store.state
        if image is None or state.picture is None:
            return None
        plane = self._kept.plane(state.picture)
        at = iter(index)
        where = tuple(None if axis in plane else next(at) for axis in range(image.ndim))
        try:
            picture = read_image(image, index=where)
        except ABDiffuserError:
            return None
        return Place(image, picture, self._viewer.dims, state.legend)

    def key_of(self, image: Any, picture: PictureSource) -> Hashable:
        """Return what tells a picture of an image from all others."""
        return self._kept.identity(image, picture).key

    def change(
        self, image: Any, key: Hashable, transition: Callable[[StudioState], StudioState]
    ) -> StudioState | None:
        """Change the state of a picture that is not the one at hand; None if none is kept."""
        return self._kept.change(image, key, transition)

    def only_here(self, then: Callable[[], object]) -> Callable[[], None]:
        """Give a callback that does nothing once another picture is chosen."""
        picture = self._store.state.picture

        def same() -> None:
            now = self._store.state.picture
            if now is not None and picture is not None and now.key == picture.key:
                then()

        return same

    def begin(self) -> None:
        """Open what is chosen now."""
        self._on_image(self._sources.image)

    def catch_up(self) -> None:
        """Do at once what waits for the sliders to rest."""
        if self._quiet.isActive():
            self._quiet.stop()
            self.look()

    def look(self) -> None:
        """Open the picture that is on screen, or go to its slice."""
        image, state = self.image, self._store.state
        if image is None:
            if state.picture is not None:
                self._store.apply(self._kept.close)
            return
        try:
            picture = read_image(image, self._viewer.dims)
        except InvalidImage:
            return
        known = state.picture
        if known is None or known.key != self._kept.identity(image, picture).key:
            self._kept.keep(image, state)
            self._store.apply(lambda s: self._kept.open(s, image, picture))
        elif state.index != index_of(picture):
            self._store.apply(lambda s: s.at(index_of(picture)))
        self.came.emit()

    def cleanup(self) -> None:
        """Cut all connections; without Qt."""
        self._connections.cleanup()
        self._of_image.cleanup()

    def _on_image(self, image: Any) -> None:
        image = unwrap(image)
        if image is self.image and (image is not None or self._image is None):
            return
        self._kept.keep(self.image, self._store.state)
        self._image = None if image is None else ref(image)
        self._of_image.cleanup()
        if image is not None:
            for name in _PLACED:
                self._of_image.connect(getattr(image.events, name), self._on_moved)
        self.left.emit()
        self.look()

    def _on_moved(self, event: Any = None) -> None:
        self._quiet.start()
