"""Context and base class of the dock widget's panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_abdiffuser.widgets.common.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_abdiffuser.jobs.run import Models
    from napari_abdiffuser.widgets.session.preview_layer import PreviewLayer
    from napari_abdiffuser.widgets.session.results import Results
    from napari_abdiffuser.widgets.session.sources import Sources
    from napari_abdiffuser.widgets.session.store import Store
    from napari_abdiffuser.widgets.session.workbench import Workbench

__all__ = ["Context", "HintLayers", "Panel"]


class HintLayers(Protocol):
    """The layers that hold hints, in step with the state."""

    size: float
    """Side of the next hint, in pixels."""

    def when_settled(self, then: Callable[[], object]) -> None:
        """Call back when the hints on screen have entered the state."""
        ...

    def when_all_known(self, then: Callable[[], object]) -> None:
        """Call back when the hints of all slices have entered the state."""
        ...


@dataclass(frozen=True, eq=False)
class Context:
    """What every panel gets.

    Attributes
    ----------
    viewer
        napari's, or its proxy.
    store
        The studio's state.
    sources
        Which image and which hints layer are chosen.
    models
        The loaded model and the right to use it.
    bench
        The picture, encoded, and jobs on it.
    results
        The way of outputs into the layer list and the gallery.
    hints
        The layers that hold hints, in step with the state.
    preview
        The layer of the live preview.
    """

    viewer: Viewer
    store: Store
    sources: Sources
    models: Models
    bench: Workbench
    results: Results
    hints: HintLayers
    preview: PreviewLayer


class Panel(QWidget):
    """A section of the dock widget.

    Parameters
    ----------
    context
        What it works on. A panel never holds another panel: they meet in the store.
    """

    title: ClassVar[str] = ""
    failed = Signal(str)
    """Emitted with a sentence that says what to do next."""

    said = Signal(str)
    """Emitted with a sentence for the status line."""

    progressed = Signal(int, int)
    """Emitted with (done, total) while it works in the background; (0, 0) when that is over."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.in_front = False
        """Whether it is on the tab in front: what nobody sees need not be made."""
        self.connections = Connections()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(6)

    def come_forward(self, in_front: bool) -> None:
        """Hear that its tab has come to the front, or gone behind another."""
        self.in_front = in_front

    def cleanup(self) -> None:
        """Cut all connections and stop work; a second time does nothing.

        No Qt here: Qt may have deleted the panel already.
        """
        self.connections.cleanup()
