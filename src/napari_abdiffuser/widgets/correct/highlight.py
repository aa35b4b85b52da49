"""One switch in two places: the options' background and the corrections' highlighting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from qtpy.QtWidgets import QComboBox

    from napari_abdiffuser.studio.document.state import StudioState
    from napari_abdiffuser.widgets.session.store import Store

__all__ = ["HighlightSync"]


class HighlightSync(QObject):
    """Keeps the choice of a background and ``corrections.highlight`` the same.

    Parameters
    ----------
    store
        Holds the corrections.
    field
        Whose items' data are 'auto' and 'gray'.
    """

    def __init__(self, store: Store, field: QComboBox, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._field = field
        field.currentIndexChanged.connect(self._on_field)
        store.changed.connect(self._on_state)

    def _on_field(self, _index: int) -> None:
        gray = self._field.currentData() == "gray"
        if gray != self._store.state.corrections.highlight:
            self._store.apply(lambda s: s.set_highlight(gray))

    def _on_state(self, new: StudioState, old: StudioState) -> None:
        if new.corrections.highlight != old.corrections.highlight:
            wanted = "gray" if new.corrections.highlight else "auto"
            self._field.setCurrentIndex(self._field.findData(wanted))
