"""Which picture is chosen, and when it becomes another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdiffuser.errors import Cancelled, InvalidImage
from napari_abdiffuser.jobs.job import Opened
from napari_abdiffuser.layers.images import open_picture, read_image
from napari_abdiffuser.widgets.common.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Image
    from napari.viewer import Viewer

    from napari_abdiffuser.jobs.run import Models
    from napari_abdiffuser.layers.images import PictureSource
    from napari_abdiffuser.widgets.session.sources import Sources

__all__ = ["PictureWatch", "Target"]

# While sliders are dragged the picture changes many times a second; only the last one counts.
_QUIET_MS = 60
_DATA = ("data",)
_LOOK = ("contrast_limits",)
_PLACE = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels", "name")


@dataclass(frozen=True, eq=False)
class Target:
    """A picture to be opened, and by what.

    Attributes
    ----------
    source, image
        The picture, and the layer that it is of.
    model, device
        As `napari_abdiffuser.Colorizer.load` takes them.
    data_bar
        Whether the instrument's data bar is looked for and left out.
    """

    source: PictureSource
    image: Image
    model: str
    device: str
    data_bar: bool

    def open(self, models: Models, cancelled: Callable[[], bool]) -> Opened:
        """Load the model if need be, then the picture, and encode it. Needs the model's turn."""
        colorizer: Any = models.get(self.model, self.device)
        _stop_if(cancelled)
        pixels = self.source.load()
        _stop_if(cancelled)
        picture = open_picture(colorizer, self.source, pixels, data_bar=self.data_bar)
        return Opened(picture, self.source, self.image, tuple(self.source.index))


class PictureWatch(QObject):
    """Follows the chosen image, its slice, its values and its contrast limits.

    Parameters
    ----------
    viewer
        Whose sliders choose the slice.
    sources
        Where the image is chosen.
    """

    left = Signal()
    """Emitted at once when the chosen picture is no longer the one before."""

    came = Signal(object)
    """Emitted with a `Target` when a picture is chosen and has stayed so for a moment."""

    moved = Signal(object)
    """Emitted with a `Target` when the picture is the same and lies elsewhere."""

    refused = Signal(str)
    """Emitted with a sentence when there is no picture at the current slice."""

    def __init__(self, viewer: Viewer, sources: Sources, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.target: Target | None = None
        self._viewer = viewer
        self._sources = sources
        self._model, self._device, self._data_bar = "default", "auto", True
        self._key: tuple[Any, ...] | None = None
        self._edits = 0
        self._connections = Connections()
        self._of_image = Connections()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._announce)
        sources.image_chosen.connect(self._on_image)
        for signal in (viewer.dims.events.current_step, viewer.dims.events.order):
            self._connections.connect(signal, self._on_event)
        self._on_image(sources.image)

    @property
    def waiting(self) -> bool:
        """Whether a picture was chosen a moment ago and is not announced yet."""
        return self._timer.isActive()

    def set_model(
        self, model: str | None = None, device: str | None = None, data_bar: bool | None = None
    ) -> None:
        """Change what pictures are opened with."""
        self._model = self._model if model is None else model
        self._device = self._device if device is None else device
        self._data_bar = self._data_bar if data_bar is None else data_bar
        self._look(0)

    @property
    def data_bar(self) -> bool:
        """Whether the instrument's data bar is left out."""
        return self._data_bar

    def cleanup(self) -> None:
        """Cut all connections to the viewer."""
        self._connections.cleanup()
        self._of_image.cleanup()
        self.target = None

    def _on_image(self, image: Any) -> None:
        self._of_image.cleanup()
        if image is not None:
            for name in _DATA:
                self._of_image.connect(getattr(image.events, name), self._on_data)
            for name in (*_LOOK, *_PLACE):
                signal = getattr(image.events, name, None)
                if signal is not None:
                    self._of_image.connect(signal, self._on_event)
        self._look(0)

    def _on_data(self, event: Any = None) -> None:
        self._edits += 1
        self._look(_QUIET_MS)

    def _on_event(self, event: Any = None) -> None:
        self._look(_QUIET_MS)

    def _look(self, quiet: int) -> None:
        """See what is chosen now, and compare."""
        image = self._sources.image
        source, why = None, ""
        if image is not None:
            try:
                source = read_image(image, self._viewer.dims)
            except InvalidImage as error:
                why = str(error)
        key = None
        if image is not None and source is not None:
            key = (id(image), self._edits, source.index, _limits(source), *self._settings())
        self.target = (
            None if image is None or source is None else Target(source, image, *self._settings())
        )
        if key == self._key:
            if self.target is not None and not self.waiting:
                self.moved.emit(self.target)
            return
        self._key = key
        self._timer.stop()
        self.left.emit()
        if self.target is not None:
            self._timer.start(quiet)
        elif why:
            self.refused.emit(why)

    def _settings(self) -> tuple[str, str, bool]:
        return self._model, self._device, self._data_bar

    def _announce(self) -> None:
        if self.target is not None:
            self.came.emit(self.target)


def _limits(source: PictureSource) -> tuple[float, float] | None:
    """Return the limits where they count: 8-bit pictures are taken as they are."""
    return None if str(source.array.dtype) in ("uint8", "bool") else source.contrast_limits


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("Cancelled.")
