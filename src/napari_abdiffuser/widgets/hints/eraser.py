"""The eraser: a tool that removes hints by clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QPushButton, QWidget

from napari_abdiffuser.widgets.hints import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_abdiffuser.widgets.hints.sync import HintSync

__all__ = ["EraserButton"]


class EraserButton(QPushButton):
    """Takes the eraser in hand; napari's own tools are put down, and drags move the picture.

    Parameters
    ----------
    sync
        Holds the layers that hints are removed from.
    """

    def __init__(self, sync: HintSync, parent: QWidget | None = None) -> None:
        super().__init__(texts.ERASE, parent)
        self._sync = sync
        self._clicks: Any = None
        self.setObjectName("tool_erase")
        self.setCheckable(True)
        self.setProperty("slim", True)
        self.toggled.connect(self._on_toggled)

    def cleanup(self) -> None:
        """Let go of the viewer's clicks; without Qt."""
        clicks, self._clicks = self._clicks, None
        callbacks = self._sync.viewer.mouse_drag_callbacks
        if clicks is not None and clicks in callbacks:
            callbacks.remove(clicks)

    def _on_toggled(self, on: bool) -> None:
        self.cleanup()
        if not on:
            return
        active = self._sync.viewer.layers.selection.active
        if active is not None:
            active.mode = "pan_zoom"
        self._clicks = self._on_click
        self._sync.viewer.mouse_drag_callbacks.append(self._clicks)

    def _on_click(self, _viewer: Any, event: Any) -> Iterator[None]:
        """Take a click; a drag moves the picture as always."""
        yield
        if event.type == "mouse_move":
            return
        self._sync.erase_under_mouse()
