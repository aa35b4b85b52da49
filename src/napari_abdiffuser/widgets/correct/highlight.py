"""The choice of a background in the window, and in the state that undo goes back in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_abdiffuser.options import Background

if TYPE_CHECKING:
    from qtpy.QtWidgets import QComboBox

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["HighlightSync"]


class HighlightSync(QObject):
    """Keeps the choice of a background and ``corrections.background`` the same.

    Parameters
    ----------
    store
        Holds the corrections.
    field
        Whose items' data are values of `Background`.
    """

    def __init__(self, store: Store, field: QComboBox, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._field = field
        field.currentIndexChanged.connect(self._on_field)
        store.changed.connect(self._on_state)

    def _on_field(self, _index: int) -> None:
        background = Background(self._field.currentData())
        if background != self._store.state.corrections.background:
            self._store.apply(lambda s: s.set_background(background))

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        background = new.corrections.background
        if background != old.corrections.background:
            self._field.setCurrentIndex(self._field.findData(str(background)))
