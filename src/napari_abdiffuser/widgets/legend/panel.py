"""The legend: the palette, the classes that take colours from it, and what warns of look-alikes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_abdiffuser.imaging.colors import parse_color
from napari_abdiffuser.widgets.common.palette import Palette as Swatches
from napari_abdiffuser.widgets.legend.actions import LegendActions
from napari_abdiffuser.widgets.legend.class_list import LegendList
from napari_abdiffuser.widgets.legend.palettes import PaletteMenu
from napari_abdiffuser.widgets.legend.vision import VisionSign

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.studio.legend.palettes import Palette
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["Legend"]

_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}


class Legend(QWidget):
    """All about classes. A picture file that is dropped here gives its colours.

    Parameters
    ----------
    store
        Holds the classes.
    pictures
        Gives the open colour pictures: names and arrays.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        store: Store,
        pictures: Callable[[], list[tuple[str, Any]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("legend")
        self.setAcceptDrops(True)
        self._store = store
        self.list = LegendList(store, self)
        self.palettes = PaletteMenu(store, pictures, self)
        self.actions_ = LegendActions(store, lambda: self.palettes.palette_at_hand, self)
        self.swatches = Swatches(self, self.palettes)
        self.vision = VisionSign(store, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for part in (self.swatches, self.list, self.actions_):
            column.addWidget(part)
        self.actions_.add_control(self.vision)
        self.swatches.picked.connect(self.take_color)
        self.palettes.chosen.connect(self._on_palette)
        self.palettes.said.connect(self.said)
        self.palettes.failed.connect(self.failed)
        self.list.asked_color.connect(self._on_asked_color)
        store.changed.connect(self._on_state)
        self.swatches.set_color(store.state.legend[store.state.active].hex)

    def take_color(self, color: str) -> None:
        """Choose the class of a colour; make one where there is none."""

        def choose(state: StudioState) -> StudioState:
            known = state.legend.with_color(parse_color(color))
            if known is not None:
                return state.choose(known.name)
            return state.add_class(self.swatches.name_of(color), color)

        self._store.apply(choose)

    def cleanup(self) -> None:
        """Stop what is under way; without Qt."""
        self.palettes.cleanup()
        self.vision.cleanup()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take picture files, and leave everything else to napari."""
        if event is not None and _picture(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Take the colours of a picture."""
        path = None if event is None else _picture(event.mimeData())
        if event is not None and path is not None:
            event.acceptProposedAction()
            self.palettes.take_file(path)

    def _on_asked_color(self, name: str) -> None:
        """Let the user look for a colour of a class, or say why it keeps the one it has."""
        self._store.apply(lambda s: s.choose(name))
        button = self.actions_.color_button
        if button.isEnabled():
            self.actions_.ask_color()
        else:
            self.failed.emit(button.toolTip())

    def _on_palette(self, palette: Palette) -> None:
        self.swatches.set_palette({c.name: c.hex for c in palette.colors})
        state = self._store.state
        self.swatches.set_color(state.legend[state.active].hex)

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.active != old.active or new.legend is not old.legend:
            self.swatches.set_color(new.legend[new.active].hex)


def _picture(data: Any) -> Path | None:
    """Return the first picture file among what is dragged."""
    if data is None or not data.hasUrls():
        return None
    paths = (Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())
    return next((path for path in paths if path.suffix.lower() in _PICTURES), None)
